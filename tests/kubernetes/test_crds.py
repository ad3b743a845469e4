"""The API server itself refuses what makes no sense, in the words of the CRDs' rules."""

import copy
from collections.abc import Callable
from functools import reduce
from typing import Any

import pytest
import yaml

from tests.cluster.commands import CommandFailedError
from tests.cluster.kubectl import Kubectl
from tests.outcomes import issue_7
from tests.outcomes.issue_3 import WRONG_THINGS
from tests.support.kubernetes import Namespace, Object

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("installation"), pytest.mark.outcome(issue_7.CLUSTER)]

Change = dict[str, Any]  # Any: a path into an object, and the value that stands there
REMOVED = object()
S3 = {
    "type": "S3",
    "s3": {"endpoint": "https://s3.example", "bucket": "files", "credentials": {"secret": {"name": "s3"}}},
}
ACCESS = {"name": "lib", "namespaces": ["team-b"], "projects": ["team-a"], "permissions": ["Read"]}
IMPORTED: Change = {"type": "Job", "source": {"type": "Secret", "secret": {"name": "s", "key": "k"}}}
DATABASE = {"type": "Secret", "secret": {"name": "db"}}


def registry(**changes: object) -> Object:
    """A paused PyPIRegistry, so that nothing starts; `a__b=value` changes `spec.a.b`."""
    spec = {"paused": True, "database": {"type": "Managed"}, "storage": {"type": "Managed"}}
    return _changed("PyPIRegistry", "pypi", spec, changes)


def token(**changes: object) -> Object:
    """A RegistryToken; `a__b=value` changes `spec.a.b`."""
    return _changed("RegistryToken", "ci", {"registryRef": {"name": "pypi"}, "type": "Personal"}, changes)


def _changed(kind: str, name: str, spec: Object, changes: Change) -> Object:
    spec = copy.deepcopy(spec)
    name = str(changes.pop("name", name))
    for path, value in changes.items():
        *parents, last = path.split("__")
        reduce(lambda inner, key: inner.setdefault(key, {}), parents, spec)[last] = copy.deepcopy(value)
    return {"apiVersion": "pypiregistry.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def refusal(namespace: Namespace, body: Object, *arguments: str) -> str:
    """What the API server says against an object."""
    with pytest.raises(CommandFailedError) as refused:
        namespace("apply", "-f", "-", *arguments, stdin=yaml.safe_dump(body))
    return " ".join(str(refused.value).split())


REFUSED: list[tuple[Object, str]] = [
    (registry(name="a--b"), "use a name such as team-packages"),
    (registry(name="1a"), "use a name such as team-packages"),
    (registry(name="x" * 41), "may not be more than 40"),
    (registry(name="team-sync"), "must not end in -sync, -postgresql or -object-store"),
    (registry(database={"type": "Secret"}), "spec.database.secret belongs to type Secret"),
    (registry(database={**DATABASE, "type": "Managed"}), "spec.database.secret belongs to type Secret"),
    (registry(database={**DATABASE, "managed": {}}), "spec.database.managed belongs to type Managed"),
    (registry(database={"type": "Managed", "managed": {"size": "8"}}), "should match"),
    (registry(database=DATABASE, database__secret__sslMode="VerifyFull"), "need each other"),
    (registry(database=DATABASE, database__secret__ca={"name": "ca"}), "need each other"),
    (registry(storage={"type": "S3"}), "spec.storage.s3 belongs to type S3"),
    (registry(storage={**S3, "managed": {}}), "spec.storage.managed belongs to type Managed"),
    (registry(storage=S3, storage__s3__endpoint="https://s3.example/path"), "should match"),
    (registry(exposure={"hostname": "h.example"}), "hostname and tls belong to the types Ingress and Gateway"),
    (registry(exposure={"tls": {"secretName": "t"}}), "hostname and tls belong to the types"),
    (registry(exposure={"type": "Gateway"}), "spec.exposure.gateway belongs to type Gateway"),
    (registry(exposure={"type": "Ingress", "gateway": {"name": "g"}}), "spec.exposure.gateway belongs to type Gateway"),
    (registry(exposure={"type": "Gateway", "gateway": {"name": "g"}, "ingress": {}}), "belongs to type Ingress"),
    (registry(exposure={"type": "Gateway", "gateway": {"name": "G"}}), "should match"),
    (registry(exposure={"type": "Ingress", "hostname": "UPPER.example"}), "should match"),
    (registry(exposure={"type": "Ingress", "hostname": "*.registry.example"}), "should match"),
    (registry(exposure={"type": "Ingress", "hostname": 'a.example";x'}), "should match"),
    (registry(exposure={"type": "Ingress", "hostname": "a.example\nb.example"}), "should match"),
    (registry(exposure={"type": "Ingress", "hostname": "a.example/path"}), "should match"),
    (registry(exposure={"type": "Ingress", "ingress": {"className": "x\ny"}}), "should match"),
    (
        registry(exposure={"type": "Ingress", "ingress": {"controllerPreset": "Envoy"}}),
        'supported values: "None", "Nginx", "F5Nginx"',
    ),
    (registry(limits__maxUploadSize="11Gi"), "spec.limits.maxUploadSize must be at most 10Gi"),
    (registry(limits__maxUploadSize="1.5Gi"), "should match"),
    (registry(limits__filenames="Lax"), 'supported values: "Compatible", "Strict"'),
    (registry(limits__deletedFilenames="Free"), 'supported values: "Taken", "Reusable"'),
    (registry(upstream={"type": "Redirect"}), "spec.upstream.url belongs to type Redirect"),
    (registry(upstream={"url": "https://index.example"}), "spec.upstream.url belongs to type Redirect"),
    (registry(upstream={"type": "Redirect", "url": "https://user:pass@index.example"}), "should match"),
    (registry(projects={"from": "Selector"}), "spec.projects.selector belongs to from Selector"),
    (registry(projects={"from": "Selector", "selector": {}}), "at least 1 properties"),
    (
        registry(projects={"from": "Selector", "selector": {"matchExpressions": [{"key": "a", "operator": "In"}]}}),
        "values belong to the operators In and NotIn",
    ),
    (
        registry(projects={"from": "All", "selector": {"matchLabels": {"a": "b"}}}),
        "spec.projects.selector belongs to from Selector",
    ),
    (registry(projects__defaults={"visibility": "Secret"}), 'supported values: "Private", "Internal", "Public"'),
    (registry(projects__defaults={"quota": "unlimited"}), "should match"),
    (registry(projects__overrides=[{"visibility": "Public"}]), "namespace: Required"),
    (registry(networkPolicy={"type": "None", "egressPorts": [9000]}), "belong to type Restricted"),
    (registry(networkPolicy__egressPorts=[65536]), "less than or equal to 65535"),
    (registry(monitoring__labels={"a": "b"}), "intervalSeconds and labels belong to type PodMonitor"),
    (registry(monitoring={"type": "PodMonitor", "intervalSeconds": 4}), "greater than or equal to 5"),
    (registry(access=[{**ACCESS, "permissions": []}]), "should have at least 1 items"),
    (registry(access=[{**ACCESS, "permissions": ["Delete"]}]), 'supported values: "Read", "Publish"'),
    (registry(access=[{**ACCESS, "namespaces": []}]), "should have at least 1 items"),
    (registry(access=[{**ACCESS, "projects": ["a/b"]}]), "should match"),
    (registry(access=[ACCESS, ACCESS]), "Duplicate value"),
    (registry(podTemplate__labels={"app.kubernetes.io/name": "mine"}), "are the operator's own"),
    (registry(podTemplate__labels={"team": "a b"}), "should match"),
    (
        registry(podTemplate__annotations={"container.apparmor.security.beta.kubernetes.io/service": "unconfined"}),
        "the profiles of AppArmor and seccomp are the operator's own",
    ),
    (registry(podTemplate__resources__requests={"memory": "2Gi"}), "limits.memory must be at least requests.memory"),
    (registry(podTemplate__resources__limits={"cpu": "10m"}), "limits.cpu must be at least requests.cpu"),
    (registry(podTemplate__resources__limits={"cpu": "a lot"}), "should match"),
    (registry(podTemplate__tolerations=[{"operator": "Exists", "key": "a", "value": "b"}]), "value belongs to the"),
    (registry(podTemplate__tolerations=[{"value": "b"}]), "the operator Equal needs a key"),
    (registry(podTemplate__tolerations=[{"key": "a", "tolerationSeconds": 5}]), "belongs to the effect NoExecute"),
    (registry(podTemplate__topologySpreadConstraints=[{"maxSkew": 1}]), "topologyKey: Required"),
    (registry(serviceAccount__annotations={"pypiregistry.dev/x": "text"}), "are the operator's own"),
    (registry(podDisruptionBudget={"type": "None", "maxUnavailable": 2}), "belongs to type Automatic"),
    (registry(podDisruptionBudget={"maxUnavailable": 0}), "greater than or equal to 1"),
    (registry(deletionPolicy="Delete", storage=S3), "is for a managed database with a managed store"),
    (registry(deletionPolicy="Delete", database=DATABASE), "is for a managed database with a managed store"),
    (registry(deletionPolicy="Orphan"), 'supported values: "Retain", "Delete"'),
    (registry(replicas=-1), "greater than or equal to 0"),
    (registry(takeover="all"), "should match"),
    (token(name="Ci"), "must consist of lower case"),
    (token(name="a--b"), "use a name such as ci-publish"),
    (token(name="ci-env"), "must not end in -env"),
    (token(secret__name="mine-env"), "must not end in -env"),
    (token(username="me"), "spec.username belongs to type Deploy"),
    (token(type="Deploy", username="gitlab-ci-token"), "gitlab-ci-token is the user name of type Job"),
    (token(type="Deploy", scopes=["api"]), "type Deploy takes read_package_registry and write_package_registry only"),
    (token(type="Job", scopes=["api"]), "type Job takes none"),
    (token(source={"type": "Secret", "secret": {"name": "s", "key": "k"}}), "for type Job only"),
    (token(type="Job", source={"type": "Secret"}), "spec.source.secret belongs to type Secret"),
    (token(type="Job", source={"secret": {"name": "s", "key": "k"}}), "spec.source.secret belongs to type Secret"),
    (
        token(type="Job", source={"type": "Secret", "secret": {"name": "ci", "key": "k"}}),
        "must be another Secret than those that are written",
    ),
    (
        token(type="Job", source={"type": "Secret", "secret": {"name": "ci-env", "key": "k"}}),
        "must be another Secret than those that are written",
    ),
    (token(**IMPORTED, projects=["lib"]), "counts in the project of its own namespace alone"),
    (token(**IMPORTED, index="Group"), "does not count in the group's index"),
    (token(projects=["lib", "lib"]), "Duplicate value"),
    (token(projects=["Lib"]), "should match"),
    (token(projects=[f"p{number}" for number in range(65)]), "must have at most 64 items"),
    (token(packages=["Not_Normalized"]), "should match"),
    (token(packages=["a--b"]), "should match"),
    (token(index="All"), 'supported values: "Project", "Group"'),
    (token(**IMPORTED, rotation={"trigger": "x"}), "so only overlapSeconds applies"),
    (token(**IMPORTED, rotation={"mode": "Disabled"}), "so only overlapSeconds applies"),
    (token(**IMPORTED, rotation={"beforeExpirySeconds": 60}), "so only overlapSeconds applies"),
    (token(rotation={"beforeExpirySeconds": 7776000}), "must be less than spec.expirationSeconds"),
    (token(rotation={"mode": "Disabled", "beforeExpirySeconds": 60}), "belongs to mode Automatic"),
    (token(rotation={"overlapSeconds": 86401}), "less than or equal to 86400"),
    (token(rotation={"trigger": "x" * 65}), "may not be more than 64"),
    (token(expirationSeconds=599), "greater than or equal to 600"),
    (token(secret__labels={"pypiregistry.dev/watch": "never"}), "are the operator's own"),
    (token(secret__annotations={"pypiregistry.dev/x": "text"}), "are the operator's own"),
    (token(secret__mountPath="relative"), "should match"),
]


@pytest.mark.hostile
@pytest.mark.outcome(WRONG_THINGS)
def test_what_makes_no_sense_is_refused(namespace: Namespace) -> None:
    """3.6/127: wildcard hosts, quotes, line breaks and paths among it."""
    answers = [(refusal(namespace, body, "--dry-run=server"), sentence) for body, sentence in REFUSED]
    assert [answer for answer, sentence in answers if sentence not in answer] == []


ACCEPTED: list[Object] = [
    registry(),
    registry(name="x" * 40, storage=S3, database=DATABASE),
    registry(database=DATABASE, database__secret__sslMode="VerifyCA", database__secret__ca={"name": "ca"}),
    registry(exposure={"type": "Ingress", "hostname": "h.example", "tls": {"secretName": "t"}}),
    registry(projects={"from": "Selector", "selector": {"matchLabels": {"a": "b"}}}),
    registry(
        projects={"from": "All", "defaults": {"quota": "20Gi"}, "overrides": [{"namespace": "a", "quota": "1Ti"}]}
    ),
    registry(exposure={"type": "Ingress", "ingress": {"controllerPreset": "F5Nginx"}}),
    registry(exposure={"type": "Gateway", "gateway": {"name": "public"}, "tls": {"secretName": "issuer"}}),
    registry(
        exposure={"type": "Gateway", "hostname": "h.example", "gateway": {"name": "public", "namespace": "gateways"}}
    ),
    registry(limits={"filenames": "Strict", "deletedFilenames": "Reusable"}),
    registry(limits__maxUploadSize="10Gi", upstream={"type": "Redirect", "url": "https://index.example/simple/"}),
    registry(networkPolicy={"monitoringNamespace": "monitoring", "egressPorts": [9000, 5433]}),
    registry(networkPolicy={"type": "None"}),
    registry(monitoring={"type": "PodMonitor", "intervalSeconds": 60, "labels": {"release": "prometheus"}}),
    registry(access=[ACCESS, {**ACCESS, "name": "more", "permissions": ["Read", "Publish"]}]),
    token(projects=["team-a", "lib"], packages=["a", "team-a-*", "*"], index="Group"),
    token(**IMPORTED, packages=["a-*"], index="Project", rotation={"overlapSeconds": 0}),
    token(rotation={"beforeExpirySeconds": 7775999, "overlapSeconds": 86400, "trigger": "2026-11-24"}),
    token(rotation={"mode": "Disabled", "trigger": "x"}),
    registry(deletionPolicy="Delete"),
    registry(
        podTemplate={
            "labels": {"azure.workload.identity/use": "true"},
            "annotations": {"example.org/note": "any text"},
            "resources": {"requests": {"cpu": "0.5", "memory": "2Gi"}, "limits": {"cpu": "1500m", "memory": "2048Mi"}},
            "nodeSelector": {"disk": "ssd"},
            "tolerations": [{"operator": "Exists"}, {"key": "spot", "value": "true", "effect": "NoSchedule"}],
            "topologySpreadConstraints": [],
            "priorityClassName": "important",
        },
        podDisruptionBudget={"type": "None"},
    ),
    registry(serviceAccount__annotations={"example.org/role": "packages"}, podDisruptionBudget={"maxUnavailable": 2}),
    token(),
    token(type="Deploy", username="prod", scopes=["read_package_registry"]),
    token(type="Job", source={"type": "Secret", "secret": {"name": "s", "key": "k"}}),
    token(secret={"name": "mine", "labels": {"team": "a"}, "annotations": {"note": "text"}, "mountPath": "/etc/x"}),
]


def test_what_makes_sense_is_accepted(namespace: Namespace) -> None:
    for body in ACCEPTED:
        namespace("apply", "-f", "-", "--dry-run=server", stdin=yaml.safe_dump(body))


CHANGED: list[tuple[Callable[..., Object], Change, Change, str]] = [
    (registry, {}, {"database__managed": {"size": "9Gi"}}, "size and storageClassName cannot change"),
    (registry, {}, {"storage__managed": {"storageClassName": "x"}}, "size and storageClassName cannot change"),
    (token, {}, {"registryRef": {"name": "other"}}, "spec.registryRef cannot change"),
    (token, {}, {"type": "Job"}, "spec.type cannot change"),
    (token, {}, {"secret": {"name": "other"}}, "spec.secret.name cannot change"),
    (token, {"secret": {"name": "other"}}, {}, "spec.secret.name cannot change"),
    (
        token,
        {"type": "Job"},
        {"type": "Job", "source": {"type": "Secret", "secret": {"name": "s", "key": "k"}}},
        "spec.source.type cannot change",
    ),
]


@pytest.mark.hostile
def test_what_cannot_change_is_refused(namespace: Namespace) -> None:
    """3.6/121: transition rules of the schema."""
    answers = []
    for number, (make, before, after, sentence) in enumerate(CHANGED):
        name = {"name": f"r{number}"}
        namespace.apply(make(**before | name))
        answers.append((refusal(namespace, make(**after | name)), sentence))
    assert [answer for answer, sentence in answers if sentence not in answer] == []


def test_defaults_that_are_written_out_change_nothing(namespace: Namespace) -> None:
    namespace.apply(registry())
    namespace.apply(registry(database__managed={"size": "8Gi"}, storage__managed={}))


@pytest.mark.hostile
def test_the_store_is_fixed_once_the_registry_has_data(namespace: Namespace) -> None:
    """3.6/121: a bucket that changed under a registry would be another one's, or empty."""
    namespace.apply(registry(storage=S3, database=DATABASE))
    namespace.apply(registry(storage=S3, database=DATABASE, storage__s3__bucket="corrected"))
    status = '{"status":{"registryID":"11111111-2222-3333-4444-555555555555"}}'
    namespace("patch", "pypiregistries.pypiregistry.dev", "pypi", "--subresource=status", "--type=merge", "-p", status)
    for change in ({"storage__s3__bucket": "other"}, {"storage__s3__prefix": "other"}):
        wanted = registry(
            database=DATABASE, **{"storage": copy.deepcopy(S3), "storage__s3__bucket": "corrected"} | change
        )
        assert "cannot change once the registry holds data" in refusal(namespace, wanted)
    managed = registry(database=DATABASE)
    assert "cannot change once the registry holds data" in refusal(namespace, managed)


def test_the_kinds_explain_themselves(namespace: Namespace, kubectl: Kubectl) -> None:
    assert "outlives the" in namespace("explain", "pyreg")
    assert "CloudNativePG" in namespace("explain", "pyreg.spec.database.secret.keys")
    assert "gitlab-ci-token" in namespace("explain", "pytok.spec.type")
    namespace.apply(registry(), token())
    listed = namespace("get", "pypi")
    assert "pypiregistry.pypiregistry.dev/pypi" in listed
    assert "registrytoken.pypiregistry.dev/ci" in listed
    assert "pypi" in kubectl("get", "pyreg", "--all-namespaces")


def test_a_registry_scales_like_any_workload(namespace: Namespace) -> None:
    namespace.apply(registry())
    namespace("scale", "pyreg/pypi", "--replicas=3")
    found = namespace.get("pypiregistries.pypiregistry.dev", "pypi")
    assert found is not None
    assert found["spec"]["replicas"] == 3
