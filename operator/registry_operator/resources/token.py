"""RegistryToken: its spec and status as values. `crds/` holds the schema and the prose; a test keeps both equal."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Self

from registry_operator.resources.backends import SecretKeyReference
from registry_operator.resources.conditions import Condition, parse_rfc3339
from registry_operator.resources.metadata import Metadata
from registry_operator.resources.quantities import require_seconds
from registry_operator.resources.reading import read
from registry_service.contract.tokens import DEFAULT_SCOPES, JOB_USERNAME, PERSONAL_USERNAME, Scope, TokenType


@dataclass(frozen=True, slots=True)
class RegistryReference:
    """A PyPIRegistry; without a namespace, of the RegistryToken's own."""

    name: str
    namespace: str | None = None


class SourceType(StrEnum):
    """Where the credential comes from."""

    GENERATED = "Generated"
    SECRET = "Secret"  # noqa: S105 - a kind of object, not a secret


@dataclass(frozen=True, slots=True)
class Source:
    """A credential that the operator makes, or one that a Secret of the namespace already holds."""

    type: SourceType = SourceType.GENERATED
    secret: SecretKeyReference | None = None


class RotationMode(StrEnum):
    """Whether a credential is replaced before it ends."""

    AUTOMATIC = "Automatic"
    DISABLED = "Disabled"


@dataclass(frozen=True, slots=True)
class Rotation:
    """When a credential is replaced; parts without a value follow from the lifetime (`planning.ledger`)."""

    mode: RotationMode = RotationMode.AUTOMATIC
    before_expiry_seconds: int | None = None
    overlap_seconds: int | None = None
    trigger: str | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for times that no calendar holds."""
        require_seconds(self.before_expiry_seconds or 0)
        require_seconds(self.overlap_seconds or 0)


@dataclass(frozen=True, slots=True)
class TokenSecret:
    """The Secret with the ready client configuration; a second one has `-env` after its name."""

    name: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    mount_path: str = "/etc/pypi"


class Endpoint(StrEnum):
    """Which of the registry's addresses the configuration names."""

    EXTERNAL = "External"
    INTERNAL = "Internal"


class IndexType(StrEnum):
    """Which index the configuration names."""

    PROJECT = "Project"
    GROUP = "Group"


@dataclass(frozen=True, slots=True)
class RegistryTokenSpec:
    """What the namespace's owner asks for."""

    registry_ref: RegistryReference
    type: TokenType
    username: str | None = None
    scopes: tuple[Scope, ...] = ()
    projects: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    source: Source = Source()
    expiration_seconds: int = 7_776_000
    rotation: Rotation = Rotation()
    secret: TokenSecret = TokenSecret()
    endpoint: Endpoint | None = None
    index: IndexType = IndexType.PROJECT

    def __post_init__(self) -> None:
        """Raises ValueError for a lifetime that no calendar holds."""
        require_seconds(self.expiration_seconds)


# What a set says of a credential comes from these fields alone.
_RIGHTS: Final = ("registryRef", "type", "username", "scopes", "projects", "packages", "source")
_LEDGER: Final = ("registryNamespaceUID", "issueTime", "credentials")


class CredentialState(StrEnum):
    """Where a credential stands in its life; only an Active one is in the Secret for good."""

    PENDING = "Pending"
    ACTIVE = "Active"
    RETIRING = "Retiring"


@dataclass(frozen=True, slots=True)
class Credential:
    """One entry of the ledger: never a secret. `not_after` is an RFC 3339 time with whole seconds."""

    token_id: str
    digest: str
    state: CredentialState
    not_after: str

    def __post_init__(self) -> None:
        """Raises ValueError for an end that is no time."""
        parse_rfc3339(self.not_after)


@dataclass(frozen=True, slots=True)
class RegistryTokenStatus:
    """What the operator last reported; `credentials` is the ledger of design section 4, "Issuing"."""

    observed_generation: int = 0
    conditions: tuple[Condition, ...] = ()
    registry_namespace_uid: str | None = None
    project: str | None = None
    project_id: int | None = None
    index_url: str | None = None
    upload_url: str | None = None
    secret_name: str | None = None
    issue_time: str | None = None
    expiration_time: str | None = None
    rotation_time: str | None = None
    rotation_trigger: str | None = None
    credentials: tuple[Credential, ...] = ()

    def __post_init__(self) -> None:
        """Raises ValueError for an issue time that is none."""
        if self.issue_time is not None:
            parse_rfc3339(self.issue_time)


@dataclass(frozen=True, slots=True)
class RegistryToken:
    """One credential for the project of its own namespace."""

    metadata: Metadata
    spec: RegistryTokenSpec
    status: RegistryTokenStatus = RegistryTokenStatus()

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> Self:  # Any: a body is free-form JSON until it is read
        """Read the API server's body. Raises InvalidResourceError when the installed CRD is of another version."""
        return read(cls, dict(body), cls.__name__)

    @classmethod
    def parse_rights(cls, body: Mapping[str, Any]) -> Self:  # Any: see parse
        """Read only what says which credentials live and what they may do; all else is as by default.

        For a body that `parse` refuses. Raises InvalidResourceError when that cannot be read either.
        """
        spec, status = body.get("spec") or {}, body.get("status") or {}
        reduced = {
            "metadata": body["metadata"],
            "spec": {key: spec[key] for key in _RIGHTS if key in spec},
            "status": {key: status[key] for key in _LEDGER if key in status},
        }
        return read(cls, reduced, cls.__name__)

    @property
    def registry_namespace(self) -> str:
        """The namespace of the registry that is meant."""
        return self.spec.registry_ref.namespace or self.metadata.namespace

    @property
    def secret_name(self) -> str:
        """The name of the Secret to mount."""
        return self.spec.secret.name or self.metadata.name

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """The scopes asked for, else the type's own."""
        return self.spec.scopes or DEFAULT_SCOPES[self.spec.type]

    @property
    def other_projects(self) -> tuple[str, ...]:
        """The projects asked for besides the token's own, sorted."""
        return tuple(sorted({*self.spec.projects} - {self.metadata.namespace}))

    @property
    def username(self) -> str:
        """What clients send as user name: GitLab's own; a deploy token has its chosen one or the resource's name."""
        if self.spec.type is TokenType.DEPLOY:
            return self.spec.username or self.metadata.name
        return JOB_USERNAME if self.spec.type is TokenType.JOB else PERSONAL_USERNAME
