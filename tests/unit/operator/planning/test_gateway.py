"""A registry below a Gateway that somebody else runs: its HTTPRoute, and what the Gateway's controller says of it."""

from typing import Any

import pytest

from registry_operator.planning.addresses import external_ca
from registry_operator.planning.observed import Manifest, Route
from registry_operator.planning.readiness import registry_conditions
from registry_operator.planning.registry_plan import plan
from registry_operator.planning.status import RegistryReport, registry_status
from registry_operator.resources.conditions import MAX_MESSAGE, Condition, ConditionType, find
from registry_operator.resources.reasons import Reason
from registry_operator.resources.registry import PyPIRegistry
from tests.unit.operator.planning.bodies import BARE_INSTALLATION, INSTALLATION, NOW, Spec, registry, secret, serving

GATEWAY: Spec = {"exposure": {"type": "Gateway", "gateway": {"name": "public", "namespace": "gateways"}}}


def routes(wanted: PyPIRegistry, **seen: Any) -> list[Manifest]:  # Any: fields of the observation
    made = plan(wanted, INSTALLATION, serving(wanted, **seen), NOW).apply
    assert not [manifest for manifest in made if manifest["kind"] == "Ingress"]
    return [manifest for manifest in made if manifest["kind"] == "HTTPRoute"]


def exposed(wanted: PyPIRegistry, route: Route | None) -> tuple[Condition, Condition]:
    found = registry_conditions(wanted, INSTALLATION, serving(wanted, route=route, ingress_addresses=()))
    one, ready = find(found, ConditionType.EXPOSED), find(found, ConditionType.READY)
    assert one is not None
    assert ready is not None
    return one, ready


def test_a_route_leads_every_request_to_the_service() -> None:
    (route,) = routes(registry(GATEWAY))
    assert route["apiVersion"] == "gateway.networking.k8s.io/v1"
    assert route["spec"] == {
        "parentRefs": [{"name": "public", "namespace": "gateways"}],
        "hostnames": ["pypi--team-a.pypi.example"],
        "rules": [{"backendRefs": [{"name": "pypi", "port": 80}], "timeouts": {"request": "0s"}}],
    }


def test_a_route_goes_to_the_listener_and_the_host_that_are_named() -> None:
    gateway = {"name": "own", "sectionName": "https"}
    (route,) = routes(registry({"exposure": {"type": "Gateway", "hostname": "p.example", "gateway": gateway}}))
    assert route["spec"]["parentRefs"] == [gateway]
    assert route["spec"]["hostnames"] == ["p.example"]


def test_clients_are_told_of_the_listeners_issuer_where_it_is_another_one() -> None:
    other = registry({"exposure": GATEWAY["exposure"] | {"tls": {"secretName": "issuer"}}})
    assert external_ca(registry(GATEWAY), INSTALLATION, None) == "INSTALLATION-CA"
    assert external_ca(other, INSTALLATION, secret("issuer", {"ca.crt": "LISTENER"})) == "LISTENER"
    assert external_ca(other, INSTALLATION, secret("issuer", {})) is None
    assert routes(other) == routes(registry(GATEWAY))


def test_a_host_of_another_registry_gets_no_route() -> None:
    assert routes(registry(GATEWAY), hostname_holder="team-z/pypi") == []
    wanted = registry(GATEWAY)
    assert not [
        body for body in plan(wanted, BARE_INSTALLATION, serving(wanted), NOW).apply if body["kind"] == "HTTPRoute"
    ]


def test_clients_are_told_the_gateways_address() -> None:
    wanted = registry(GATEWAY)
    status = registry_status(wanted, RegistryReport((), serving(wanted), INSTALLATION), NOW)
    assert status["url"] == "https://pypi--team-a.pypi.example"


def test_the_gateways_word_decides_whether_it_is_exposed() -> None:
    wanted = registry(GATEWAY)
    one, ready = exposed(wanted, Route(accepted=True))
    assert one.is_true
    assert ready.is_true
    assert one.message == "pypi--team-a.pypi.example is served by Gateway gateways/public."
    for route in (None, Route()):
        one, ready = exposed(wanted, route)
        assert (one.status.value, one.reason) == ("Unknown", Reason.ROUTE_NOT_ACCEPTED)
        assert not ready.is_true
    one, ready = exposed(wanted, Route(accepted=False, problem="NotAllowedByListeners: " + 2000 * "!"))
    assert (one.status.value, one.reason) == ("False", Reason.ROUTE_NOT_ACCEPTED)
    assert one.message.startswith("NotAllowedByListeners")
    assert one.message.endswith("which routes Gateway gateways/public allows.")
    assert len(one.message) <= MAX_MESSAGE
    assert ready.reason == Reason.ROUTE_NOT_ACCEPTED


def said(kind: str, status: str, generation: int | None = None) -> Manifest:
    seen = {} if generation is None else {"observedGeneration": generation}
    return {"type": kind, "status": status, "reason": "Because", "message": "of this", **seen}


@pytest.mark.parametrize(
    ("conditions", "route"),
    [
        ([], Route()),
        ([said("Accepted", "True")], Route(accepted=True)),
        ([said("Accepted", "True", 2), said("ResolvedRefs", "True", 2)], Route(accepted=True)),
        ([said("Accepted", "True", 2), said("ResolvedRefs", "False", 2)], Route(False, "Because: of this")),
        ([said("Accepted", "False", 2)], Route(False, "Because: of this")),
        ([said("Accepted", "True", 1)], Route()),
        ([said("ResolvedRefs", "True", 2)], Route()),
        ([said("Programmed", "False", 2)], Route()),
    ],
)
def test_what_controllers_say_counts_for_the_routes_current_form(conditions: list[Manifest], route: Route) -> None:
    body = {"metadata": {"generation": 2}, "status": {"parents": [{"conditions": conditions}, {}]}}
    assert Route.parse(body) == route


def test_a_new_route_has_not_been_judged() -> None:
    assert Route.parse({"metadata": {}}) == Route()
