"""Names that live in people's clusters: group, labels, marks, children.

A renamed child is an orphan in every cluster that runs us, so a test freezes this module's answers.
A registry's name holds no double hyphen and ends in none of the suffixes below (the CRD refuses both):
no child of one registry can bear the name of another's.
"""

import hashlib
import json
from typing import Final

GROUP: Final = "pypiregistry.dev"
VERSION: Final = "v1alpha1"
API_VERSION: Final = f"{GROUP}/{VERSION}"
REGISTRY_KIND: Final = "PyPIRegistry"
REGISTRY_PLURAL: Final = "pypiregistries"
TOKEN_KIND: Final = "RegistryToken"  # noqa: S105 - a kind, not a secret
TOKEN_PLURAL: Final = "registrytokens"  # noqa: S105 - a plural, not a secret
FIELD_MANAGER: Final = "pypi-registry-operator"

MANAGED_BY_LABEL: Final = "app.kubernetes.io/managed-by"
NAME_LABEL: Final = "app.kubernetes.io/name"
INSTANCE_LABEL: Final = "app.kubernetes.io/instance"
COMPONENT_LABEL: Final = "app.kubernetes.io/component"
REGISTRY_LABEL: Final = f"{GROUP}/registry"
TOKEN_LABEL: Final = f"{GROUP}/token"
OWNER_UID_LABEL: Final = f"{GROUP}/owner-uid"
# Secrets that carry it are watched; others are read at each pass only.
WATCH_LABEL: Final = f"{GROUP}/watch"
WATCH_VALUE: Final = "true"
# On what outlives the resource: its value is the registry's name, and the object's namespace says the rest.
RETAIN_LABEL: Final = f"{GROUP}/retained-for"
# On a PyPIRegistry, by its owner: the registry's own name confirms `deletionPolicy: Delete`.
CONFIRM_DELETE_ANNOTATION: Final = f"{GROUP}/confirm-delete"
CHECKSUM_ANNOTATION: Final = f"{GROUP}/inputs-checksum"
ATTEMPT_ANNOTATION: Final = f"{GROUP}/attempt"
# On a workload: the hash of its pods' template as it was last applied. Another one means that pods are replaced.
TEMPLATE_ANNOTATION: Final = f"{GROUP}/template"

APP_NAME: Final = "pypi-registry"
SERVICE_COMPONENT: Final = "service"
DATABASE_COMPONENT: Final = "postgresql"
OBJECT_STORE_COMPONENT: Final = "object-store"
MIGRATION_COMPONENT: Final = "migration"

HASH_LENGTH: Final = 8
HOST_SEPARATOR: Final = "--"
MAX_DNS_LABEL: Final = 63


def service(registry: str) -> str:
    """The Deployment, the public Service and the Ingress."""
    return registry


def service_account(registry: str) -> str:
    """Not the registry's own name: a registry called `default` must not meet the namespace's `default` account."""
    return f"{registry}-registry"


def sync(registry: str) -> str:
    """The Service and the Secret of the sync port."""
    return f"{registry}-sync"


def database(registry: str) -> str:
    """Everything of the managed PostgreSQL: StatefulSet, Service, ConfigMap and the credentials' Secret."""
    return f"{registry}-postgresql"


def object_store(registry: str) -> str:
    """Everything of the managed object store: StatefulSet, Service and the credentials' Secret."""
    return f"{registry}-object-store"


def blobs(registry: str) -> str:
    """The volume claim of a registry that keeps its files on a volume."""
    return f"{registry}-blobs"


def migration(registry: str, digest: str) -> str:
    """The Job that prepares exactly the database and the store with this digest."""
    return f"{registry}-migrate-{digest[:HASH_LENGTH]}"


def claim(workload: str) -> str:
    """The volume claim that a StatefulSet of one replica makes from its template `data`."""
    return f"data-{workload}-0"


def sync_host(registry: str, namespace: str) -> str:
    """The name that the sync port's certificate bears."""
    return f"{sync(registry)}.{namespace}.svc"


def default_hostname(registry: str, namespace: str, base_domain: str) -> str:
    """`<name>--<namespace>.<base domain>`: a registry's name holds no `--`, so two pairs never give one host."""
    return f"{registry}{HOST_SEPARATOR}{namespace}.{base_domain}"


def checksum(value: object) -> str:
    """SHA-256 (hex) of a JSON value, the same for equal values however they were built."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
