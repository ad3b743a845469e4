"""The volume claim of a registry that keeps its files on a volume: made once, grown, never deleted by us."""

from registry_operator.cluster.kube import Kube
from registry_operator.errors import AlreadyExistsError, ForbiddenError, RejectedError
from registry_operator.planning import blob_volume
from registry_operator.planning.observed import ObjectKey
from registry_operator.planning.volume_claim import VolumeClaim
from registry_operator.reconcilers.registry_observing import RegistryView
from registry_operator.resources.registry import PyPIRegistry


async def ensure_volume(kube: Kube, registry: PyPIRegistry, view: RegistryView) -> list[ObjectKey]:
    """Make the claim where there is none, and let it grow, into `view`; returns its name if that is taken.

    A refused growth is no error of the pass, since the registry serves as before. Raises ClusterError.
    """
    wanted = blob_volume.claim(registry)
    if wanted is None:
        return []
    key = ObjectKey.of(wanted)
    try:
        body = view.children.get(key) or await kube.create(wanted)
    except AlreadyExistsError:
        return [key]
    seen = VolumeClaim.parse(body)
    operations = blob_volume.growth(registry, seen)
    try:
        view.children[key] = await kube.patch(body, operations) if operations else body
    except (ForbiddenError, RejectedError) as error:
        view.children[key] = body
        view.refusals[key] = str(error)
    return [] if blob_volume.is_ours(registry, seen) else [key]
