"""The volume claim of a registry that keeps its files on a volume, cut down to what decisions depend on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from registry_operator.resources import names
from registry_operator.resources.quantities import in_bytes

Body = Mapping[str, Any]  # Any: a body of the Kubernetes API is free-form JSON


@dataclass(frozen=True, slots=True)
class VolumeClaim:
    """A PersistentVolumeClaim; sizes in bytes, None where nobody says.

    `retained_for` is its mark of Retain, `obstacle` what the storage says against its growth, `refusal` what the API
    server said when the growth was asked for.
    """

    retained_for: str | None
    phase: str
    access_modes: tuple[str, ...]
    storage_class: str | None
    requested: int | None = None
    capacity: int | None = None
    terminating: bool = False
    obstacle: str = ""
    refusal: str = ""

    @property
    def bound(self) -> bool:
        """Whether it has its volume."""
        return self.phase == "Bound"

    @property
    def lost(self) -> bool:
        """Whether it had one that is gone."""
        return self.phase == "Lost"

    @classmethod
    def parse(cls, body: Body) -> Self:
        """Read a PersistentVolumeClaim."""
        meta, spec, status = body["metadata"], body["spec"], body.get("status") or {}
        return cls(
            retained_for=(meta.get("labels") or {}).get(names.RETAIN_LABEL),
            phase=status.get("phase") or "Pending",
            access_modes=tuple(spec.get("accessModes") or ()),
            storage_class=spec.get("storageClassName") or None,
            requested=_bytes((spec.get("resources") or {}).get("requests")),
            capacity=_bytes(status.get("capacity")),
            terminating="deletionTimestamp" in meta,
            obstacle=_resize_obstacle(status),
        )


def _bytes(quantities: Body | None) -> int | None:
    try:
        return in_bytes((quantities or {}).get("storage", ""))
    except ValueError:  # a spelling that no API server writes for bytes
        return None


def _resize_obstacle(status: Body) -> str:
    """Why a volume does not grow, where the resizer or the kubelet says so (Kubernetes 1.31)."""
    said = [one for one in status.get("conditions") or () if str(one["type"]).endswith("ResizeError")]
    failed = next((one for one in said if one["status"] == "True"), None)
    return "" if failed is None else f"{failed['type']}: {failed.get('message', '')}"
