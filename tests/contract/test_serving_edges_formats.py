"""Which form of a page a client gets, at the edges of content negotiation, over a socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from registry_service.rendering.negotiation import Representation
from tests.outcomes import issue_4
from tests.support import packages, schemas

if TYPE_CHECKING:
    import httpx2

    from tests.contract.conftest import Registry

pytestmark = [pytest.mark.anyio, pytest.mark.outcome(issue_4.EDGE_CASES)]

_PAGE = "/api/v4/projects/demo/packages/pypi/simple/mypypipackage/"
_JSON, _HTML = Representation.JSON.value, Representation.HTML.value
_ACCEPTED: tuple[tuple[str | None, str | None], ...] = (
    (None, "text/html; charset=utf-8"),
    ("*/*", "text/html; charset=utf-8"),
    ("text/*", "text/html; charset=utf-8"),
    ("application/json", None),
    (f"{_JSON};q=0", None),
    (f"{_JSON};q=0, */*", "text/html; charset=utf-8"),
    ("application/vnd.pypi.simple.latest+json", _JSON),
    ("application/vnd.pypi.simple.latest+html", _HTML),
    ("application/vnd.pypi.simple.v2+json", None),
    ("application/vnd.pypi.simple.v2+json, application/vnd.pypi.simple.v1+json;q=0.1", _JSON),
    (_JSON.upper(), _JSON),
    (f"{_JSON} ;q=1 ,", _JSON),
    (", ".join([_JSON, *["image/png"] * 500]), _JSON),
    ("image/png," * 5000, None),
    ("\xe9\xff", None),
)


async def test_an_odd_accept_header_gets_a_page_that_it_allows_or_406(
    registry: Registry, wire: httpx2.AsyncClient
) -> None:
    """6.24: `Accept` absent and in every odd form; the type of the answer is always a concrete one."""
    token = await registry.token()
    await registry.publish(packages.wheel(), token)
    for accept, type_ in _ACCEPTED:
        headers = [] if accept is None else [(b"accept", accept.encode("latin-1"))]
        answer = await wire.get(_PAGE, headers=headers, auth=("a", token))
        assert (accept, answer.status_code) == (accept, 406 if type_ is None else 200)
        assert answer.headers["content-type"] == (type_ or "application/json")
        assert "Accept" in answer.headers["vary"]
        if type_ is None:
            schemas.validate("error", answer.json())


async def test_a_list_may_come_in_several_headers(registry: Registry, wire: httpx2.AsyncClient) -> None:
    """6.23, 6.24: RFC 9110, section 5.3: the lines of one header are one list."""
    token = await registry.token()
    await registry.publish(packages.wheel(), token)
    several = [("accept", "image/png"), ("accept", _JSON)]
    page = await wire.get(_PAGE, headers=several, auth=("a", token))
    assert (page.status_code, page.headers["content-type"]) == (200, _JSON)
    known = [*several, ("if-none-match", '"x"'), ("if-none-match", page.headers["etag"])]
    assert (await wire.get(_PAGE, headers=known, auth=("a", token))).status_code == 304


_FORMATS = (
    ("application/vnd.pypi.simple.v1+json", _JSON),
    ("application/vnd.pypi.simple.v1%2Bjson", _JSON),
    ("application/vnd.pypi.simple.v1%20json", _JSON),
    ("application%2Fvnd.pypi.simple.latest%2Bhtml", _HTML),
    ("text/html&other=1", "text/html; charset=utf-8"),
    ("application/vnd.pypi.simple.v2%2Bjson", None),
    ("text/html,application/json", None),
    ("", None),
)


async def test_the_format_of_the_url_counts_more_than_accept(registry: Registry, wire: httpx2.AsyncClient) -> None:
    """6.24: its `+` may have become a space on the way; what is not offered is 406."""
    token = await registry.token()
    await registry.publish(packages.wheel(), token)
    for wanted, type_ in _FORMATS:
        headers = {"accept": "text/html" if type_ == _JSON else _JSON}
        answer = await wire.get(f"{_PAGE}?format={wanted}", headers=headers, auth=("a", token))
        assert (wanted, answer.status_code) == (wanted, 406 if type_ is None else 200)
        assert answer.headers["content-type"] == (type_ or "application/json")
