"""Resources that nobody checked, from their text to what the operator would do about them.

A kept resource is a line for each value: its path, `=`, its JSON. So a changed byte changes one value, and what is no
JSON any more is a string; changed JSON as a whole would mostly be none. What the API server itself vouches for is not
changed: the resource's name, namespace and UID, and that its text is Unicode.
"""

from __future__ import annotations

import itertools
import json
import re
from typing import TYPE_CHECKING, Any

from registry_operator.planning.acceptance import Acceptance, accepted
from registry_operator.planning.credentials import TokenObservation, decide, issue, promote
from registry_operator.planning.observed import JobState, RegistryObservation
from registry_operator.planning.readiness import registry_conditions
from registry_operator.planning.registry_plan import plan
from registry_operator.planning.rules import rules_digest
from registry_operator.planning.status import (
    RegistryReport,
    TokenReport,
    invalid_status,
    registry_status,
    token_status,
)
from registry_operator.planning.token_secrets import Grant, access, token_secrets
from registry_operator.planning.token_set import token_set
from registry_operator.resources.reading import InvalidResourceError
from registry_operator.resources.registry import PyPIRegistry
from registry_operator.resources.token import RegistryToken
from registry_service.contract.wire import encode
from tests.unit.operator.planning import bodies
from tests.unit.operator.planning.bodies import INSTALLATION, NOW, SPACE, Spec
from tests.unit.operator.planning.ledgers import CONTEXT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_NAMESPACE = SPACE.name
_NUMBER = re.compile(r"[0-9]{1,3}", re.ASCII)
# What the examples refer to, so that their registries get as far as to a Deployment.
_SECRETS = bodies.EXTERNAL_SECRETS | {
    "packages-app": {"uri": "postgresql://u:p@h/d"},
    "packages-store": {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s"},
}


def written(resource: Spec) -> bytes:
    """A resource as it is kept."""
    spec = {key: value for key, value in resource.items() if key in ("spec", "status")}
    return "".join(f"{path}={json.dumps(value)}\n" for path, value in _flat(spec, ())).encode()


def check_registry(content: bytes) -> None:
    """Plan a PyPIRegistry in every stage of its life."""
    body = _body(content)
    try:
        registry = PyPIRegistry.parse(body)
    except InvalidResourceError as error:
        json.dumps(invalid_status(body, str(error), NOW))
        return
    rules_digest(registry)
    for seen in _stages(registry):
        decided = plan(registry, INSTALLATION, seen, NOW)
        _require_own((*decided.apply, *decided.create), registry.metadata.uid)
        report = RegistryReport(registry_conditions(registry, INSTALLATION, seen), seen, INSTALLATION)
        assert json.dumps(registry_status(registry, report, NOW))


def check_token(content: bytes) -> None:
    """Decide about a RegistryToken, render its Secrets and the set that it belongs to."""
    body = _body(content)
    try:
        token = RegistryToken.parse(body)
    except InvalidResourceError as error:
        json.dumps(invalid_status(body, str(error), NOW))
        return
    home = bodies.registry(namespace=token.registry_namespace)
    conditions = (accepted(token, home, Acceptance(SPACE, "n-1", INSTALLATION)),)
    source = bodies.secret("any", {"token": "t" * 40})
    for observation in (TokenObservation(token), TokenObservation(token, source=source)):
        entered = issue(observation, CONTEXT, decide(observation, CONTEXT), bodies.counting)
        promoted = promote(observation, CONTEXT, entered)
        for decided in (entered, promoted):
            encode(token_set(_NAMESPACE, [(token, decided.credentials)], CONTEXT))
            report = TokenReport(conditions, decided.credentials, decided.issue_time)
            assert json.dumps(token_status(token, report, NOW))
    secrets = token_secrets(token, access(token, home, INSTALLATION, Grant(_NAMESPACE, "password")))
    _require_own(secrets, token.metadata.uid)


def _stages(registry: PyPIRegistry) -> Iterator[RegistryObservation]:
    secrets = bodies.secrets_of(registry, _SECRETS)
    yield RegistryObservation("n-1")
    yield bodies.ready_parts(registry, secrets=secrets)
    try:
        yield bodies.serving(registry, secrets=secrets)
    except AssertionError:  # an input is missing, so that no migration has a name
        return
    yield bodies.with_job(registry, JobState.FAILED)


def _require_own(manifests: Iterable[Any], uid: str) -> None:  # Any: JSON of the Kubernetes API
    for manifest in manifests:
        assert json.dumps(manifest)
        assert manifest["metadata"]["namespace"] == _NAMESPACE
        owners = manifest["metadata"].get("ownerReferences", [])
        assert [owner["uid"] for owner in owners] in ([], [uid])


def _body(content: bytes) -> Spec:
    body: Spec = {}
    for line in content.decode("utf-8", "replace").splitlines():
        path, found, text = line.partition("=")
        if found:
            _put(body, path.split("."), _value(text))
    metadata = {"namespace": _NAMESPACE, "name": "pypi", "uid": "u-1", "generation": 2, "resourceVersion": "5"}
    return body | {"metadata": metadata}


def _value(text: str) -> Any:  # Any: JSON
    try:
        # A lone surrogate is no Unicode: the API server's reader replaces it too.
        return json.loads(json.dumps(json.loads(text), ensure_ascii=False, allow_nan=False).encode(errors="replace"))
    except (ValueError, RecursionError):
        return text


def _put(body: Spec, path: Sequence[str], value: Any) -> None:  # Any: JSON
    """Set one value; a path through what is no folder replaces that."""
    inside: Any = body  # Any: JSON
    for step, following in itertools.pairwise(path):
        held = _get(inside, step)
        if not isinstance(held, (dict, list)):
            held = [] if _NUMBER.fullmatch(following) else {}
            _set(inside, step, held)
        inside = held
    _set(inside, path[-1], value)


def _get(inside: Any, step: str) -> Any:  # Any: JSON
    if isinstance(inside, dict):
        return inside.get(step)
    return inside[int(step)] if _NUMBER.fullmatch(step) and int(step) < len(inside) else None


def _set(inside: Any, step: str, value: Any) -> None:  # Any: JSON
    if isinstance(inside, dict):
        inside[step] = value
    elif _NUMBER.fullmatch(step) and int(step) < len(inside):
        inside[int(step)] = value
    else:
        inside.append(value)


def _flat(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:  # Any: JSON
    if not isinstance(value, (dict, list)) or not value:
        yield ".".join(path), value
        return
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        yield from _flat(item, (*path, str(key)))
