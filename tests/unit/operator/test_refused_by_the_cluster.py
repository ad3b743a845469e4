"""What an API server answers that does not do what it is asked, and what that means to a pass: on a real connection."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path

import pytest
from aiohttp import web

from registry_operator.cluster.connecting import connect
from registry_operator.cluster.kinds import HTTP_ROUTE
from registry_operator.cluster.kube import Kube
from registry_operator.errors import (
    ChangedMeanwhileError,
    ClusterError,
    ForbiddenError,
    KindNotServedError,
    RejectedError,
)

ROUTE = {
    "apiVersion": "gateway.networking.k8s.io/v1",
    "kind": "HTTPRoute",
    "metadata": {"namespace": "team-a", "name": "pypi"},
}


async def _serve(
    folder: Path, answer: str, scenario: Callable[[Kube], Awaitable[None]], status: HTTPStatus = HTTPStatus.NOT_FOUND
) -> None:
    async def refuse(_: web.Request) -> web.Response:
        return web.Response(text=answer, status=status)

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", refuse)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    config = {
        "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{runner.addresses[0][1]}"}}],
        "users": [{"name": "u", "user": {}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    (folder / "config").write_text(json.dumps(config))
    try:
        async with connect(deadline=10, environment={"KUBECONFIG": str(folder / "config")}) as kube:
            await scenario(kube)
    finally:
        await runner.cleanup()


def test_of_a_kind_that_is_not_served_there_is_none_and_none_can_be_made(tmp_path: Path) -> None:
    async def scenario(kube: Kube) -> None:
        assert await kube.find(HTTP_ROUTE, "team-a") == []
        with pytest.raises(KindNotServedError, match=r"does not serve gateway\.networking\.k8s\.io/v1: install"):
            await kube.create(ROUTE)

    asyncio.run(_serve(tmp_path, "404 page not found\n", scenario))


def test_a_namespace_that_has_gone_is_something_else(tmp_path: Path) -> None:
    async def scenario(kube: Kube) -> None:
        with pytest.raises(ChangedMeanwhileError):
            await kube.create(ROUTE)

    details = {"name": "team-a", "kind": "namespaces"}
    status = {"kind": "Status", "message": 'namespaces "team-a" not found', "reason": "NotFound", "details": details}
    asyncio.run(_serve(tmp_path, json.dumps(status), scenario))


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ('services is forbidden: User "system:serviceaccount:a:b" cannot create resource "services"', ForbiddenError),
        ('services "x" is forbidden: exceeded quota: small, requested: services=1, used: services=0', RejectedError),
        ('admission webhook "costs.example" denied the request: name a cost centre', RejectedError),
        ("services \"x\" is forbidden: ValidatingAdmissionPolicy 'costs' denied request: no", RejectedError),
    ],
)
def test_only_authorization_speaks_of_the_operators_rights(
    tmp_path: Path, words: str, error: type[ClusterError]
) -> None:
    async def scenario(kube: Kube) -> None:
        with pytest.raises(ClusterError, match=re.escape(words)) as caught:
            await kube.create(ROUTE)
        assert type(caught.value) is error

    answer = json.dumps({"kind": "Status", "message": words, "reason": "Forbidden"})
    asyncio.run(_serve(tmp_path, answer, scenario, HTTPStatus.FORBIDDEN))
