"""The sync Secret is changed by others too, and a pass may not bring back what it read before that."""

import asyncio
import datetime as dt
import secrets

import pytest

from registry_operator.cluster.kinds import SECRET, Kind, Object
from registry_operator.errors import ChangedMeanwhileError
from registry_operator.reconcilers.sync_port import SyncPort
from registry_operator.resources.registry import PyPIRegistry
from tests.support.fake_kube import FakeKube
from tests.unit.operator.test_registry_pass import NAMESPACE, decoded, registry

_NAME = "demo-sync"
_NOW = dt.datetime(2026, 11, 24, tzinfo=dt.UTC)


class _Corrected(FakeKube):
    """Somebody writes a key into the sync Secret right after it was read."""

    key = ""

    async def get(self, kind: Kind, namespace: str | None, name: str) -> Object | None:
        found = await super().get(kind, namespace, name)
        if found is not None and self.key:
            self.write(self.key)
            self.key = ""
        return found

    def write(self, key: str) -> None:
        """Write a key, base64 as it is."""
        body = self.objects["Secret", NAMESPACE, _NAME]
        self.put(body | {"data": body["data"] | {"key": key}})


def test_a_key_that_is_corrected_meanwhile_stays() -> None:
    async def scenario() -> None:
        kube = _Corrected()
        wanted = PyPIRegistry.parse(kube.put(registry()))
        port = SyncPort(kube, lambda: _NOW, secrets.token_bytes, lambda _: "https://nowhere.example")
        await port.ensure_secret(wanted)
        kube.write("d3Jvbmc=")
        kube.key = "cmlnaHQ="
        with pytest.raises(ChangedMeanwhileError):
            await port.ensure_secret(wanted)
        await port.ensure_secret(wanted)
        found = await kube.get(SECRET, NAMESPACE, _NAME)
        assert found is not None
        assert decoded(found)["key"] == "right"

    asyncio.run(scenario())
