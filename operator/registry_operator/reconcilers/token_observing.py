"""What the cluster shows of one namespace's RegistryTokens: the resources, their Secrets and their sources."""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from registry_operator.cluster.kinds import NAMESPACE, PYPI_REGISTRY, REGISTRY_TOKEN, SECRET, Object
from registry_operator.cluster.kube import Kube
from registry_operator.planning.credentials import TokenObservation
from registry_operator.planning.installation import Installation
from registry_operator.planning.observed import ObservedNamespace, ObservedSecret
from registry_operator.reconcilers.keys import RegistryKey, TokenSetKey
from registry_operator.reconcilers.parallel import in_parallel
from registry_operator.resources import names
from registry_operator.resources.reading import InvalidResourceError
from registry_operator.resources.registry import PyPIRegistry
from registry_operator.resources.token import RegistryToken
from registry_service.contract.clients import ENV_SUFFIX

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What holds for the whole set: both namespaces and the registry, None where there is none."""

    registry: PyPIRegistry | None
    registry_namespace: ObservedNamespace | None
    namespace: ObservedNamespace | None


@dataclass(frozen=True, slots=True)
class TokenBody:
    """A RegistryToken as read, and as the API server sent it; `problem` says why only its rights could be read."""

    token: RegistryToken
    body: Object
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class UnreadableToken:
    """A RegistryToken of which not even the rights can be read, and why."""

    body: Object
    problem: str

    @property
    def may_live(self) -> bool:
        """Whether a set without it might end a credential."""
        return "deletionTimestamp" not in self.body["metadata"] and bool(self.body.get("status", {}).get("credentials"))


def token_set_of(body: Mapping[str, Any]) -> TokenSetKey:  # Any: a RegistryToken as the API server sent it
    """The set that a RegistryToken belongs to, also one that cannot be read as a whole."""
    namespace, reference = body["metadata"]["namespace"], body["spec"]["registryRef"]
    return TokenSetKey(RegistryKey(reference.get("namespace") or namespace, reference["name"]), namespace)


async def read_surroundings(kube: Kube, key: TokenSetKey, installation: Installation) -> Surroundings:
    """Read what the set depends on, live; nothing of a registry that the operator may not see. Raises ClusterError."""
    if not installation.watches(key.registry.namespace):
        own = await kube.get(NAMESPACE, None, key.namespace)
        return Surroundings(None, None, namespace=None if own is None else ObservedNamespace.parse(own))
    registry, home, namespace = await asyncio.gather(
        kube.get(PYPI_REGISTRY, key.registry.namespace, key.registry.name),
        kube.get(NAMESPACE, None, key.registry.namespace),
        kube.get(NAMESPACE, None, key.namespace),
    )
    return Surroundings(
        registry=None if registry is None else _parsed_registry(registry),
        registry_namespace=None if home is None else ObservedNamespace.parse(home),
        namespace=None if namespace is None else ObservedNamespace.parse(namespace),
    )


async def read_tokens(kube: Kube, key: TokenSetKey) -> list[TokenBody | UnreadableToken]:
    """Read all RegistryTokens of the set, live, in the order of their names; raises ClusterError."""
    bodies = await kube.find(REGISTRY_TOKEN, key.namespace)
    mine = [body for body in bodies if token_set_of(body) == key]
    return [_parsed_token(body) for body in sorted(mine, key=lambda body: str(body["metadata"]["name"]))]


async def read_secrets(kube: Kube, tokens: Iterable[RegistryToken], namespace: str) -> dict[str, TokenObservation]:
    """Read the Secrets of all tokens, by the tokens' names; raises ClusterError.

    One list finds ours; what bears the name of one of ours and is not in it is read by its name.
    """
    listed = await kube.find(SECRET, namespace, labels=names.TOKEN_LABEL)
    known = {body["metadata"]["name"]: ObservedSecret.parse(body) for body in listed}

    async def read(name: str) -> ObservedSecret | None:
        if name in known:
            return known[name]
        body = await kube.get(SECRET, namespace, name)
        return None if body is None else ObservedSecret.parse(body)

    async def observe(token: RegistryToken) -> TokenObservation:
        source = token.spec.source.secret
        return TokenObservation(
            token,
            await read(token.secret_name),
            await read(token.secret_name + ENV_SUFFIX),
            source=None if source is None else await read(source.name),
        )

    observations = await in_parallel(observe, tokens)
    return {one.token.metadata.name: one for one in observations}


async def read_tls_secret(kube: Kube, registry: PyPIRegistry) -> ObservedSecret | None:
    """Read the Secret with the certificate of the registry's host, if it has one of its own; raises ClusterError."""
    name = registry.spec.exposure.tls.secret_name
    body = None if name is None else await kube.get(SECRET, registry.metadata.namespace, name)
    return None if body is None else ObservedSecret.parse(body)


def _parsed_token(body: Object) -> TokenBody | UnreadableToken:
    try:
        return TokenBody(RegistryToken.parse(body), body)
    except InvalidResourceError as error:
        metadata, problem = body["metadata"], str(error)
        _log.error("RegistryToken %s/%s cannot be read: %s", metadata["namespace"], metadata["name"], problem)
    try:
        return TokenBody(RegistryToken.parse_rights(body), body, problem)
    except InvalidResourceError as error:
        return UnreadableToken(body, str(error))


def _parsed_registry(body: Object) -> PyPIRegistry | None:
    try:
        return PyPIRegistry.parse(body)
    except InvalidResourceError:
        # Its own pass says so in its conditions; to tokens it is as good as absent.
        return None
