"""The sync Secret of a registry: made, renewed, and read as an address."""

import datetime as dt
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from registry_operator import certificates, registry_client
from registry_operator.cluster.applying import ensure
from registry_operator.cluster.kinds import SECRET
from registry_operator.cluster.kube import Kube
from registry_operator.planning.observed import ObservedSecret
from registry_operator.planning.secrets import SyncMaterial, is_ours, sync_secret
from registry_operator.registry_client import RegistryClient, SyncAddress
from registry_operator.resources import names
from registry_operator.resources.registry import PyPIRegistry

# The far end answers from memory or with one query; a slow one must not hold a worker for long.
CALL_DEADLINE: Final = 5.0
_KEY_BYTES: Final = 32

Connect: TypeAlias = Callable[[SyncAddress], AbstractAsyncContextManager[RegistryClient]]


@dataclass(frozen=True, slots=True)
class SyncPort:
    """How the operator comes to a registry's sync port. `url` tells where one is: in the cluster, its Service."""

    kube: Kube
    clock: Callable[[], dt.datetime]
    random: Callable[[int], bytes]
    url: Callable[[PyPIRegistry], str]
    connect: Connect = registry_client.connect

    def only_looking(self, kube: Kube) -> "SyncPort":
        """The port for a pass that may only look, with what was read of the cluster for it.

        Its clients raise WouldWriteError instead of writing.
        """

        @asynccontextmanager
        async def connect(address: SyncAddress) -> AsyncIterator[RegistryClient]:
            async with self.connect(address) as client:
                yield client.only_looking()

        return replace(self, kube=kube, connect=connect)

    async def ensure_secret(self, registry: PyPIRegistry) -> ObservedSecret | None:
        """Make or renew the sync Secret and return it; None when its name is taken by somebody else's."""
        metadata = registry.metadata
        body = await self.kube.get(SECRET, metadata.namespace, names.sync(metadata.name))
        present = None if body is None else ObservedSecret.parse(body)
        if present is not None and not is_ours(registry, present):
            return None
        # Guarded, because what it is to hold is what it held when it was read.
        wanted = sync_secret(registry, self._material(registry, present))
        written = await ensure(self.kube, wanted, body, guarded=True)
        return None if written is None else ObservedSecret.parse(written)

    async def secret(self, registry: PyPIRegistry) -> ObservedSecret | None:
        """Read the sync Secret, if it is there and ours."""
        metadata = registry.metadata
        body = await self.kube.get(SECRET, metadata.namespace, names.sync(metadata.name))
        present = None if body is None else ObservedSecret.parse(body)
        return present if present is not None and is_ours(registry, present) else None

    def open(self, registry: PyPIRegistry, secret: ObservedSecret) -> AbstractAsyncContextManager[RegistryClient]:
        """Connect to the sync port of a registry with what its sync Secret holds."""
        ca, key = secret.text("ca.crt") or "", secret.text("key") or ""
        return self.connect(SyncAddress(self.url(registry), ca, key, CALL_DEADLINE))

    def _material(self, registry: PyPIRegistry, present: ObservedSecret | None) -> SyncMaterial:
        """What the Secret should hold: what it holds, as long as that can be used."""
        host = names.sync_host(registry.metadata.name, registry.metadata.namespace)
        held = _certificate(present)
        now = self.clock()
        fresh = held if certificates.usable(held, host, now) else certificates.issue(host, now, former_ca=held.ca)
        # The key outlives the certificate: the digests of imported tokens depend on it.
        key = (present.text("key") if present is not None else None) or self.random(_KEY_BYTES).hex()
        return SyncMaterial(ca=fresh.ca, certificate=fresh.certificate, private_key=fresh.private_key, key=key)


def _certificate(secret: ObservedSecret | None) -> certificates.ServerCertificate:
    if secret is None:
        return certificates.ServerCertificate("", "", "")
    values = (secret.text(key) or "" for key in ("ca.crt", "tls.crt", "tls.key"))
    return certificates.ServerCertificate(*values)
