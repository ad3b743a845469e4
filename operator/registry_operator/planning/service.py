"""The registry service: Deployment and its disruption budget, public and sync Services, ServiceAccount."""

from dataclasses import dataclass
from typing import Final

from registry_operator.planning import blob_volume, objects, overlay, pods
from registry_operator.planning.inputs import PodInputs, variable
from registry_operator.planning.installation import Installation
from registry_operator.planning.observed import Manifest
from registry_operator.resources import names
from registry_operator.resources.pod_template import PodDisruptionBudgetType
from registry_operator.resources.quantities import canonical, in_bytes
from registry_operator.resources.registry import PyPIRegistry
from registry_service.contract import environment

SYNC_FOLDER: Final = "/etc/registry/sync"
PUBLIC: Final = "http"
PORT: Final = 80
_SYNC: Final = "sync"
METRICS: Final = "metrics"
# So many uploads of the largest size fit into a pod's spool at once.
_SPOOLED_UPLOADS: Final = 16
_MIN_SPOOL: Final = 2**30
# The pod ends by itself before that.
_GRACE_SECONDS: Final = environment.LEAVING_SECONDS + environment.ENDING_SECONDS + 10


@dataclass(frozen=True, slots=True)
class ServicePods:
    """What every pod of the service's image is given, in the Deployment and in the migration Job alike."""

    image: str
    namespace_uid: str
    inputs: PodInputs
    external_url: str | None = None
    trusted_proxies: tuple[str, ...] = ()


def image(registry: PyPIRegistry, installation: Installation) -> str:
    """The spec's image, else the installation's."""
    return registry.spec.image or installation.service_image


def container(registry: PyPIRegistry, service_pods: ServicePods, *, name: str) -> Manifest:
    """A container of the service's image with database, store and identity."""
    metadata = registry.metadata
    identity = {
        environment.NAME: metadata.name,
        environment.NAMESPACE: metadata.namespace,
        environment.NAMESPACE_UID: service_pods.namespace_uid,
        environment.RESOURCE_UID: metadata.uid,
    }
    env = [variable(key, value) for key, value in identity.items()]
    return pods.container(registry, name, service_pods.image) | {
        "env": [*env, *service_pods.inputs.env],
        "volumeMounts": [pods.scratch_mount(), *service_pods.inputs.mounts],
        "resources": overlay.resources(registry.spec.pod_template.resources),
    }


def service_account(registry: PyPIRegistry) -> Manifest:
    """An identity for the pods without a token: nothing in them talks to the Kubernetes API."""
    name = names.service_account(registry.metadata.name)
    manifest = objects.child(registry, "ServiceAccount", name, component=names.SERVICE_COMPONENT)
    annotations = registry.spec.service_account.annotations
    if annotations:
        manifest["metadata"]["annotations"] = dict(annotations)
    return manifest | {"automountServiceAccountToken": False}


def deployment(registry: PyPIRegistry, service_pods: ServicePods, *, checksum: str) -> Manifest:
    """The serving pods."""
    component, name = names.SERVICE_COMPONENT, names.service(registry.metadata.name)
    template = pods.template(registry, component, spec=_pod(registry, service_pods), checksum=checksum)
    template = overlay.with_metadata(registry, template)
    manifest = objects.workload(registry, "Deployment", name, component=component, template=template)
    return manifest | {
        "spec": {
            "replicas": registry.spec.replicas,
            "revisionHistoryLimit": 2,
            "selector": {"matchLabels": objects.selector(registry, component)},
            "strategy": blob_volume.strategy(registry),
            "template": template,
        }
    }


def disruption_budget(registry: PyPIRegistry) -> Manifest | None:
    """How many serving pods a drain may stop; None when nobody wants one, or when it could only forbid the drain."""
    wanted = registry.spec.pod_disruption_budget
    if wanted.type is PodDisruptionBudgetType.NONE or registry.spec.replicas <= 1:
        return None
    component = names.SERVICE_COMPONENT
    name = names.service(registry.metadata.name)
    return objects.child(registry, "PodDisruptionBudget", name, component=component) | {
        "spec": {
            "maxUnavailable": wanted.max_unavailable,
            "selector": {"matchLabels": objects.selector(registry, component)},
            # A pod that does not serve anyway must not hold up a drain.
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        }
    }


def services(registry: PyPIRegistry) -> tuple[Manifest, Manifest]:
    """The public Service, and the sync port's: it reaches pods before they are ready, since rules make them so."""
    name = registry.metadata.name
    public = objects.child(registry, "Service", names.service(name), component=names.SERVICE_COMPONENT)
    sync = objects.child(registry, "Service", names.sync(name), component=names.SERVICE_COMPONENT)
    selector = objects.selector(registry, names.SERVICE_COMPONENT)
    return (
        public | {"spec": {"type": "ClusterIP", "selector": selector, "ports": [_port(PUBLIC, PORT)]}},
        sync
        | {
            "spec": {
                "type": "ClusterIP",
                "publishNotReadyAddresses": True,
                "selector": selector,
                "ports": [_port(_SYNC, environment.SYNC_PORT)],
            }
        },
    )


def spool_size(registry: PyPIRegistry) -> str:
    """The bound of a pod's spool, a canonical quantity: several uploads of the largest size at once."""
    size = max(_MIN_SPOOL, _SPOOLED_UPLOADS * in_bytes(registry.spec.limits.max_upload_size))
    return canonical(f"{-(-size // 2**20)}Mi")


def _pod(registry: PyPIRegistry, service_pods: ServicePods) -> Manifest:
    secret = {"secretName": names.sync(registry.metadata.name)}
    return {
        "serviceAccountName": names.service_account(registry.metadata.name),
        "securityContext": blob_volume.pod_security(registry),
        "terminationGracePeriodSeconds": _GRACE_SECONDS,
        "containers": [_serving(registry, service_pods)],
        "volumes": [
            pods.scratch(spool_size(registry)),
            {"name": "sync", "secret": secret},
            *service_pods.inputs.volumes,
        ],
        **overlay.placement(registry),
        **overlay.spread(registry),
    }


def _serving(registry: PyPIRegistry, service_pods: ServicePods) -> Manifest:
    frame = container(registry, service_pods, name="service")
    proxies = ",".join(service_pods.trusted_proxies)
    given = {environment.EXTERNAL_URL: service_pods.external_url, environment.TRUSTED_PROXIES: proxies}
    env = [variable(name, value) for name, value in given.items() if value]
    ports = {
        PUBLIC: environment.PUBLIC_PORT,
        _SYNC: environment.SYNC_PORT,
        METRICS: environment.METRICS_PORT,
    }
    return frame | {
        "args": ["serve", "--host", "0.0.0.0"],  # noqa: S104 - a pod is reached at its own address only
        "env": [*frame["env"], *env, variable(environment.SYNC_DIRECTORY, SYNC_FOLDER)],
        "volumeMounts": [*frame["volumeMounts"], {"name": "sync", "mountPath": SYNC_FOLDER, "readOnly": True}],
        "ports": [{"name": name, "containerPort": port, "protocol": "TCP"} for name, port in ports.items()],
        "startupProbe": _probe("/healthz", period=1, failures=120),
        "readinessProbe": _probe("/readyz", period=2, failures=3),
        "livenessProbe": _probe("/healthz", period=10, failures=3),
    }


def _port(name: str, port: int) -> Manifest:
    return {"name": name, "port": port, "targetPort": name, "protocol": "TCP"}


def _probe(path: str, *, period: int, failures: int) -> Manifest:
    probe: Manifest = {"httpGet": {"path": path, "port": METRICS}, "periodSeconds": period, "timeoutSeconds": 5}
    return probe | {"failureThreshold": failures}
