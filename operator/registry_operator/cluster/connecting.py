"""Opening the connection: a kubeconfig when one is named, else the pod's own ServiceAccount."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from kubernetes.aio import config
from kubernetes.aio.client import ApiClient, Configuration

from registry_operator.cluster.kube import APIServer, Observe

# To pack long lists costs the API server more than the way to it does.
UNCOMPRESSED: Final = {"Accept-Encoding": "identity"}


def _unobserved(_method: str, _code: int | None, _seconds: float) -> None:
    """Nobody counts."""


@asynccontextmanager
async def connect(
    *, deadline: float, environment: Mapping[str, str] = os.environ, observe: Observe = _unobserved
) -> AsyncIterator[APIServer]:
    """Open a connection whose calls take at most `deadline` seconds each.

    `KUBECONFIG` in `environment` comes first, as in every Kubernetes client.
    """
    # Else the client looks for a .netrc, in a thread, before each call; a kubeconfig's `proxy-url` counts all the same.
    configuration = Configuration(client_session_kwargs={"trust_env": False, "headers": UNCOMPRESSED})
    if environment.get("KUBECONFIG"):
        await config.load_kube_config(environment["KUBECONFIG"], client_configuration=configuration)
    else:
        config.load_incluster_config(client_configuration=configuration)
    async with ApiClient(configuration) as client:
        yield APIServer(client, deadline=deadline, observe=observe)
