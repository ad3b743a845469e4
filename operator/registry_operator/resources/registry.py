"""PyPIRegistry: its spec and status as values. `crds/` holds the schema and the prose; a test keeps both equal."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from registry_operator.resources.backends import Database, SecretReference, Storage
from registry_operator.resources.conditions import Condition
from registry_operator.resources.metadata import Metadata
from registry_operator.resources.migrations import Migrations
from registry_operator.resources.monitoring import Monitoring
from registry_operator.resources.pod_template import PodDisruptionBudget, PodTemplate, ServiceAccount
from registry_operator.resources.quantities import in_bytes
from registry_operator.resources.reading import read
from registry_service.contract.sync import GrantedPermission


class PullPolicy(StrEnum):
    """When the node pulls an image."""

    ALWAYS = "Always"
    IF_NOT_PRESENT = "IfNotPresent"
    NEVER = "Never"


class ExposureType(StrEnum):
    """How the registry is reached from outside the cluster."""

    NONE = "None"
    INGRESS = "Ingress"
    GATEWAY = "Gateway"


class ControllerPreset(StrEnum):
    """The controllers whose own limits on uploads have to be lifted by annotations."""

    NONE = "None"
    NGINX = "Nginx"
    F5_NGINX = "F5Nginx"


@dataclass(frozen=True, slots=True)
class IngressExposure:
    """Which controller serves the Ingress, and of which make it is."""

    class_name: str | None = None
    controller_preset: ControllerPreset = ControllerPreset.NONE


@dataclass(frozen=True, slots=True)
class GatewayExposure:
    """The listener, or all listeners, of a Gateway that somebody else runs; by default in the same namespace."""

    name: str
    namespace: str | None = None
    section_name: str | None = None


@dataclass(frozen=True, slots=True)
class ExposureTLS:
    """The certificate of the host; without a Secret the controller's own default certificate serves.

    A Gateway has it in its listener: of its Secret here nothing but the issuer counts.
    """

    secret_name: str | None = None


@dataclass(frozen=True, slots=True)
class Exposure:
    """The registry's address outside the cluster, always with TLS: credentials travel to it."""

    type: ExposureType = ExposureType.NONE
    hostname: str | None = None
    ingress: IngressExposure = IngressExposure()
    gateway: GatewayExposure | None = None
    tls: ExposureTLS = ExposureTLS()


class Filenames(StrEnum):
    """Which spellings of a distribution's file name may be published."""

    COMPATIBLE = "Compatible"
    STRICT = "Strict"


class DeletedFilenames(StrEnum):
    """What becomes of the name of a file that was deleted."""

    TAKEN = "Taken"
    REUSABLE = "Reusable"


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be published; `max_upload_size` is a quantity of bytes."""

    max_upload_size: str = "50Mi"
    filenames: Filenames = Filenames.COMPATIBLE
    deleted_filenames: DeletedFilenames = DeletedFilenames.TAKEN

    def __post_init__(self) -> None:
        """Raises ValueError for what is no quantity of bytes."""
        in_bytes(self.max_upload_size)


class UpstreamType(StrEnum):
    """What happens to names that the registry never held."""

    NONE = "None"
    REDIRECT = "Redirect"


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where names go that are not ours."""

    type: UpstreamType = UpstreamType.NONE
    url: str | None = None
    reserved_names: tuple[str, ...] = ()


class ProjectsFrom(StrEnum):
    """Which namespaces may have a project here; the registry's own always may."""

    SAME = "Same"
    SELECTOR = "Selector"
    ALL = "All"


class SelectorOperator(StrEnum):
    """Kubernetes' set-based requirements."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"


@dataclass(frozen=True, slots=True)
class SelectorRequirement:
    """One requirement on a label."""

    key: str
    operator: SelectorOperator
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LabelSelector:
    """Kubernetes' label selector over namespaces."""

    match_labels: Mapping[str, str] = field(default_factory=dict)
    match_expressions: tuple[SelectorRequirement, ...] = ()


@dataclass(frozen=True, slots=True)
class ProjectBinding:
    """The owner's word that a project now belongs to the namespace with this UID."""

    namespace: str
    uid: str


class Visibility(StrEnum):
    """Who may read a project besides its own tokens and those that are granted it."""

    PRIVATE = "Private"
    INTERNAL = "Internal"
    PUBLIC = "Public"


@dataclass(frozen=True, slots=True)
class ProjectDefaults:
    """What holds for every project that has no override; `quota` is a quantity of bytes."""

    visibility: Visibility = Visibility.PRIVATE
    quota: str | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for what is no quantity of bytes."""
        in_bytes(self.quota or "0")


@dataclass(frozen=True, slots=True)
class ProjectOverride:
    """What holds for the project of one namespace instead."""

    namespace: str
    visibility: Visibility | None = None
    quota: str | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for what is no quantity of bytes."""
        in_bytes(self.quota or "0")


@dataclass(frozen=True, slots=True)
class Projects:
    """Which namespaces may have a project in this registry."""

    from_: ProjectsFrom = ProjectsFrom.SAME
    selector: LabelSelector = LabelSelector()
    bindings: tuple[ProjectBinding, ...] = ()
    defaults: ProjectDefaults = ProjectDefaults()
    overrides: tuple[ProjectOverride, ...] = ()


@dataclass(frozen=True, slots=True)
class AccessGrant:
    """The owner's word that credentials of some namespaces may do this in these projects, if they ask for it."""

    name: str
    namespaces: tuple[str, ...]
    projects: tuple[str, ...]
    permissions: tuple[GrantedPermission, ...]


class NetworkPolicyType(StrEnum):
    """Whether NetworkPolicies are made."""

    RESTRICTED = "Restricted"
    NONE = "None"


@dataclass(frozen=True, slots=True)
class NetworkPolicy:
    """Who may reach the pods, and what else than DNS, database and store these may reach."""

    type: NetworkPolicyType = NetworkPolicyType.RESTRICTED
    monitoring_namespace: str | None = None
    egress_ports: tuple[int, ...] = ()


class DeletionPolicy(StrEnum):
    """What becomes of a managed database and store when the registry is deleted."""

    RETAIN = "Retain"
    DELETE = "Delete"


@dataclass(frozen=True, slots=True)
class PyPIRegistrySpec:
    """What the registry's owner asks for."""

    database: Database
    storage: Storage
    image: str | None = None
    image_pull_policy: PullPolicy | None = None
    image_pull_secrets: tuple[SecretReference, ...] = ()
    pod_template: PodTemplate = PodTemplate()
    service_account: ServiceAccount = ServiceAccount()
    replicas: int = 1
    pod_disruption_budget: PodDisruptionBudget = PodDisruptionBudget()
    exposure: Exposure = Exposure()
    limits: Limits = Limits()
    upstream: Upstream = Upstream()
    projects: Projects = Projects()
    access: tuple[AccessGrant, ...] = ()
    network_policy: NetworkPolicy = NetworkPolicy()
    monitoring: Monitoring = Monitoring()
    migrations: Migrations = Migrations()
    read_only: bool = False
    deletion_policy: DeletionPolicy = DeletionPolicy.RETAIN
    paused: bool = False
    takeover: str | None = None


@dataclass(frozen=True, slots=True)
class PyPIRegistryStatus:
    """What the operator last reported."""

    observed_generation: int = 0
    conditions: tuple[Condition, ...] = ()
    replicas: int = 0
    ready_replicas: int = 0
    selector: str = ""
    registry_id: str | None = None
    url: str | None = None
    internal_url: str | None = None
    image: str | None = None
    version: str | None = None
    projects: int = 0
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class PyPIRegistry:
    """One registry of one namespace."""

    metadata: Metadata
    spec: PyPIRegistrySpec
    status: PyPIRegistryStatus = PyPIRegistryStatus()

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> Self:  # Any: a body is free-form JSON until it is read
        """Read the API server's body. Raises InvalidResourceError when the installed CRD is of another version."""
        return read(cls, dict(body), cls.__name__)
