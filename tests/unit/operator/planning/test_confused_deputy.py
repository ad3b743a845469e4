"""What a resource may not make the operator do for somebody who could not do it himself (reference §3.6)."""

from dataclasses import replace

import pytest

from registry_operator.planning import addresses
from registry_operator.planning.acceptance import Acceptance, accepted
from registry_operator.planning.credentials import TokenObservation, decide
from registry_operator.planning.hostnames import HostClaim, holder
from registry_operator.planning.inputs import PodInputs, database_inputs, storage_inputs
from registry_operator.planning.observed import Manifest, ObservedSecret
from registry_operator.planning.readiness import registry_conditions
from registry_operator.planning.registry_plan import plan
from registry_operator.planning.status import RegistryReport, registry_status
from registry_operator.resources.conditions import Condition, ConditionType, find
from registry_operator.resources.reasons import Reason
from registry_operator.resources.registry import PyPIRegistry
from tests.unit.operator.planning.bodies import (
    EXTERNAL,
    EXTERNAL_SECRETS,
    INGRESS,
    INSTALLATION,
    NOW,
    SPACE,
    Spec,
    registry,
    secrets_of,
    serving,
    token,
)
from tests.unit.operator.planning.ledgers import CONTEXT

pytestmark = pytest.mark.hostile

KEPT = [
    "bootstrap.kubernetes.io/token",
    "helm.sh/release.v1",
    "kubernetes.io/dockerconfigjson",
    "kubernetes.io/service-account-token",
    "kubernetes.io/ssh-auth",
]
LENT = ["Opaque", "kubernetes.io/basic-auth", "servicebinding.io/postgresql"]


def typed(wanted: PyPIRegistry, name: str, kind: str) -> dict[str, ObservedSecret]:
    """The registry's Secrets, one of them of another type."""
    secrets = secrets_of(wanted, EXTERNAL_SECRETS)
    return secrets | {name: replace(secrets[name], type=kind)}


def answer(name: str, kind: str) -> PodInputs | Condition:
    wanted = registry(EXTERNAL)
    secrets = typed(wanted, name, kind)
    return database_inputs(wanted, secrets) if name.startswith("db") else storage_inputs(wanted, secrets)


@pytest.mark.parametrize("kind", KEPT)
@pytest.mark.parametrize("name", ["db", "db-ca", "s3", "s3-ca"])
def test_113_a_secret_kept_for_other_purposes_reaches_no_pod(name: str, kind: str) -> None:
    """3.6/113: neither as credentials nor as an authority."""
    found = answer(name, kind)
    assert isinstance(found, Condition)
    assert found.reason == Reason.SECRET_TYPE_REFUSED
    assert f"Secret {name} is of type {kind}" in found.message


@pytest.mark.parametrize("kind", LENT)
@pytest.mark.parametrize("name", ["db", "db-ca", "s3", "s3-ca"])
def test_113_a_secret_of_an_ordinary_type_does(name: str, kind: str) -> None:
    """3.6/113: what people and CloudNativePG write."""
    assert isinstance(answer(name, kind), PodInputs)


def test_113_of_a_certificate_all_but_its_private_key_is_lent() -> None:
    """3.6/113: a cert-manager Secret is where a `ca.crt` is."""
    assert isinstance(answer("db-ca", "kubernetes.io/tls"), PodInputs)
    assert isinstance(answer("s3-ca", "kubernetes.io/tls"), PodInputs)
    certificate = ObservedSecret("c", "u", type="kubernetes.io/tls")
    assert certificate.lends("tls.crt")
    assert not certificate.lends("tls.key")


@pytest.mark.parametrize(("kind", "reason"), [(KEPT[3], Reason.SECRET_TYPE_REFUSED), ("Opaque", None)])
def test_113_a_service_accounts_token_is_no_credential_to_import(kind: str, reason: Reason | None) -> None:
    """3.6/113: else it would be copied into a Secret of another name."""
    source = {"type": "Secret", "secret": {"name": "theirs", "key": "token"}}
    imported = token({"type": "Job", "source": source})
    secret = ObservedSecret("theirs", "u", {"token": b"planted-" + b"x" * 32}, type=kind)
    decided = decide(TokenObservation(imported, source=secret), CONTEXT)
    assert (decided.problem.reason if decided.problem else None) == reason
    assert (decided.password is None) is (reason is not None)


def test_a_body_without_a_type_is_opaque() -> None:
    assert ObservedSecret.parse({"metadata": {"name": "s", "uid": "u"}}).type == "Opaque"
    assert ObservedSecret.parse({"metadata": {"name": "s", "uid": "u"}, "type": "a/b"}).type == "a/b"


def exposed(hostname: str, *, namespace: str = "team-a") -> PyPIRegistry:
    return registry({"exposure": {"type": "Ingress", "hostname": hostname}}, namespace=namespace)


@pytest.mark.parametrize(
    ("namespace", "hostname", "allowed"),
    [
        ("team-a", "pypi--team-b.pypi.example", False),
        ("team-a", "pypi--team-a.pypi.example", True),
        ("team-a", "other--team-a.pypi.example", True),
        ("b", "x--a--b.pypi.example", False),
        ("a--b", "x--a--b.pypi.example", True),
        ("team-a", "packages.pypi.example", True),
        ("team-a", "pypi--team-b.elsewhere.example", True),
    ],
)
def test_127_no_registry_takes_the_host_of_another_namespace(namespace: str, hostname: str, *, allowed: bool) -> None:
    """3.6/127: the form of the name tells whose it is."""
    wanted = exposed(hostname, namespace=namespace)
    assert (addresses.hostname(wanted, INSTALLATION) == hostname) is allowed
    condition = find(registry_conditions(wanted, INSTALLATION, serving(wanted)), ConditionType.EXPOSED)
    assert condition is not None
    assert (condition.reason == Reason.HOSTNAME_NOT_ALLOWED) is not allowed
    assert bool(ingresses(wanted)) is allowed


@pytest.mark.parametrize(
    ("hostname", "allowed"),
    [
        ("packages.example.org", True),
        ("a.b.packages.example.org", True),
        ("packages.elsewhere.example", False),
        ("evilpackages.example.org", False),
        ("packages.pypi.example", False),
        ("pypi--team-a.pypi.example", True),
        (None, True),
    ],
)
def test_127_hosts_are_named_in_the_allowed_domains_only(hostname: str | None, *, allowed: bool) -> None:
    """3.6/127: what the installation's owner listed, and what registries get unasked."""
    bounded = replace(INSTALLATION, allowed_domains=("packages.example.org", "other.example"))
    wanted = registry({"exposure": {"type": "Ingress"} | ({} if hostname is None else {"hostname": hostname})})
    condition = find(registry_conditions(wanted, bounded, serving(wanted)), ConditionType.EXPOSED)
    assert condition is not None
    assert (condition.reason == Reason.HOSTNAME_NOT_ALLOWED) is not allowed
    assert ("choose one in packages.example.org, other.example" in condition.message) is not allowed
    assert (addresses.hostname(wanted, bounded) is not None) is allowed


def ingresses(wanted: PyPIRegistry, **seen: str) -> list[Manifest]:
    made = plan(wanted, INSTALLATION, serving(wanted, **seen), NOW)
    return [body for body in made.apply if body["kind"] == "Ingress"]


def claim(uid: str, hostname: str = "p.example", *, granted: bool = False, created: str = "2026-01-01") -> HostClaim:
    return HostClaim(uid, f"of/{uid}", hostname, granted, created)


@pytest.mark.parametrize(
    ("own", "others", "holder_uid"),
    [
        (claim("a"), [], None),
        (claim("a"), [claim("a", granted=True)], None),
        (claim("a"), [claim("b", "q.example", granted=True)], None),
        (claim("a"), [claim("b", granted=True)], "b"),
        (claim("a", created="2020-01-01"), [claim("b", granted=True, created="2026-11-24")], "b"),
        (claim("a", granted=True, created="2026-11-24"), [claim("b", created="2020-01-01")], None),
        (claim("a", created="2026-11-24"), [claim("b", created="2020-01-01"), claim("c")], "b"),
        (claim("a"), [claim("b")], None),
        (claim("b"), [claim("a")], "a"),
        (claim("b", granted=True), [claim("a", granted=True)], "a"),
    ],
)
def test_127_a_host_is_whose_that_got_it_first(own: HostClaim, others: list[HostClaim], holder_uid: str | None) -> None:
    """3.6/127: an older registry takes nothing from a younger one by naming its host."""
    assert holder(own, others) == (None if holder_uid is None else f"of/{holder_uid}")


def test_127_only_the_operators_word_grants_a_host() -> None:
    """3.6/127: its status, which no role of people writes."""
    wanted = exposed("p.example")
    found = HostClaim.of(wanted)
    assert found == HostClaim("u-1", "team-a/pypi", "p.example", granted=False, created="")
    told = registry_status(wanted, RegistryReport((), serving(wanted), INSTALLATION), NOW)
    assert told["url"] == "https://p.example"
    served = registry({"exposure": {"type": "Ingress", "hostname": "p.example"}}, status=told)
    claimed = HostClaim.of(served)
    assert claimed is not None
    assert claimed.granted
    taken = serving(wanted, hostname_holder="team-z/pypi")
    refused = registry_status(wanted, RegistryReport((), taken, INSTALLATION), NOW)
    assert refused["url"] == "http://pypi.team-a.svc"
    assert HostClaim.of(registry(INGRESS)) is None


def test_127_the_other_gets_no_ingress_and_its_clients_no_address() -> None:
    """3.6/127: else they would send their credentials to the holder."""
    wanted = exposed("p.example")
    assert ingresses(wanted)
    assert not ingresses(wanted, hostname_holder="team-z/pypi")
    found = registry_conditions(wanted, INSTALLATION, serving(wanted, hostname_holder="team-z/pypi"))
    condition, ready = find(found, ConditionType.EXPOSED), find(found, ConditionType.READY)
    assert condition is not None
    assert ready is not None
    assert (condition.reason, ready.status) == (Reason.HOSTNAME_CONFLICT, "False")
    assert "team-z/pypi has the host p.example" in condition.message
    status: Spec = {"conditions": [body.body() for body in found]}
    reported = registry({"exposure": {"type": "Ingress", "hostname": "p.example"}}, status=status)
    refused = accepted(token(), reported, Acceptance(SPACE, "n-1", INSTALLATION))
    assert (refused.status, refused.reason) == ("False", Reason.REGISTRY_NOT_EXPOSED)
