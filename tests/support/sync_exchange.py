"""The operator's requests to a sync port, over a client that leads to an application in this process."""

import httpx2

from registry_operator.registry_client import Exchange, Reply, Request


def exchange_over(client: httpx2.AsyncClient) -> Exchange:
    """What a RegistryClient sends with."""

    async def exchange(request: Request) -> Reply:
        reply = await client.request(
            request.method, request.path, params=request.query, headers=request.headers, content=request.body
        )
        return Reply(reply.status_code, reply.headers.get("etag", ""), reply.content)

    return exchange
