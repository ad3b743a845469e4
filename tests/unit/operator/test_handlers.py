"""What Kopf's events turn into, how it is set up, and when the operator counts as dead."""

import asyncio
from typing import Any

import kopf
import pytest

from registry_operator.cluster.kinds import kind_named
from registry_operator.handlers import children, lifecycle, resources
from registry_operator.handlers.loop_lag import LoopLag
from registry_operator.planning.registry_plan import OWNED_KINDS
from registry_operator.reconcilers.keys import Key, RegistryKey, TokenSetKey
from registry_operator.reconcilers.routing import Routing

REFERENCE = {"name": "demo"}


def keys(handler: Any, *bodies: dict[str, Any], kind: str = "MODIFIED") -> list[Key]:  # Any: a handler, bodies
    """The keys that events about these bodies lead to."""
    added: list[Key] = []
    memo = kopf.Memo(routing=Routing(added.append))
    for body in bodies:
        asyncio.run(handler(event={"type": kind, "object": body}, memo=memo, name=body["metadata"]["name"]))
    return added


def body(name: str, *, spec: Any = None, labels: Any = None) -> dict[str, Any]:  # Any: parts of a body
    metadata = {"namespace": "team-a", "name": name, "generation": 1, "labels": labels or {}}
    return {"metadata": metadata, "spec": spec or {}}


def test_events_of_both_kinds_lead_to_their_keys() -> None:
    home = RegistryKey("team-a", "demo")
    assert keys(resources.registry_event, body("demo")) == [home]
    assert keys(resources.token_event, body("ci", spec={"registryRef": REFERENCE})) == [TokenSetKey(home, "team-a")]
    elsewhere = {"registryRef": REFERENCE | {"namespace": "team-b"}}
    expected = TokenSetKey(RegistryKey("team-b", "demo"), "team-a")
    assert keys(resources.token_event, body("ci", spec=elsewhere), kind="DELETED") == [expected]


def test_events_of_children_and_secrets_lead_to_their_registry() -> None:
    labels = {"pypiregistry.dev/registry": "demo"}
    assert keys(children.child_event, body("demo", labels=labels)) == [RegistryKey("team-a", "demo")]
    kept = {"pypiregistry.dev/retained-for": "demo"}
    assert keys(children.child_event, body("demo-blobs", labels=kept)) == [RegistryKey("team-a", "demo")]
    assert keys(resources.secret_event, body("demo-sync", labels=labels)) == [RegistryKey("team-a", "demo")]
    assert keys(resources.namespace_event, body("team-a")) == []


def test_kopf_marks_no_object_and_the_api_server_filters_what_is_watched() -> None:
    settings = lifecycle.kopf_settings(clusterwide=True)
    assert settings.peering.standalone
    assert not settings.posting.enabled
    selectors = settings.watching.label_selectors
    assert selectors["", "v1", "secrets"] == "pypiregistry.dev/watch"
    assert selectors["", "v1", "persistentvolumeclaims"] == "pypiregistry.dev/retained-for"
    for group, plural in (
        *(("apps", "deployments"), ("networking.k8s.io", "networkpolicies")),
        ("policy", "poddisruptionbudgets"),
    ):
        assert selectors[group, "v1", plural] == "pypiregistry.dev/registry"


def test_every_kind_that_a_registry_owns_is_watched() -> None:
    watched = {selector.any_name for selector in lifecycle.kopf_settings(clusterwide=True).watching.label_selectors}
    assert {kind_named(kind).plural for kind in OWNED_KINDS} <= watched


def test_what_no_role_of_a_namespace_allows_is_watched_only_where_the_operator_sees_all() -> None:
    assert [lifecycle.kopf_settings(clusterwide=wide).scanning.disabled for wide in (True, False)] == [False, True]
    watched = [handler.selector for handler in kopf.get_default_registry()._watching.get_all_handlers()]  # noqa: SLF001 - Kopf tells it nowhere else
    assert "namespaces" not in {selector.any_name for selector in watched if selector is not None}


class Lagging:
    """A lag of a number of seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def worst(self) -> float:
        return self._seconds


def test_the_operator_counts_as_dead_when_its_loop_lags() -> None:
    probe: Any = lifecycle.loop_lag  # Any: Kopf calls it with more arguments than it takes
    assert asyncio.run(probe(memo=kopf.Memo(loop_lag=Lagging(0.5)))) == 0.5
    with pytest.raises(kopf.PermanentError, match=r"lagged by 11\.0 s"):
        asyncio.run(probe(memo=kopf.Memo(loop_lag=Lagging(11.0))))


def test_the_lag_is_how_late_the_loop_is() -> None:
    class LateLoop:
        now = 100.0
        due: tuple[float, Any] = (0.0, None)  # Any: the measurement that is due

        def time(self) -> float:
            return self.now

        def call_at(self, when: float, callback: Any) -> None:  # Any: the measurement
            self.due = (when, callback)

    loop: Any = LateLoop()  # Any: the two methods of a loop that are used
    lag = LoopLag(loop)
    assert lag.worst() == 0.0
    lag.start()
    for late in (0.1, 7.0, 0.0):
        loop.now = loop.due[0] + late
        loop.due[1]()
    assert lag.worst() == pytest.approx(7.0)
    for _ in range(30):
        loop.now = loop.due[0]
        loop.due[1]()
    assert lag.worst() == 0.0
