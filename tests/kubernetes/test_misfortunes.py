"""Many, broken and half-done things at once: the operator goes on, forgets nothing and tells no secret."""

import json
from collections.abc import Iterator

import pytest

from tests.cluster.commands import CommandFailedError
from tests.cluster.kubectl import Kubectl
from tests.kubernetes.conftest import PLANTED, MakeNamespace
from tests.support.installation import Installation
from tests.support.kubernetes import REGISTRY, TOKEN, Namespace
from tests.support.resources import registry, secret, token

pytestmark = [pytest.mark.cluster, pytest.mark.hostile]

SHOWN = "pyreg,pytok,events,pods,jobs,deployments,statefulsets,configmaps,services,ingresses,networkpolicies"


@pytest.fixture(scope="module")
def tenant(walled: Namespace, make_module_namespace: MakeNamespace) -> Namespace:
    """Another team's namespace; it depends on `walled`, which it attacks."""
    return make_module_namespace("tenant")


def test_134_an_editor_of_one_namespace_reaches_no_other_and_no_ledger(
    kubectl: Kubectl, walled: Namespace, tenant: Namespace
) -> None:
    """3.6/134: what the chart adds to `edit` is the two kinds of the own namespace."""
    tenant("create", "serviceaccount", "editor")
    tenant("create", "rolebinding", "editor", "--clusterrole=edit", f"--serviceaccount={tenant.name}:editor")

    def may(verb: str, what: str, where: str) -> bool:
        account = f"--as=system:serviceaccount:{tenant.name}:editor"
        resource, _, part = what.partition("/")
        question = (verb, resource, f"--subresource={part}", f"--namespace={where}", account)
        try:
            return kubectl("auth", "can-i", *question).strip() == "yes"
        except CommandFailedError:
            return False

    assert may("create", TOKEN, tenant.name)
    for verb, what, where in (
        ("get", "secrets", walled.name),
        ("create", TOKEN, walled.name),
        ("get", REGISTRY, walled.name),
        ("patch", f"{TOKEN}/status", tenant.name),
        ("patch", f"{REGISTRY}/status", tenant.name),
        ("create", "clusterroles", tenant.name),
        ("create", "customresourcedefinitions", tenant.name),
    ):
        assert not may(verb, what, where), f"{verb} {what}"


def test_136_many_resources_that_cannot_work_delay_nobody(walled: Namespace, tenant: Namespace) -> None:
    """3.6/136: each has its condition; another namespace's token is ready as soon as ever."""
    tenant.apply(*(token(f"poison-{number}", f"nowhere-{number}") for number in range(80)))
    walled.apply(token("swift", "base"))
    walled.wait_for_condition(TOKEN, "swift", "Ready", seconds=15)
    tenant.wait_for_condition(TOKEN, "poison-79", "Ready", status="False", reason="RegistryNotFound", seconds=60)
    tenant("delete", TOKEN, "--all", "--wait=false")


def test_139_every_way_in_meets_the_same_rules(walled: Namespace) -> None:
    """3.6/139: the schema's own rules, whichever subresource and patch; there is no webhook to bypass."""
    ways = [
        ("scale", f"{REGISTRY}/base", "--replicas=101"),
        ("patch", f"{REGISTRY}/base", "--type=merge", "-p", '{"spec":{"exposure":{"hostname":"*.example.org"}}}'),
        ("patch", f"{REGISTRY}/base", "--type=json", "-p", '[{"op":"remove","path":"/spec/database"}]'),
        ("patch", f"{TOKEN}/ci", "--type=merge", "-p", '{"spec":{"registryRef":{"name":"other"}}}'),
    ]
    for way in ways:
        with pytest.raises(CommandFailedError, match=r"(?i)invalid|required"):
            walled(*way)
    before = walled.get(REGISTRY, "base")
    sneaked = '{"spec":{"replicas":7},"status":{"version":"x"}}'
    walled("patch", f"{REGISTRY}/base", "--subresource=status", "--type=merge", "-p", sneaked)
    after = walled.get(REGISTRY, "base")
    assert before is not None
    assert after is not None
    assert after["spec"] == before["spec"]


def test_140_an_operator_that_is_killed_at_any_step_leaves_one_credential_each(
    installation: Installation, walled: Namespace
) -> None:
    """3.6/140: SIGKILL while tokens are being issued; no Secret without a registered token, none twice."""
    names = [f"killed-{number}" for number in range(3)]
    for name in names:
        walled.apply(token(name, "base"))
        labels = "app.kubernetes.io/component=operator"
        installation.namespace("delete", "pods", "-l", labels, "--grace-period=0", "--force", "--wait=false")
    for name in names:
        body = walled.wait_for_condition(TOKEN, name, "Ready", seconds=120)
        states = [entry["state"] for entry in body["status"]["credentials"]]
        assert states.count("Active") == 1
        assert "Pending" not in states
        assert walled.secret(name)["password"].startswith("pyr_d_")


def test_122_made_again_at_once_it_is_the_same_registry(walled: Namespace) -> None:
    """3.6/122: deleted and applied within a second: its data and its token's project are there, nothing hangs."""
    former = walled.get(REGISTRY, "base")
    assert former is not None
    walled("delete", f"{REGISTRY}/base", "--wait=false")
    walled.apply(registry("base"))
    made = walled.wait_for_condition(REGISTRY, "base", "Ready")
    assert made["metadata"]["uid"] != former["metadata"]["uid"]
    assert made["status"]["registryID"] == former["status"]["registryID"]
    walled.wait_for_condition(TOKEN, "ci", "Ready", seconds=60)


def test_122_a_namespace_that_is_being_filled_goes_in_time(make_fresh_namespace: MakeNamespace) -> None:
    """3.6/122: nothing is made in a namespace that goes, and nothing of ours holds it."""
    namespace = make_fresh_namespace("leaving")
    namespace.apply(registry("base"), token("ci", "base"))
    namespace.kubectl("delete", "namespace", namespace.name, "--wait=true", "--timeout=120s", timeout=130)


def test_137_what_was_planted_is_shown_nowhere(
    installation: Installation, walled: Namespace, tenant: Namespace
) -> None:
    """3.6/137: after all these refusals, and a database address with a password that nobody answers."""
    uri = f"postgresql://user:{PLANTED}@nowhere.{walled.name}.svc/x?passfile={PLANTED}"
    walled.apply(secret("dsn", {}, uri=uri, AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY=PLANTED))
    bucket = {
        "endpoint": f"http://nowhere.{walled.name}.svc",
        "bucket": "packages",
        "credentials": {"secret": {"name": "dsn"}},
    }
    outside = {"database": {"type": "Secret", "secret": {"name": "dsn"}}, "storage": {"type": "S3", "s3": bucket}}
    walled.apply(registry("talker", **outside))
    walled.wait_for_condition(
        REGISTRY, "talker", "DatabaseReady", status="False", reason="DatabaseUnreachable", seconds=120
    )
    operator = installation.namespace
    told = [space(*command) for space in (walled, tenant, operator) for command in _commands(space)]
    assert len("".join(told)) > 10_000
    assert [text[:200] for text in told if PLANTED in text] == []
    walled.delete(f"{REGISTRY}/talker")


def _commands(space: Namespace) -> Iterator[tuple[str, ...]]:
    yield "get", SHOWN, "-o", "json"
    for pod in json.loads(space("get", "pods", "-o", "json"))["items"]:
        if any(status.get("ready") for status in pod["status"].get("containerStatuses", [])):
            yield "logs", pod["metadata"]["name"], "--all-containers"
