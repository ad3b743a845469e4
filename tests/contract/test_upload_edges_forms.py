"""Upload forms as clients really send them, and as none should: edge cases 1 to 6 and 9 of uploading."""

from __future__ import annotations

import hashlib
import itertools
from typing import TYPE_CHECKING

import pytest

from registry_service.api import upload_form
from registry_service.api.upload_form import received_form
from registry_service.errors import RefusedError
from tests.outcomes.issue_4 import EDGE_CASES
from tests.support import packages
from tests.support.forms import CONTENT_TYPE, file, form, part
from tests.support.odd_archives import wheel_as

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx2

    from tests.contract.conftest import Registry

pytestmark = [pytest.mark.anyio, pytest.mark.outcome(EDGE_CASES)]

_URL = "/api/v4/projects/demo/packages/pypi"
_WHEEL = packages.wheel()
_NAME, _VERSION = part("name", "mypypipackage"), part("version", "0.0.1")
_ATTESTATIONS = part("attestations", '[{"version": 1}]')


async def _post(registry: Registry, *parts: bytes, url: str = _URL) -> httpx2.Response:
    auth, headers = ("a", await registry.token()), {"content-type": CONTENT_TYPE}
    return await registry.http.post(url, content=form(*parts), headers=headers, auth=auth)


async def test_a_readme_of_megabytes(registry: Registry) -> None:
    """6.1: a README of several MB arrives, in the form and in the wheel."""
    readme = "A line of a long README.\n" * 100_000
    wheel = wheel_as("long-1.0-py3-none-any.whl", content=packages.metadata("long", "1.0") + readme.encode())
    description = part("description", readme * 3)
    answer = await _post(registry, part("name", "long"), part("version", "1.0"), description, file(wheel))
    assert answer.status_code == 201, answer.text
    (listed,) = (await registry.page(await registry.token(), "long")).json()["files"]
    metadata = await registry.http.get(listed["url"] + ".metadata", auth=("a", await registry.token()))
    assert metadata.content.endswith(readme.encode())


async def test_thousands_of_fields(registry: Registry) -> None:
    """6.2: thousands of fields arrive; more than any package has are refused."""
    fields = [part("requires_dist", f"package-{number}") for number in range(upload_form.MAX_FIELDS)]
    assert (await _post(registry, *fields[:-3], _NAME, _VERSION, file(_WHEEL))).status_code == 201
    refused = await _post(registry, *fields, _NAME, _VERSION, file(_WHEEL))
    assert (refused.status_code, refused.json()["errors"]) == (400, ["The form has more than 20000 fields"])


async def test_fields_come_in_any_order(registry: Registry) -> None:
    """6.3: in any order, attestations behind the file included."""
    token = await registry.token()
    for order in itertools.permutations((_NAME, _VERSION, _ATTESTATIONS, file(_WHEEL))):
        assert (await _post(registry, *order)).status_code == 201
    assert await registry.filenames("mypypipackage", token) == [_WHEEL.filename]


async def test_attestations_are_kept_wherever_they_stand() -> None:
    """6.3: attestations are kept, before or behind the file, up to a bound."""
    for order in itertools.permutations((_ATTESTATIONS, file(_WHEEL))):
        async with received_form(_pieces(form(*order)), CONTENT_TYPE, limit=10**6) as received:
            assert received.fields["attestations"] == '[{"version": 1}]'
            assert received.path.read_bytes() == _WHEEL.content
    long = form(file(_WHEEL), part("attestations", "x" * (upload_form.KEPT_FIELDS["attestations"] + 1)))
    with pytest.raises(RefusedError, match="attestations is longer than 1048576 bytes"):
        async with received_form(_pieces(long), CONTENT_TYPE, limit=10**6):
            pass


@pytest.mark.parametrize(
    "more",
    [
        [part("classifiers", "Private :: A"), part("classifiers", "Private :: B"), part("provides_extras", "x")],
        [part("requires_python", ""), part("keywords", ""), part("filetype", ""), part("md5_digest", "")],
        [part("license", "UNKNOWN"), part("filetype", "UNKNOWN"), part("sha256_digest", "UNKNOWN")],
        [part("summary", "a\0b"), part("a\0b", "x")],
        [part("gpg_signature", b"\x88\x00", filename=b"a.asc", content_type="application/pgp-signature")],
        [part("metadata_version", "2.3"), part("protocol_version", "1"), part("name", "another name")],
    ],
    ids=["repeated", "empty", "UNKNOWN", "NUL", "signature", "recomputed"],
)
async def test_fields_that_mean_nothing_change_nothing(registry: Registry, more: list[bytes]) -> None:
    """6.3: repeated, unknown, empty, `UNKNOWN`, NUL, a signature: what the archive says counts."""
    assert (await _post(registry, _NAME, _VERSION, *more, file(_WHEEL))).status_code == 201


async def test_nul_in_a_name_or_version(registry: Registry) -> None:
    """6.3: NUL in a field that counts is refused like any other wrong value."""
    refused = await _post(registry, part("name", "mypypi\0package"), part("version", "0.0.1\0"), file(_WHEEL))
    assert refused.status_code == 400
    assert len(refused.json()["errors"]) == 3


async def test_a_field_sent_as_a_file(registry: Registry) -> None:
    """6.3: a field that was sent as a file is named, together with all other problems."""
    sent = [part("summary", "text", filename=b"summary.txt"), part("version", "0.0.1", filename=b"v")]
    refused = await _post(registry, part("name", "other"), *sent, file(_WHEEL))
    problems = refused.json()["errors"]
    assert (refused.status_code, len(problems)) == (400, 3)
    for field in ("summary", "version"):
        assert (
            f"The form field {field} was sent as a file: send it as text, only the distribution is a file" in problems
        )
    many = [part(f"field_{number}", "x", filename=b"x") for number in range(1000)]
    refused = await _post(registry, _NAME, _VERSION, *many, file(_WHEEL))
    assert len(refused.json()["errors"]) == upload_form.MAX_SENT_AS_FILES


async def test_the_action_may_be_left_out_or_stand_in_the_query(registry: Registry) -> None:
    """6.4: `:action` is missing, empty, in the query."""
    for url in (_URL, f"{_URL}?:action=file_upload", f"{_URL}/?:action=file_upload&protocol_version=1"):
        assert (await _post(registry, _NAME, _VERSION, file(_WHEEL), url=url)).status_code == 201
    for action in ("", "file_upload"):
        assert (await _post(registry, part(":action", action), _NAME, _VERSION, file(_WHEEL))).status_code == 201


async def test_retired_actions_are_gone(registry: Registry) -> None:
    """6.4: `submit`, `submit_pkg_info` and `doc_upload` are 410 and say what to do; anything else is 400."""
    for action in ("submit", "submit_pkg_info", "doc_upload"):
        for gone in (
            await _post(registry, part(":action", action), _NAME, _VERSION),
            await _post(registry, _NAME, _VERSION, file(_WHEEL), url=f"{_URL}?:action={action}"),
        ):
            assert gone.status_code == 410
            sentence = f"The action {action} is retired: upload a distribution with :action=file_upload"
            assert gone.json() == {
                "message": f"410 Gone - {sentence}",
                "code": f"410 {sentence}",
                "errors": [sentence],
            }
            assert gone.headers["x-error-message"] == sentence
    for wrong in (part(":action", "remove_pkg"), part(":action", "file_upload\0")):
        refused = await _post(registry, wrong, _NAME, _VERSION, file(_WHEEL))
        assert (refused.status_code, "must be file_upload" in refused.json()["message"]) == (400, True)
    assert (await registry.page(await registry.token())).status_code == 404


async def test_a_part_without_a_content_type(registry: Registry) -> None:
    """6.5: uv and flit give the file's part no Content-Type, others application/octet-stream or a guess."""
    for content_type in (None, "application/octet-stream", "application/x-tar", "nonsense"):
        answer = await _post(registry, _NAME, _VERSION, file(_WHEEL, content_type=content_type))
        assert answer.status_code == 201


@pytest.mark.parametrize(
    "filename",
    [
        b"../mypypipackage-0.0.1-py3-none-any.whl",
        b"dist/mypypipackage-0.0.1-py3-none-any.whl",
        b"..\\mypypipackage-0.0.1-py3-none-any.whl",
        b"C:\\dist\\mypypipackage-0.0.1-py3-none-any.whl",
        b"\\\\host\\mypypipackage-0.0.1-py3-none-any.whl",
        b"mypypipackage-0.0.1-py3-none-any.whl\0",
        b"mypypipackage-0.0.1-py3-none-any\x7f.whl",
        b"mypypipackage-0.0.1-py3-none-any\x08.whl",
        b"mypypipackage-0.0.1-py3-none-any.whl ",
        "mypypipackage-0.0.1-py3-none-äny.whl".encode(),
        "mypypipackage-0.0.1-py3-none-äny.whl".encode("latin-1"),
        "mypypipackage-0.0.1-py3-none-\U0001f40d.whl".encode(),
        b"mypypipackage-0.0.1-py3-none-%2e%2e%2fany.whl",
        b".",
        b"",
        b"a" * 3000,
    ],
)
async def test_a_file_name_that_is_none(registry: Registry, filename: bytes) -> None:
    """6.5: paths, backslashes, control characters, DEL and what is not ASCII are refused."""
    refused = await _post(registry, _NAME, _VERSION, file(_WHEEL, filename=filename))
    assert refused.status_code == 400
    assert "file name" in refused.json()["message"] or "the file no name" in refused.json()["message"]
    assert (await registry.page(await registry.token())).status_code == 404


async def test_a_file_without_a_name(registry: Registry) -> None:
    """6.5: `content` without a filename is a field, not a file; without `content` there is nothing to publish."""
    refused = await _post(registry, _NAME, _VERSION, part("content", _WHEEL.content))
    assert refused.json()["errors"] == [
        "The form gives the file no name: its part needs a filename of the distribution's"
    ]
    refused = await _post(registry, _NAME, _VERSION)
    assert (refused.status_code, refused.json()["errors"]) == (400, ["The form has no file field content"])


async def test_the_longest_file_name(registry: Registry) -> None:
    """6.5: a name and `.metadata` behind it have 255 bytes; one more is refused."""
    tail = "-1.0-py3-none-any.whl"
    name = "n" * (255 - len(".metadata") - len(tail))
    for stem, status in ((name, 201), (name + "n", 400)):
        wheel = wheel_as(stem + tail)
        answer = await _post(registry, part("name", stem), part("version", "1.0"), file(wheel))
        assert answer.status_code == status, answer.text
    token = await registry.token()
    (listed,) = (await registry.page(token, name)).json()["files"]
    assert (await registry.http.get(listed["url"] + ".metadata", auth=("a", token))).status_code == 200


async def test_digests_of_every_client(registry: Registry) -> None:
    """6.6: md5 alone, sha256 with blake2, none, upper case; they are computed here in any case."""
    md5, sha256 = hashlib.md5(_WHEEL.content).hexdigest(), _WHEEL.sha256
    blake2 = hashlib.blake2b(_WHEEL.content, digest_size=32).hexdigest()
    rows = [{"md5_digest": md5}, {"sha256_digest": sha256, "blake2_256_digest": blake2}, {}]
    rows += [{name: value.upper() for name, value in row.items()} for row in rows]
    for row in rows:
        fields = [part(name, value) for name, value in row.items()]
        assert (await _post(registry, *fields, _NAME, _VERSION, file(_WHEEL))).status_code == 201
    url = "/api/v4/projects/demo/packages/1/package_files"
    (listed,) = (await registry.http.get(url, auth=("a", await registry.token()))).json()
    assert (listed["file_md5"], listed["file_sha256"]) == (md5, sha256)


async def test_digests_that_are_another_files(registry: Registry) -> None:
    """6.6: a digest that does not fit is refused, all of them at once; so is one that is no hex."""
    wrong = {"md5_digest": "0" * 32, "sha256_digest": "0" * 64, "blake2_256_digest": "rL0Y20zC+Fzt72VPzMSk2A=="}
    refused = await _post(registry, *(part(*row) for row in wrong.items()), _NAME, _VERSION, file(_WHEEL))
    assert refused.status_code == 400
    assert [problem.split()[2] for problem in refused.json()["errors"]] == [
        "sha256_digest",
        "md5_digest",
        "blake2_256_digest",
    ]


async def test_both_spellings_of_the_upload_url(registry: Registry) -> None:
    """6.9: with and without the final slash, never a redirect."""
    for url in (_URL, _URL + "/"):
        assert (await _post(registry, _NAME, _VERSION, file(_WHEEL), url=url)).status_code == 201


async def test_an_upload_to_the_index(registry: Registry) -> None:
    """6.9: 405 on the index's URLs, from which uv concludes that a person took one URL for the other."""
    for path in ("/simple", "/simple/", "/simple/mypypipackage/", "/+simple/mypypipackage/"):
        refused = await _post(registry, _NAME, _VERSION, file(_WHEEL), url=_URL + path)
        assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")
        assert refused.headers["content-type"] == "application/json"


async def test_all_problems_at_once(registry: Registry) -> None:
    """6.3, 6.6, 6.13: whoever mends a form is told everything that is wrong with it."""
    wheel = wheel_as("odd-1.0-py3-none-any.whl", dist_info="other-2.0", content=packages.metadata("third", "3.0"))
    fields = [part("name", "fourth"), part("version", "4.0"), part("filetype", "sdist"), part("md5_digest", "x")]
    problems = (await _post(registry, *fields, file(wheel))).json()["errors"]
    assert len(problems) == 7, problems
    assert len(set(problems)) == 7


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 1000):
        yield body[start : start + 1000]
