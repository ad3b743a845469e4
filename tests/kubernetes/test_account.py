"""The operator's process as its own ServiceAccount, with the chart's role: it uses all of it, and wants no more.

The API server is real, and so is its authorization; its audit log says what was asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from registry_operator.cluster.applying import APPLIED
from registry_operator.cluster.kinds import HTTP_ROUTE, JOB, POD_MONITOR, Kind, kind_named
from registry_operator.planning.registry_plan import OWNED_KINDS
from registry_operator.resources import names
from tests.outcomes import issue_7
from tests.support import api_server, played_workloads
from tests.support.audit import Audit, Used
from tests.support.chart_account import ACCOUNT, USER, define, roles
from tests.support.operator_stage import NAME, Stage, registry_path, stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.api_server import Object

_SPACE = "exercise"
_SECONDS = 60.0
_MERGE = "application/merge-patch+json"
_STRAY = "stray"
_BACKEND = {"service": {"name": NAME, "port": {"number": 80}}}
_ROUTED = {"type": "Gateway", "gateway": {"name": "public"}}
_EXPOSED: Object = {
    "replicas": 2,
    "monitoring": {"type": "PodMonitor"},
    "exposure": {"type": "Ingress", "hostname": "p.example"},
}
# Where OwnerReferencesPermissionEnforcement is on, making a child asks for it; there is no such request.
_NEVER_ASKED = {
    ("pypiregistry.dev", f"{plural}/finalizers", "update") for plural in ("pypiregistries", "registrytokens")
}


@pytest.fixture(scope="module")
def audit(tmp_path_factory: pytest.TempPathFactory) -> Audit:
    return Audit(tmp_path_factory.mktemp("audit"), USER)


@pytest.fixture(scope="module")
def here(audit: Audit, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with api_server.running(controllers=True, audit=audit) as server:
        for kind in (HTTP_ROUTE, POD_MONITOR):
            define(server, kind)
        server.kubectl.apply(roles())
        with stage(server, tmp_path_factory.mktemp("stage"), proxied=False, account=ACCOUNT) as made:
            yield made


@pytest.mark.outcome(issue_7.ACCOUNT)
def test_the_operator_uses_every_verb_of_its_role_and_is_refused_none(here: Stage, audit: Audit) -> None:
    _exercise_a_token(here)
    _exercise_a_registry(here)
    assert audit.refused() == []
    used, granted = audit.used(), _granted()
    assert {"unused": sorted(granted - used - _NEVER_ASKED), "beyond": sorted(used - granted)} == {
        "unused": [],
        "beyond": [],
    }


def _granted() -> frozenset[Used]:
    rules = [rule for role in roles() if role["kind"] == "ClusterRole" for rule in role["rules"]]
    return frozenset(
        (group, resource, verb)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    )


def _exercise_a_token(here: Stage) -> None:
    """Issue, and put both Secrets right."""
    uid = here.make_namespace("tokens")
    here.make_token("tokens")
    here.until_settled("tokens", uid, seconds=_SECONDS)
    here.change_token("tokens", secret={"labels": {"team": "a"}})
    path = "/api/v1/namespaces/tokens/secrets/ci"
    here.until(
        lambda: True if "team" in (here.get(path) or {})["metadata"]["labels"] else None,
        seconds=_SECONDS,
        what=lambda: here.get(path),
    )


def _exercise_a_registry(here: Stage) -> None:
    """Make, mend and remove a child of every kind."""
    here.make_namespace(_SPACE)
    here.make_registry(_SPACE, **_EXPOSED)
    _until(here, lambda: {kind.name for kind, _ in _children(here)} == {*OWNED_KINDS} - {HTTP_ROUTE.name})
    _mend_all(here)
    here.server.call("PATCH", registry_path(_SPACE), {"spec": {"exposure": _ROUTED}}, _MERGE)
    _until(here, lambda: {kind.name for kind, _ in _children(here)} == {*OWNED_KINDS} - {"Ingress"})
    _mend_all(here)
    _remove_strays(here)
    _mark_a_claim(here)
    _make_a_volume(here)


def _mend_all(here: Stage) -> None:
    """Alter every child, then delete it: it is put right, and comes back."""
    before = [(kind.path(_SPACE, body["metadata"]["name"]), body) for kind, body in _children(here) if kind != JOB]
    for path, _ in before:
        here.server.call("PATCH", path, {"metadata": {"annotations": {APPLIED: None}}}, _MERGE)
    _until(here, lambda: all(APPLIED in _metadata(here, path).get("annotations", {}) for path, _ in before))
    for path, _ in before:
        here.server.call("DELETE", path)
    _until(
        here,
        lambda: all(
            _metadata(here, path).get("uid") not in (None, former["metadata"]["uid"]) for path, former in before
        ),
    )


def _remove_strays(here: Stage) -> None:
    """Children that this version does not want, as another one may have left them, go."""
    paths = []
    likes = dict(_children(here))
    for name in OWNED_KINDS:
        kind = kind_named(name)
        like = likes.get(kind) or {"metadata": likes[HTTP_ROUTE]["metadata"], "spec": {"defaultBackend": _BACKEND}}
        here.server.call("POST", kind.path(_SPACE), _stray(kind, like))
        paths.append(kind.path(_SPACE, _STRAY))
    _until(here, lambda: not any(here.get(path) for path in paths))


def _stray(kind: Kind, like: Object) -> Object:
    metadata = {key: like["metadata"][key] for key in ("labels", "ownerReferences")} | {"name": _STRAY}
    body = {"apiVersion": kind.api_version, "kind": kind.name, "metadata": metadata}
    spec = {key: value for key, value in like.get("spec", {}).items() if not key.startswith("clusterIP")}
    if kind == JOB:
        del spec["selector"], spec["template"]["metadata"]["labels"]
    return body | ({"spec": spec} if spec else {})


def _mark_a_claim(here: Stage) -> None:
    """A claim of a managed part is to go with its registry."""
    part = names.database(NAME)
    played_workloads.claim(here.server, _SPACE, part, NAME)
    path = f"/api/v1/namespaces/{_SPACE}/persistentvolumeclaims/{names.claim(part)}"
    confirmed = {"annotations": {names.CONFIRM_DELETE_ANNOTATION: NAME}}
    patch = {"metadata": confirmed, "spec": {"deletionPolicy": "Delete"}}
    here.server.call("PATCH", registry_path(_SPACE), patch, _MERGE)
    _until(here, lambda: bool(_metadata(here, path).get("ownerReferences")))


def _make_a_volume(here: Stage) -> None:
    """A registry that keeps its files on a volume."""
    here.make_namespace("volume")
    storage = {"type": "PersistentVolumeClaim", "persistentVolumeClaim": {"size": "1Gi"}}
    here.make_registry("volume", storage=storage)
    path = f"/api/v1/namespaces/volume/persistentvolumeclaims/{names.blobs(NAME)}"
    _until(here, lambda: here.get(path) is not None)


def _children(here: Stage) -> list[tuple[Kind, Object]]:
    """The registry's own objects, once its workloads have been played."""
    played_workloads.play(here.server, _SPACE)
    found = []
    for kind in map(kind_named, OWNED_KINDS):
        listed = here.get(kind.path(_SPACE)) or {"items": []}
        found += [(kind, body) for body in listed["items"] if body["metadata"].get("ownerReferences")]
    return found


def _metadata(here: Stage, path: str) -> Object:
    return dict((here.get(path) or {"metadata": {}})["metadata"])


def _until(here: Stage, done: Callable[[], bool]) -> None:
    def look() -> bool | None:
        played_workloads.play(here.server, _SPACE)
        return True if done() else None

    here.until(
        look,
        seconds=_SECONDS,
        what=lambda: [f"{kind.name}/{body['metadata']['name']}" for kind, body in _children(here)],
    )
