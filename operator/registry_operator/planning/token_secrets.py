"""The two Secrets of a RegistryToken: files to mount, and environment variables for `envFrom`."""

import base64
from dataclasses import dataclass, field
from typing import Final

from registry_operator.planning import addresses, objects
from registry_operator.planning.installation import Installation
from registry_operator.planning.observed import Manifest, ObservedSecret
from registry_operator.resources import names
from registry_operator.resources.conditions import Condition, ConditionType, fails
from registry_operator.resources.reasons import Reason
from registry_operator.resources.registry import PyPIRegistry
from registry_operator.resources.token import IndexType, RegistryToken
from registry_service.contract import clients

PASSWORD_KEY: Final = "password"  # noqa: S105 - a key's name, not a secret


@dataclass(frozen=True, slots=True)
class Grant:
    """What a set's acknowledgement gave: the project, with the credential for it and the issuer to trust outside."""

    project: str
    password: str = field(repr=False)
    ca: str | None = None


def access(token: RegistryToken, registry: PyPIRegistry, installation: Installation, grant: Grant) -> clients.Access:
    """Everything that client configuration consists of."""
    url = addresses.client_url(token, registry, installation)
    outside = url is not None and url == addresses.external_url(registry, installation)
    return clients.Access(
        base_url=url or addresses.internal_url(registry),
        project=grant.project,
        username=token.username,
        password=grant.password,
        mount_path=token.spec.secret.mount_path.rstrip("/"),
        ca=grant.ca if outside else None,
        group=registry.metadata.name if token.spec.index is IndexType.GROUP else None,
    )


def token_secrets(token: RegistryToken, access: clients.Access) -> tuple[Manifest, Manifest]:
    """The Secret to mount and the one for `envFrom`, rendered from the same credential."""
    name = token.secret_name
    return (
        objects.token_secret(token, name, clients.files(access)),
        objects.token_secret(token, f"{name}{clients.ENV_SUFFIX}", clients.environment(access)),
    )


def differs(manifest: Manifest, observed: ObservedSecret | None) -> bool:
    """Whether a Secret must be written because a key, label or annotation of ours is missing or other.

    What is left over of an earlier manifest is not seen here: see `cluster.applying.fingerprint`.
    """
    if observed is None:
        return True
    wanted = {key: base64.b64decode(text) for key, text in manifest["data"].items()}
    metadata = manifest["metadata"]
    return (
        not wanted.items() <= dict(observed.data).items()
        or not metadata["labels"].items() <= dict(observed.labels).items()
        or not metadata["annotations"].items() <= dict(observed.annotations).items()
    )


def conflict(token: RegistryToken, observed: ObservedSecret | None) -> Condition | None:
    """Issued=False when a Secret under our name is not this RegistryToken's; None when it is, or there is none."""
    if observed is None or observed.owner_uid == token.metadata.uid:
        return None
    holder = observed.labels.get(names.TOKEN_LABEL)
    if holder not in (None, token.metadata.name) and observed.owner_name == holder:
        message = (
            f"Secret {observed.name} is RegistryToken {holder}'s; it is left as it is. Make this RegistryToken again "
            "with another spec.secret.name."
        )
    elif observed.owner_name == token.metadata.name:
        message = f"Secret {observed.name} belongs to a former RegistryToken of this name and is about to be removed."
    else:
        message = (
            f"Secret {observed.name} exists and is not ours; it is left as it is. Remove it, or make this "
            "RegistryToken again with another spec.secret.name."
        )
    return fails(ConditionType.ISSUED, Reason.SECRET_CONFLICT, message)
