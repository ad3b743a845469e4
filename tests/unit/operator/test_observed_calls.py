"""Every call of the two APIs is told to who counts them: how it ended, and how long it took."""

import asyncio
import json
from http import HTTPStatus
from pathlib import Path

import pytest
from aiohttp import web

from registry_operator import registry_client
from registry_operator.cluster import connecting
from registry_operator.cluster.kinds import CONFIG_MAP
from registry_operator.errors import ClusterError, RegistryError
from registry_operator.registry_client import SyncAddress
from registry_service.contract import sync, wire
from tests.unit.operator.sync_peer import Answer, always, json_reply, listening


def _kubeconfig(folder: Path, server: str) -> dict[str, str]:
    config = {
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": {}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    (folder / "config").write_text(json.dumps(config))
    return {"KUBECONFIG": str(folder / "config")}


@pytest.mark.parametrize("status", [200, 404, 503])
def test_requests_to_the_kubernetes_api_are_told_by_method_and_status(tmp_path: Path, status: int) -> None:
    told: list[tuple[str, int | None]] = []

    async def answer(_: web.Request) -> web.Response:
        return web.json_response({}, status=status)

    async def main() -> None:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", answer)
        runner = web.AppRunner(application)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        environment = _kubeconfig(tmp_path, f"http://127.0.0.1:{runner.addresses[0][1]}")
        async with connecting.connect(deadline=10, environment=environment, observe=note) as kube:
            if status < HTTPStatus.INTERNAL_SERVER_ERROR:
                await kube.get(CONFIG_MAP, "team-a", "x")
            else:
                with pytest.raises(ClusterError):
                    await kube.get(CONFIG_MAP, "team-a", "x")
        await runner.cleanup()

    def note(method: str, code: int | None, seconds: float) -> None:
        assert 0 < seconds < 10
        told.append((method, code))

    asyncio.run(main())
    assert told == [("GET", status)]


def test_an_api_server_that_does_not_answer_is_told_without_a_status(tmp_path: Path) -> None:
    told: list[tuple[str, int | None]] = []

    async def main() -> None:
        environment = _kubeconfig(tmp_path, "http://127.0.0.1:1")
        async with connecting.connect(
            deadline=10, environment=environment, observe=lambda method, code, _: told.append((method, code))
        ) as kube:
            with pytest.raises(ClusterError):
                await kube.delete({"kind": "ConfigMap", "metadata": {"namespace": "a", "name": "x", "uid": "1"}})

    asyncio.run(main())
    assert told == [("DELETE", None)]


_STATE = sync.RulesState(etag='"1"', digest=None)
_REFUSAL = sync.Refusal(sync.RefusalReason.ETAG_MISMATCH, "because")


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (always(json_reply(200, wire.encode(_STATE))), "accepted"),
        (always(json_reply(412, wire.encode(_REFUSAL))), "refused"),
        (always(json_reply(500, b"broken")), "unreachable"),
        (always(b"nonsense\r\n\r\n"), "unreachable"),
    ],
    ids=["accepted", "refused", "broken", "nonsense"],
)
def test_calls_of_a_sync_port_are_told_by_how_they_ended(answer: Answer, result: str) -> None:
    told: list[str] = []

    async def main() -> None:
        async with listening(answer) as peer:
            address = SyncAddress(peer.url, peer.ca, "sesame", 5.0)
            async with registry_client.connect(address, lambda ended, _: told.append(ended)) as client:
                if result == "accepted":
                    await client.rules()
                else:
                    with pytest.raises(RegistryError):
                        await client.rules()

    asyncio.run(main())
    assert told == [result]
