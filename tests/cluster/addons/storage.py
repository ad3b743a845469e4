"""The default StorageClass: a folder for each claim, made and removed by the program `volumes`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cluster.addons.objects import Manifest


def manifests(provisioner: str) -> list[Manifest]:
    """The class `standard`: bound when a pod needs it and deleted with its claim, as cloud storage usually is."""
    default = {"storageclass.kubernetes.io/is-default-class": "true"}
    return [
        {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": "standard", "annotations": default},
            "provisioner": provisioner,
            "reclaimPolicy": "Delete",
            "volumeBindingMode": "WaitForFirstConsumer",
        }
    ]
