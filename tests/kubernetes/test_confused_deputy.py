"""The operator may more than the people whose resources it obeys: what they cannot do, it does not do for them."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.cluster.commands import CommandFailedError
from tests.cluster.description import Cluster
from tests.kubernetes.conftest import PLANTED, MakeNamespace
from tests.support.installation import Installation
from tests.support.kubernetes import REGISTRY, TOKEN, Namespace, Object, condition_of
from tests.support.resources import registry, secret, token

pytestmark = [pytest.mark.cluster, pytest.mark.hostile]

SOON = 30.0
PARTS = {"database": {"type": "Secret", "secret": {"name": "none"}}}
TRICKS = "{{ .Release.Name }} ${HOME} $(PATH) %(x)s\n---\n!!python/object/apply:os.system ['id']"
FORBIDDEN_POD_FIELDS: list[Object] = [
    {"hostNetwork": True},
    {"hostPath": {"path": "/"}},
    {"privileged": True},
    {"serviceAccountName": "admin"},
    {"command": ["sh"]},
    {"initContainers": []},
    {"volumes": [{"name": "root", "hostPath": {"path": "/"}}]},
    {"envFrom": [{"secretRef": {"name": "other"}}]},
    {"securityContext": {"runAsUser": 0}},
    {"shareProcessNamespace": True},
]


@pytest.fixture(scope="module")
def tenant(walled: Namespace, make_module_namespace: MakeNamespace) -> Namespace:
    """Another team's namespace; it depends on `walled`, which it attacks."""
    return make_module_namespace("tenant")


def refusal(namespace: Namespace, body: Object, *arguments: str) -> str:
    """What the API server says against an object."""
    with pytest.raises(CommandFailedError) as refused:
        namespace("apply", "--dry-run=server", *arguments, "-f", "-", stdin=yaml.safe_dump(body))
    return " ".join(str(refused.value).split())


def importing(name: str, source: str, **spec: Any) -> Object:  # Any: fields of the spec
    """A RegistryToken that takes its credential from a Secret."""
    wanted = {"type": "Job", "source": {"type": "Secret", "secret": {"name": source, "key": "token"}}}
    return token(name, "base", **wanted | spec)


def paths_out(home: str, name: str) -> Iterator[str]:
    yield from (f"{home}/{name}", f"../../{home}/secrets/{name}", f"..%2f..%2f{home}%2fsecrets%2f{name}", "..")


def test_112_a_name_is_a_name_whatever_is_in_it(walled: Namespace, tenant: Namespace) -> None:
    """3.6/112: `namespace/name`, and paths, lead nowhere."""
    for name in paths_out(walled.name, "planted"):
        assert "should match" in refusal(tenant, importing("thief", name))
        stolen = {"type": "Secret", "secret": {"name": name}}
        assert "should match" in refusal(tenant, registry("thief", database=stolen))
        exposure = {"type": "Ingress", "tls": {"secretName": name}}
        assert "should match" in refusal(tenant, registry("thief", exposure=exposure))
    for reference in ({"name": f"{walled.name}/base"}, {"name": "base", "namespace": f"x/../{walled.name}"}):
        assert "should match" in refusal(tenant, token("thief", "base", registryRef=reference))


def test_112_another_namespaces_secret_is_not_there(tenant: Namespace) -> None:
    """3.6/112: a Secret's name is one of the resource's own namespace."""
    tenant.apply(registry("blind", database={"type": "Secret", "secret": {"name": "planted"}}))
    body = tenant.wait_for_condition(
        REGISTRY, "blind", "DatabaseReady", status="False", reason="SecretNotFound", seconds=SOON
    )
    assert "does not exist in this namespace" in condition_of(body, "DatabaseReady")["message"]
    tenant.delete(f"{REGISTRY}/blind")


def test_113_a_secret_that_is_kept_for_other_purposes_is_not_lent(walled: Namespace) -> None:
    """3.6/113: Helm's releases, ServiceAccount tokens and the like are no credentials of a registry."""
    walled.apply(secret("sh.helm.release.v1.x.v1", {}, token=PLANTED, uri=PLANTED) | {"type": "helm.sh/release.v1"})
    walled.apply(importing("leech", "sh.helm.release.v1.x.v1"))
    walled.wait_for_condition(TOKEN, "leech", "Issued", status="False", reason="SecretTypeRefused", seconds=SOON)
    assert walled.get("secret", "leech") is None
    walled.apply(registry("leech", database={"type": "Secret", "secret": {"name": "sh.helm.release.v1.x.v1"}}))
    walled.wait_for_condition(
        REGISTRY, "leech", "DatabaseReady", status="False", reason="SecretTypeRefused", seconds=SOON
    )
    walled.delete(f"{REGISTRY}/leech", f"{TOKEN}/leech")


@pytest.mark.parametrize("name", ["base-sync", "base-postgresql", "base-object-store", "planted"])
def test_115_a_token_overwrites_no_secret(walled: Namespace, name: str) -> None:
    """3.6/115, 3.6/116: neither a registry's own credentials nor a person's Secret becomes a token's."""
    before = walled.get("secret", name)
    walled.apply(token(name, "base"))
    walled.wait_for_condition(TOKEN, name, "Ready", status="False", reason="SecretConflict", seconds=SOON)
    walled.delete(f"{TOKEN}/{name}")
    assert walled.get("secret", name) == before


def test_118_what_was_there_before_is_not_taken_over(walled: Namespace) -> None:
    """3.6/118, 3.6/119: labels of ours, somebody else's owner reference or none make nothing ours."""
    service = walled.get("service", "base")
    assert service is not None
    labels = service["metadata"]["labels"] | {"pypiregistry.dev/registry": "early"}
    metadata = {"name": "landlord"}
    walled.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
    landlord = walled.get("configmap", "landlord")
    assert landlord is not None
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "controller": True, "uid": landlord["metadata"]["uid"]}
    marked = {"name": "early", "labels": labels, "ownerReferences": [owner | metadata]}
    ports = {"ports": [{"port": 80}], "selector": {"app": "theirs"}}
    walled.apply({"apiVersion": "v1", "kind": "Service", "metadata": marked, "spec": ports})
    walled.apply(secret("early-postgresql", labels, password=PLANTED), secret("early-sync", labels, key=PLANTED))
    kept = ("service/early", "secret/early-postgresql", "secret/early-sync")
    before = [walled.get(*one.split("/")) for one in kept]
    walled.apply(registry("early"))
    body = walled.wait_for_condition(
        REGISTRY, "early", "Ready", status="False", reason="ConflictingOwner", seconds=SOON
    )
    for name in ("Service early", "Secret early-postgresql", "Secret early-sync"):
        assert name in condition_of(body, "Ready")["message"]
    walled.delete(f"{REGISTRY}/early")
    assert [walled.get(*one.split("/")) for one in kept] == before
    walled.delete(*kept)


def test_131_what_only_bears_our_labels_is_not_cleared_away(walled: Namespace) -> None:
    """3.6/131: the operator deletes by owner reference, never by label."""
    script = walled.get("configmap", "base-postgresql")
    assert script is not None
    metadata = {"name": "bystander", "labels": script["metadata"]["labels"]}
    walled.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"key": "text"}})
    before = walled.get("configmap", "bystander")
    change = '{"spec":{"limits":{"maxUploadSize":"51Mi"}}}'
    walled("patch", f"{REGISTRY}/base", "--type=merge", "-p", change)
    walled.wait_for_condition(REGISTRY, "base", "Ready", seconds=90)
    assert walled.get("configmap", "bystander") == before


def test_124_nothing_holds_a_deletion_back(walled: Namespace) -> None:
    """3.6/124: no finalizer of ours, so none that a tenant could strip or that could hold a namespace."""
    held = [
        body["metadata"]["name"]
        for body in walled.find("pyreg,pytok,secrets,deployments,services,ingresses")
        if body["metadata"].get("finalizers")
    ]
    assert held == []


@pytest.mark.parametrize("field", FORBIDDEN_POD_FIELDS, ids=lambda field: next(iter(field)))
def test_125_no_field_reaches_the_pods_security(walled: Namespace, field: Object) -> None:
    """3.6/125: neither at the spec's top nor in something like a pod template."""
    for spec in (field, {"podTemplate": field}, {"podTemplate": {"spec": field}}):
        said = refusal(walled, registry("broken-out", **spec), "--validate=strict")
        assert "unknown field" in said


def test_127_no_host_of_another_namespace(
    installation: Installation, walled: Namespace, tenant: Namespace, make_fresh_namespace: MakeNamespace
) -> None:
    """3.6/127: neither the one that the installation gives to another namespace, nor one that another has."""
    victim = installation.hostname("base", walled.name)
    tenant.apply(registry("pirate", exposure={"type": "Ingress", "hostname": victim}, **PARTS))
    tenant.wait_for_condition(REGISTRY, "pirate", "Exposed", status="False", reason="HostnameNotAllowed", seconds=SOON)
    assert tenant.find("ingresses") == []
    own = {"type": "Ingress", "hostname": f"{tenant.name}.example"}
    tenant.apply(registry("honest", exposure=own, **PARTS))
    tenant.wait_for("ingress", "honest", lambda _: True, seconds=SOON, until="made")
    tenant.wait_for(
        REGISTRY, "honest", lambda body: body["status"]["url"].startswith("https:"), seconds=SOON, until="granted"
    )
    late = make_fresh_namespace("late")
    late.apply(registry("pirate", exposure=own, **PARTS))
    late.wait_for_condition(REGISTRY, "pirate", "Exposed", status="False", reason="HostnameConflict", seconds=SOON)
    assert late.find("ingresses") == []
    tenant.delete(f"{REGISTRY}/honest", f"{REGISTRY}/pirate")


def test_128_templates_of_any_language_are_text(walled: Namespace) -> None:
    """3.6/128: what looks like Helm's, a shell's, YAML's or Python's language arrives as it was written."""
    annotations = {"note": TRICKS}
    walled.apply(token("literal", "base", secret={"annotations": annotations}))
    walled.wait_for_condition(TOKEN, "literal", "Ready", seconds=SOON)
    made = walled.get("secret", "literal")
    assert made is not None
    assert made["metadata"]["annotations"]["note"] == TRICKS
    walled.delete(f"{TOKEN}/literal")


def test_130_a_pod_with_our_labels_elsewhere_gets_no_traffic(
    cluster: Cluster, walled: Namespace, tenant: Namespace
) -> None:
    """3.6/130: Services select in their own namespace."""
    (pod,) = walled.find("pods", labels="app.kubernetes.io/component=service")
    labels = pod["metadata"]["labels"]
    command = ["python3", "-c", "import signal; signal.sigwait({signal.SIGTERM})"]
    container = {"name": "c", "image": cluster.images["service"], "command": command}
    metadata = {"name": "hijacker", "labels": {key: item for key, item in labels.items() if "hash" not in key}}
    tenant.apply({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container]}})
    tenant("wait", "pod/hijacker", "--for=condition=Ready", "--timeout=60s", seconds=70)
    slices = [
        item
        for name in ("base", "base-sync")
        for item in walled.find("endpointslices", labels=f"kubernetes.io/service-name={name}")
    ]
    reached = {end["targetRef"]["name"] for item in slices for end in item["endpoints"]}
    assert reached == {pod["metadata"]["name"]}
