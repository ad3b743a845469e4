"""Doing what a registry's plan says, to nothing but the registry's own objects."""

from collections.abc import Callable

from registry_operator.cluster.applying import ensure
from registry_operator.cluster.kinds import Object, kind_named
from registry_operator.cluster.kube import Kube
from registry_operator.errors import KindNotServedError
from registry_operator.planning import retention
from registry_operator.planning.observed import Manifest, ObjectKey, ObservedSecret
from registry_operator.planning.registry_plan import OPTIONAL_KINDS, RegistryPlan
from registry_operator.planning.secrets import generated_secrets, is_ours
from registry_operator.reconcilers.registry_observing import RegistryView
from registry_operator.resources import names
from registry_operator.resources.registry import PyPIRegistry


async def generate_secrets(
    kube: Kube, registry: PyPIRegistry, view: RegistryView, *, random: Callable[[int], bytes]
) -> list[ObjectKey]:
    """Make the credentials of the managed parts that are absent, into `view`; returns the names that are taken.

    What was kept from an earlier registry of the same name is found by its mark and stays as it is.
    """
    conflicts = []
    for manifest in generated_secrets(registry, random):
        key = ObjectKey.of(manifest)
        present = view.secrets.get(key.name)
        if present is None:
            made = await ensure(kube, manifest)
            if made is None:
                conflicts.append(key)
            else:
                view.secrets[key.name] = ObservedSecret.parse(made)
        elif not is_ours(registry, present):
            conflicts.append(key)
    return conflicts


async def act(kube: Kube, plan: RegistryPlan, view: RegistryView) -> list[ObjectKey]:
    """Apply, create and delete what the plan says, into `view`; returns the names that are taken.

    Raises ClusterError at the first object that the API server refuses: the order of the plan has a meaning.
    """
    conflicts = []
    for manifest in (*plan.apply, *plan.create):
        key = ObjectKey.of(manifest)
        body = await _ensure(kube, manifest, view)
        if body is not None:
            view.children[key] = body
        elif key.kind not in view.unserved:
            conflicts.append(key)
    for key in [key for key in view.children if key in plan.delete or not plan.keeps(key)]:
        await _delete(kube, view.children.pop(key))
    return conflicts


async def _ensure(kube: Kube, manifest: Manifest, view: RegistryView) -> Object | None:
    key = ObjectKey.of(manifest)
    try:
        return await ensure(kube, manifest, view.children.get(key))
    except KindNotServedError:
        if key.kind not in OPTIONAL_KINDS:
            raise
        view.unserved.add(key.kind)
        return None


async def mark_kept(kube: Kube, registry: PyPIRegistry) -> None:
    """Have the managed parts' claims and credentials die with the registry, or outlive it, as its owner wants."""
    selector = f"{names.RETAIN_LABEL}={registry.metadata.name}"
    for kind in retention.KEPT_KINDS:
        for body in await kube.find(kind_named(kind), registry.metadata.namespace, labels=selector):
            owners = retention.owners(registry, body)
            if owners is not None:
                # No apply: it would drop fields that it does not name.
                await kube.patch(body, [{"op": "add", "path": "/metadata/ownerReferences", "value": owners}])


async def _delete(kube: Kube, body: Object) -> None:
    if "deletionTimestamp" not in body["metadata"]:
        await kube.delete(body)
