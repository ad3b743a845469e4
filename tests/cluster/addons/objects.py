"""The shapes that the add-ons' manifests share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Manifest = dict[str, object]


@dataclass(frozen=True, slots=True)
class Rule:
    """What one group's resources may be used for."""

    group: str
    resources: tuple[str, ...]
    verbs: tuple[str, ...] = ("get", "list", "watch")


@dataclass(frozen=True, slots=True)
class Pod:
    """The one container of an add-on's pod; `mounts` maps a folder to the volume that it shows."""

    image: str
    arguments: tuple[str, ...]
    ports: tuple[Mapping[str, object], ...]
    ready: tuple[str, int]
    mounts: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    dns_policy: str = "ClusterFirst"


def metadata(name: str, namespace: str | None = None) -> Manifest:
    """An object's name, and its namespace if it has one."""
    return {"name": name} if namespace is None else {"name": name, "namespace": namespace}


def namespace(name: str) -> Manifest:
    """A namespace."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata(name)}


def access(name: str, namespace: str, rules: Sequence[Rule]) -> list[Manifest]:
    """A ServiceAccount, and a ClusterRole with these rules bound to it."""
    group = "rbac.authorization.k8s.io"
    granted = [{"apiGroups": [r.group], "resources": list(r.resources), "verbs": list(r.verbs)} for r in rules]
    subject = {"kind": "ServiceAccount", "name": name, "namespace": namespace}
    reference = {"apiGroup": group, "kind": "ClusterRole", "name": f"test-{name}"}
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata(name, namespace)},
        {
            "apiVersion": f"{group}/v1",
            "kind": "ClusterRole",
            "metadata": metadata(f"test-{name}"),
            "rules": granted,
        },
        {
            "apiVersion": f"{group}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": metadata(f"test-{name}"),
            "roleRef": reference,
            "subjects": [subject],
        },
    ]


def deployment(name: str, namespace: str, pod: Pod) -> Manifest:
    """One pod, replaced and not doubled when it changes, since it holds ports of the node."""
    labels = {"app": name}
    volumes = [{"name": f"volume-{number}", **volume} for number, volume in enumerate(pod.mounts.values())]
    spec = {
        "serviceAccountName": name,
        "dnsPolicy": pod.dns_policy,
        "priorityClassName": "system-cluster-critical",
        "terminationGracePeriodSeconds": 2,
        "containers": [_container(name, pod)],
        "volumes": volumes,
    }
    template = {"metadata": {"labels": labels}, "spec": spec}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(name, namespace),
        "spec": {
            "replicas": 1,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": labels},
            "template": template,
        },
    }


def _container(name: str, pod: Pod) -> Manifest:
    path, port = pod.ready
    return {
        "name": name,
        "image": pod.image,
        "imagePullPolicy": "IfNotPresent",
        "args": list(pod.arguments),
        "ports": list(pod.ports),
        "readinessProbe": {"httpGet": {"path": path, "port": port}, "periodSeconds": 1, "failureThreshold": 3},
        "volumeMounts": [{"name": f"volume-{number}", "mountPath": folder} for number, folder in enumerate(pod.mounts)],
    }
