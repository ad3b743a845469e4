"""Core metadata as they are found in the wild, on each database: edge case 14 of uploading."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from tests.outcomes.issue_4 import EDGE_CASES
from tests.support import packages
from tests.support.odd_archives import WHEEL, wheel_as

if TYPE_CHECKING:
    from tests.contract.conftest import Registry

pytestmark = [pytest.mark.anyio, pytest.mark.outcome(EDGE_CASES)]

_METADATA = packages.metadata("odd", "1.0")

METADATA = {
    "latin-1": _METADATA.replace(b"Author: Example", "Author: Jos\xe9".encode("latin-1")),
    "a latin-1 summary": _METADATA.replace(b"Summary: A", b"Summary: \xe9"),
    "surrogates": _METADATA.replace(b"Summary: A", b"Summary: \xed\xa0\x80"),
    "UTF-8": _METADATA.replace(b"Summary: A", "Summary: \u017c\U0001f40d".encode()),
    "a byte order mark": b"\xef\xbb\xbf" + _METADATA,
    "CRLF": _METADATA.replace(b"\n", b"\r\n"),
    "folded": _METADATA.replace(b"Summary: A", b"Summary: A\n        second line\n\tand a third\x00"),
    "a long description in the header": _METADATA.replace(b"\n\n", b"\nDescription: one\n        two\n", 1),
    "2.0": _METADATA.replace(b"2.1", b"2.0", 1),
    "2.6": _METADATA.replace(b"2.1", b"2.6", 1).replace(b"\n\n", b"\nImport-Name: odd\nDynamic: requires-dist\n\n", 1),
    "2.9": _METADATA.replace(b"2.1", b"2.9", 1).replace(b"\n\n", b"\nNobody-Knows: yet\n\n", 1),
    "License-File with 2.1": _METADATA.replace(b"\n\n", b"\nLicense-File: LICENSE\n\n", 1),
    "License and License-Expression": _METADATA.replace(b"\n\n", b"\nLicense: MIT\nLicense-Expression: MIT\n\n", 1),
    "invalid Requires-Python": _METADATA.replace(b">=3.6", b">=3.6.*"),
    "invalid requirement": _METADATA.replace(b"\n\n", b"\nRequires-Dist: a b c ;;\nProvides-Extra: \xff\n\n", 1),
    "keywords": _METADATA.replace(b"\n\n", b"\nKeywords: ['a', 1]\nKeywords: b\nProject-URL: nonsense\n\n", 1),
    "classifiers": _METADATA.replace(b"\n\n", b"\n" + b"Classifier: Private :: Do Not Upload\n" * 1400 + b"\n", 1),
    "a multipart description": _METADATA.replace(b"\n\n", b"\nContent-Type: multipart/mixed; boundary=x\n\n--x\n", 1),
}


async def test_odd_metadata_is_served_as_it_is(registry: Registry) -> None:
    """6.14: METADATA in any encoding and form is stored, and `.metadata` has its bytes."""
    token = await registry.token()
    for number, (kind, odd) in enumerate(METADATA.items()):
        name, content = f"odd{number}", odd.replace(b"Name: odd", f"Name: odd{number}".encode())
        wheel = wheel_as(f"{name}-1.0-py3-none-any.whl", content=content)
        answer = await registry.publish(wheel, token)
        assert answer.status_code == 201, (kind, answer.text)
        (file,) = (await registry.page(token, name)).json()["files"]
        served = await registry.http.get(file["url"] + ".metadata", auth=("a", token))
        assert served.content == content, kind
        assert file["core-metadata"] == {"sha256": hashlib.sha256(content).hexdigest()}, kind
        html = await registry.page(token, name, {"accept": "text/html"})
        assert (html.status_code, wheel.filename in html.text) == (200, True), kind
    packages_page = await registry.http.get("/api/v4/projects/demo/packages?per_page=100", auth=("a", token))
    assert len(packages_page.json()) == len(METADATA)


async def test_a_requires_python_that_makes_no_sense(registry: Registry) -> None:
    """6.14: an invalid Requires-Python stands in the index word for word; installers pass over it."""
    token = await registry.token()
    await registry.publish(wheel_as(WHEEL, content=METADATA["invalid Requires-Python"]), token)
    (file,) = (await registry.page(token, "odd")).json()["files"]
    assert file["requires-python"] == ">=3.6.*"
