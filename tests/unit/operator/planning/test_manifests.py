"""What holds for everything that is ever applied for any registry."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given

from registry_operator.planning.observed import Manifest
from registry_operator.planning.registry_plan import plan
from registry_operator.planning.secrets import generated_secrets
from registry_operator.resources import names
from registry_operator.resources.quantities import canonical
from registry_operator.resources.registry import PyPIRegistry
from registry_service.contract import environment
from tests.outcomes.issue_7 import PLANS
from tests.unit.operator.planning.bodies import (
    EXTERNAL_SECRETS,
    INSTALLATION,
    NOW,
    counting,
    fresh,
    ready_parts,
    registry,
    serving,
)
from tests.unit.operator.planning.strategies import registries


def everything(wanted: PyPIRegistry) -> list[Manifest]:
    """All that three passes apply: to an empty namespace, with running parts, after the migration."""
    found = []
    for seen in (fresh(wanted), ready_parts(wanted), serving(wanted)):
        decided = plan(wanted, INSTALLATION, seen, NOW)
        found += [*decided.apply, *decided.create]
    return found


def by_key(wanted: PyPIRegistry) -> dict[tuple[str, str], Manifest]:
    return {(manifest["kind"], manifest["metadata"]["name"]): manifest for manifest in everything(wanted)}


def pods(manifests: list[Manifest]) -> Iterator[Manifest]:
    for manifest in manifests:
        if "template" in manifest.get("spec", {}):
            yield manifest["spec"]["template"]["spec"]


def containers(pod: Manifest) -> list[Manifest]:
    return [*pod.get("initContainers", []), *pod["containers"]]


@pytest.mark.hostile
@pytest.mark.outcome(PLANS)
@given(registries)
def test_every_pod_passes_the_restricted_standard(wanted: PyPIRegistry) -> None:
    """3.6/125, 3.7/142: https://kubernetes.io/docs/concepts/security/pod-security-standards/, policy `restricted`."""
    found = list(pods(everything(wanted)))
    assert found
    allowed = {"configMap", "emptyDir", "secret", "persistentVolumeClaim"}
    for pod in found:
        assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
        assert pod["securityContext"].get("runAsUser", 1) != 0
        assert all(volume.keys() - {"name"} <= allowed for volume in pod["volumes"])
        for container in containers(pod):
            security = container["securityContext"]
            assert security["allowPrivilegeEscalation"] is False
            assert security["capabilities"] == {"drop": ["ALL"]}
            assert not {"hostPort", "hostIP"} & {key for port in container.get("ports", []) for key in port}


@pytest.mark.hostile
@given(registries)
def test_every_pod_is_bounded_and_without_an_api_token(wanted: PyPIRegistry) -> None:
    """3.7/142, 3.7/143: whatever the spec says."""
    for pod in pods(everything(wanted)):
        assert pod["automountServiceAccountToken"] is False
        assert pod["enableServiceLinks"] is False
        scratch = [volume["emptyDir"] for volume in pod["volumes"] if "emptyDir" in volume]
        assert scratch
        for empty in scratch:
            assert canonical(empty["sizeLimit"]) == empty["sizeLimit"]
        for container in containers(pod):
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
            assert "memory" in container["resources"]["limits"]
            mounted = {mount["name"] for mount in container["volumeMounts"]}
            assert mounted <= {volume["name"] for volume in pod["volumes"]} | {"data"}


@pytest.mark.hostile
@pytest.mark.outcome(PLANS)
@given(registries)
def test_everything_is_in_the_registrys_namespace_and_dies_with_it(wanted: PyPIRegistry) -> None:
    """3.6/112: no spec makes an object anywhere else."""
    for manifest in everything(wanted):
        metadata = manifest["metadata"]
        assert metadata["namespace"] == wanted.metadata.namespace
        assert metadata["labels"][names.OWNER_UID_LABEL] == wanted.metadata.uid
        (owner,) = metadata["ownerReferences"]
        assert (owner["uid"], owner["controller"], owner["kind"]) == (wanted.metadata.uid, True, "PyPIRegistry")
        assert len(metadata["name"]) <= names.MAX_DNS_LABEL
        assert all(len(value) <= names.MAX_DNS_LABEL for value in metadata["labels"].values())


@given(registries)
def test_what_outlives_the_registry_is_marked_and_not_owned(wanted: PyPIRegistry) -> None:
    claims = [
        claim for manifest in everything(wanted) for claim in manifest.get("spec", {}).get("volumeClaimTemplates", [])
    ]
    for kept in (*generated_secrets(wanted, counting), *claims):
        assert kept["metadata"]["labels"][names.RETAIN_LABEL] == wanted.metadata.name
        assert names.OWNER_UID_LABEL not in kept["metadata"]["labels"]
        assert "ownerReferences" not in kept["metadata"]
    for claim in claims:
        size = claim["spec"]["resources"]["requests"]["storage"]
        assert canonical(size) == size


@pytest.mark.outcome(PLANS)
@given(registries)
def test_planning_twice_is_equal_and_json(wanted: PyPIRegistry) -> None:
    assert json.dumps(everything(wanted)) == json.dumps(everything(wanted))


@given(registries)
def test_no_manifest_holds_a_value_of_a_secret(wanted: PyPIRegistry) -> None:
    text = json.dumps(everything(wanted))
    values = {value for content in EXTERNAL_SECRETS.values() for value in content.values()}
    hidden = {"sync-key", "PRIVATE-KEY", bytes(range(32)).hex()} | values - {"access"}
    assert not [value for value in hidden if value in text]


@given(registries)
def test_a_service_finds_its_pods(wanted: PyPIRegistry) -> None:
    found = everything(wanted)
    labels = [manifest["spec"]["template"] for manifest in found if "template" in manifest.get("spec", {})]
    for manifest in found:
        if manifest["kind"] != "Service":
            continue
        selected = [
            template
            for template in labels
            if manifest["spec"]["selector"].items() <= template["metadata"]["labels"].items()
        ]
        ports = {
            port["name"]
            for template in selected
            for container in template["spec"]["containers"]
            for port in container.get("ports", [])
        }
        assert {port["targetPort"] for port in manifest["spec"]["ports"]} <= ports


def environment_of(container: Manifest) -> dict[str, Any]:  # Any: a value or where it comes from
    return {entry["name"]: entry.get("value", entry.get("valueFrom")) for entry in container["env"]}


def test_serving_pods_know_who_they_are_and_hear_the_sync_port() -> None:
    wanted = registry({"exposure": {"type": "Ingress"}})
    pod = by_key(wanted)["Deployment", "pypi"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    seen = environment_of(container)
    assert seen[environment.NAME] == "pypi"
    assert seen[environment.NAMESPACE] == "team-a"
    assert seen[environment.NAMESPACE_UID] == "n-1"
    assert seen[environment.RESOURCE_UID] == "u-1"
    assert seen[environment.EXTERNAL_URL] == "https://pypi--team-a.pypi.example"
    assert seen[environment.TRUSTED_PROXIES] == "10.0.0.0/8,fd00::/8"
    assert {"name": "sync", "mountPath": seen[environment.SYNC_DIRECTORY], "readOnly": True} in container[
        "volumeMounts"
    ]
    assert {"name": "sync", "secret": {"secretName": "pypi-sync"}} in pod["volumes"]
    assert environment.TAKEOVER not in seen
    assert container["args"] == ["serve", "--host", "0.0.0.0"]
    assert {port["name"]: port["containerPort"] for port in container["ports"]} == {
        "http": 8080,
        "sync": 8081,
        "metrics": 9090,
    }
    for probe, path in (("readinessProbe", "/readyz"), ("livenessProbe", "/healthz"), ("startupProbe", "/healthz")):
        assert container[probe]["httpGet"] == {"path": path, "port": "metrics"}


def test_a_rollout_starts_one_before_it_ends_one() -> None:
    spec = by_key(registry())["Deployment", "pypi"]["spec"]
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    pod = spec["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] > environment.LEAVING_SECONDS + environment.ENDING_SECONDS


def test_the_migration_says_its_last_word_in_a_file() -> None:
    wanted = registry({"takeover": "11111111-2222-3333-4444-555555555555"})
    job = next(manifest for (kind, _), manifest in by_key(wanted).items() if kind == "Job")
    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    seen = environment_of(container)
    assert container["args"] == ["migrate"]
    assert seen[environment.TERMINATION_MESSAGE] == container["terminationMessagePath"]
    assert seen[environment.TAKEOVER] == wanted.spec.takeover
    assert environment.SYNC_DIRECTORY not in seen
    assert (pod["restartPolicy"], job["spec"]["backoffLimit"]) == ("Never", 0)
    assert job["spec"]["activeDeadlineSeconds"] > 0
    assert "ttlSecondsAfterFinished" not in job["spec"]


def test_the_sync_service_reaches_pods_that_are_not_ready() -> None:
    found = by_key(registry())
    sync, public = found["Service", "pypi-sync"]["spec"], found["Service", "pypi"]["spec"]
    assert sync["publishNotReadyAddresses"] is True
    assert [(port["port"], port["targetPort"]) for port in sync["ports"]] == [(8081, "sync")]
    assert [(port["port"], port["targetPort"]) for port in public["ports"]] == [(80, "http")]


def test_the_ingress_has_tls_in_any_case() -> None:
    plain = by_key(registry({"exposure": {"type": "Ingress"}}))["Ingress", "pypi"]["spec"]
    assert plain["tls"] == [{"hosts": ["pypi--team-a.pypi.example"]}]
    assert plain["ingressClassName"] == "traefik"
    exposure = {"type": "Ingress", "hostname": "p.example", "ingress": {"className": "n"}, "tls": {"secretName": "t"}}
    own = by_key(registry({"exposure": exposure}))["Ingress", "pypi"]["spec"]
    assert own["tls"] == [{"hosts": ["p.example"], "secretName": "t"}]
    assert own["ingressClassName"] == "n"
    assert own["rules"][0]["host"] == "p.example"
    assert ("Ingress", "pypi") not in by_key(registry())


@pytest.mark.parametrize(
    ("preset", "lifted"),
    [
        ("None", None),
        ("Nginx", "nginx.ingress.kubernetes.io/proxy-body-size"),
        ("F5Nginx", "nginx.org/client-max-body-size"),
    ],
)
def test_a_controllers_own_limit_on_uploads_is_lifted(preset: str, lifted: str | None) -> None:
    exposure = {"type": "Ingress", "ingress": {"controllerPreset": preset}}
    annotations = by_key(registry({"exposure": exposure}))["Ingress", "pypi"]["metadata"].get("annotations", {})
    assert annotations.get(lifted) == (None if lifted is None else "0")
    assert bool(annotations) is (lifted is not None)


def test_the_managed_postgresql_runs_our_script_with_the_mounted_password() -> None:
    found = by_key(registry())
    name = "pypi-postgresql"
    pod = found["StatefulSet", name]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert found["ConfigMap", name]["data"].keys() == {"start.sh"}
    assert "geheim" not in json.dumps(container)
    assert container["command"] == ["sh", "/etc/registry/script/start.sh"]
    mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
    assert mounts["/etc/registry/script"] == "script"
    assert mounts["/etc/passwd"] == "identity"
    assert found["Service", name]["spec"]["clusterIP"] == "None"
    assert pod["securityContext"]["fsGroup"] == pod["securityContext"]["runAsUser"]


def test_the_managed_store_takes_its_credentials_from_the_secret() -> None:
    pod = by_key(registry())["StatefulSet", "pypi-object-store"]["spec"]["template"]["spec"]
    seen = environment_of(pod["containers"][0])
    assert seen["MINIO_ROOT_PASSWORD"] == {
        "secretKeyRef": {"name": "pypi-object-store", "key": "AWS_SECRET_ACCESS_KEY"}
    }
    assert pod["containers"][0]["args"][:2] == ["server", "/data"]
