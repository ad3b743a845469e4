"""A volume's claim at a real API server: made with what its planning says, grown where its StorageClass lets it."""

import asyncio
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from registry_operator.cluster.connecting import connect
from registry_operator.cluster.kinds import PERSISTENT_VOLUME_CLAIM, Object
from registry_operator.planning.observed import ObjectKey
from registry_operator.reconcilers.registry_observing import RegistryView
from registry_operator.reconcilers.registry_volume import ensure_volume
from registry_operator.resources.registry import PyPIRegistry
from tests.support.api_server import ApiServer

KEY = ObjectKey("PersistentVolumeClaim", "pypi-blobs")
_CLASSES = "/apis/storage.k8s.io/v1/storageclasses"


@dataclass(frozen=True, slots=True)
class Place:
    """A namespace of an API server, and a StorageClass."""

    server: ApiServer
    name: str

    def ensure(self, size: str) -> RegistryView:
        """One pass over the claim; the view that it leaves."""
        claim = {"size": size, "storageClassName": self.name}
        spec = {
            "database": {"type": "Managed"},
            "storage": {"type": "PersistentVolumeClaim", "persistentVolumeClaim": claim},
        }
        metadata = {"namespace": self.name, "name": "pypi", "uid": "u-1"}
        return asyncio.run(self._ensure(PyPIRegistry.parse({"metadata": metadata, "spec": spec})))

    async def _ensure(self, registry: PyPIRegistry) -> RegistryView:
        async with connect(deadline=10, environment={"KUBECONFIG": str(self.server.kubeconfig)}) as kube:
            present = await kube.get(PERSISTENT_VOLUME_CLAIM, self.name, KEY.name)
            view = RegistryView("n-1", {}, {} if present is None else {KEY: present})
            assert await ensure_volume(kube, registry, view) == []
            return view

    def bind(self, capacity: str) -> None:
        """Do what a provisioner and the volume controller would."""
        status = {"status": {"phase": "Bound", "capacity": {"storage": capacity}}}
        path = f"/api/v1/namespaces/{self.name}/persistentvolumeclaims/{KEY.name}/status"
        self.server.call("PATCH", path, status, "application/merge-patch+json")

    def requested(self) -> str:
        found = self.server.call("GET", f"/api/v1/namespaces/{self.name}/persistentvolumeclaims/{KEY.name}")
        assert found is not None
        return str(found["spec"]["resources"]["requests"]["storage"])


@pytest.fixture(params=[True, False], ids=["grows", "stays"])
def grows(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def place(api_server: ApiServer, grows: bool) -> Iterator[Place]:
    name = f"volume-{secrets.token_hex(4)}"
    storage_class: Object = {"metadata": {"name": name}, "provisioner": "example.org/none"}
    api_server.call("POST", _CLASSES, storage_class | {"allowVolumeExpansion": grows})
    api_server.call("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    yield Place(api_server, name)
    api_server.call("DELETE", f"/api/v1/namespaces/{name}")
    api_server.call("DELETE", f"{_CLASSES}/{name}")


def test_a_claim_grows_if_its_class_lets_it(place: Place, grows: bool) -> None:
    made = place.ensure("1024Mi").children[KEY]
    assert made["metadata"]["labels"]["pypiregistry.dev/retained-for"] == "pypi"
    place.bind("1Gi")
    view = place.ensure("1024Mi")
    assert view.refusals == {}
    assert view.children[KEY]["metadata"]["uid"] == made["metadata"]["uid"]

    view = place.ensure("2Gi")
    assert place.requested() == ("2Gi" if grows else "1Gi")
    assert [("must support resize" in text) for text in view.refusals.values()] == ([] if grows else [True])
    assert view.children[KEY]["spec"]["resources"]["requests"]["storage"] == place.requested()
    # A size that was set back changes nothing.
    assert place.ensure("1Gi").refusals == {}
    assert place.requested() == ("2Gi" if grows else "1Gi")


def test_a_claim_without_its_volume_does_not_grow_yet(place: Place) -> None:
    place.ensure("1Gi")
    assert place.ensure("2Gi").refusals[KEY] != ""
    assert place.requested() == "1Gi"
