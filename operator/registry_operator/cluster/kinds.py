"""The kinds that the operator reads or writes, and where the API server serves them."""

import re
from dataclasses import dataclass
from typing import Any, Final

from registry_operator.resources import names

# Every name in a path of ours is one, so that no reference can lead a request to another namespace (RFC 1123).
_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?", re.ASCII)
Object = dict[str, Any]  # Any: JSON as the API server has it; resources.parse gives it types


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of one API version; `plural` is its name in URLs."""

    api_version: str
    name: str
    plural: str
    namespaced: bool = True

    def path(self, namespace: str | None, name: str | None = None, subresource: str | None = None) -> str:
        """URL path of the collection, of one object, or of an object's subresource.

        Raises ValueError for what cannot be a name (`is_name`).
        """
        if not all(part is None or is_name(part) for part in (namespace, name)):
            raise ValueError(f"{namespace!r} or {name!r} is no name of an object")
        root = f"/api/{self.api_version}" if "/" not in self.api_version else f"/apis/{self.api_version}"
        scope = f"/namespaces/{namespace}" if self.namespaced and namespace is not None else ""
        tail = "".join(f"/{part}" for part in (name, subresource) if part is not None)
        return f"{root}{scope}/{self.plural}{tail}"


PYPI_REGISTRY: Final = Kind(names.API_VERSION, names.REGISTRY_KIND, names.REGISTRY_PLURAL)
REGISTRY_TOKEN: Final = Kind(names.API_VERSION, names.TOKEN_KIND, names.TOKEN_PLURAL)
NAMESPACE: Final = Kind("v1", "Namespace", "namespaces", namespaced=False)
SECRET: Final = Kind("v1", "Secret", "secrets")
CONFIG_MAP: Final = Kind("v1", "ConfigMap", "configmaps")
SERVICE: Final = Kind("v1", "Service", "services")
SERVICE_ACCOUNT: Final = Kind("v1", "ServiceAccount", "serviceaccounts")
POD: Final = Kind("v1", "Pod", "pods")
LEASE: Final = Kind("coordination.k8s.io/v1", "Lease", "leases")
PERSISTENT_VOLUME_CLAIM: Final = Kind("v1", "PersistentVolumeClaim", "persistentvolumeclaims")
DEPLOYMENT: Final = Kind("apps/v1", "Deployment", "deployments")
STATEFUL_SET: Final = Kind("apps/v1", "StatefulSet", "statefulsets")
JOB: Final = Kind("batch/v1", "Job", "jobs")
INGRESS: Final = Kind("networking.k8s.io/v1", "Ingress", "ingresses")
NETWORK_POLICY: Final = Kind("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies")
HTTP_ROUTE: Final = Kind("gateway.networking.k8s.io/v1", "HTTPRoute", "httproutes")
POD_DISRUPTION_BUDGET: Final = Kind("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets")
POD_MONITOR: Final = Kind("monitoring.coreos.com/v1", "PodMonitor", "podmonitors")

_ALL: Final = (
    *(
        PYPI_REGISTRY,
        REGISTRY_TOKEN,
        NAMESPACE,
        SECRET,
        CONFIG_MAP,
        SERVICE,
        SERVICE_ACCOUNT,
        POD,
        PERSISTENT_VOLUME_CLAIM,
    ),
    *(DEPLOYMENT, STATEFUL_SET, JOB, INGRESS, NETWORK_POLICY, HTTP_ROUTE, POD_DISRUPTION_BUDGET, POD_MONITOR, LEASE),
)
_BY_NAME: Final = {kind.name: kind for kind in _ALL}


def is_name(text: str) -> bool:
    """Whether an object can be called so: a DNS subdomain of RFC 1123, as all kinds here are."""
    return _NAME.fullmatch(text) is not None


def kind_named(name: str) -> Kind:
    """The kind of that name; raises KeyError for one that the operator does not know."""
    return _BY_NAME[name]
