"""What the sync port is told to obey for the whole registry."""

import re
from typing import Final

from registry_operator.resources.quantities import in_bytes
from registry_operator.resources.registry import AccessGrant, DeletedFilenames, Filenames, PyPIRegistry, UpstreamType
from registry_service.contract.sync import (
    Binding,
    Grant,
    ProjectSettings,
    ProjectVisibility,
    Rules,
    Upstream,
    body_digest,
)
from registry_service.contract.wire import encode

# PEP 503, "Normalized Names".
_SEPARATORS: Final = re.compile(r"[-_.]+")


def rules(registry: PyPIRegistry) -> Rules:
    """The rules that the spec means."""
    bindings, limits = registry.spec.projects.bindings, registry.spec.limits
    return Rules(
        max_upload_size=in_bytes(limits.max_upload_size),
        upstream=_upstream(registry),
        bindings=tuple(
            sorted((Binding(item.namespace, item.uid) for item in bindings), key=lambda item: item.namespace)
        ),
        strict_filenames=limits.filenames is Filenames.STRICT,
        visibility=ProjectVisibility(registry.spec.projects.defaults.visibility),
        quota=_quota(registry.spec.projects.defaults.quota),
        projects=_projects(registry),
        reuse_deleted_filenames=limits.deleted_filenames is DeletedFilenames.REUSABLE,
        access=tuple(_grant(item) for item in registry.spec.access),
        read_only=registry.spec.read_only,
    )


def rules_digest(registry: PyPIRegistry) -> str:
    """The digest by which the service says that it obeys exactly these rules."""
    return body_digest(encode(rules(registry)))


def _grant(access: AccessGrant) -> Grant:
    """Grants keep the spec's order, which is their precedence; what is in them has none."""
    return Grant(
        name=access.name,
        namespaces=tuple(sorted(access.namespaces)),
        projects=tuple(sorted(access.projects)),
        permissions=tuple(sorted(access.permissions)),
    )


def _projects(registry: PyPIRegistry) -> tuple[ProjectSettings, ...]:
    """The overrides that differ from the defaults, by path, so that equal rules are equal bodies."""
    defaults = registry.spec.projects.defaults
    default = (defaults.visibility, _quota(defaults.quota))
    wanted = {
        item.namespace: (item.visibility or defaults.visibility, _quota(item.quota or defaults.quota))
        for item in registry.spec.projects.overrides
    }
    return tuple(
        ProjectSettings(path, ProjectVisibility(visibility), quota)
        for path, (visibility, quota) in sorted(wanted.items(), key=lambda pair: pair[0])
        if (visibility, quota) != default
    )


def _quota(quantity: str | None) -> int | None:
    return None if quantity is None else in_bytes(quantity)


def _upstream(registry: PyPIRegistry) -> Upstream | None:
    spec = registry.spec.upstream
    if spec.type is UpstreamType.NONE or spec.url is None:
        return None
    reserved = {_SEPARATORS.sub("-", name).lower() for name in spec.reserved_names}
    return Upstream(url=spec.url.rstrip("/"), reserved_names=tuple(sorted(reserved)))
