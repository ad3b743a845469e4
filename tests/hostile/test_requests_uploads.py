"""Upload forms that lie, swell, repeat themselves or name what nobody may name."""

from __future__ import annotations

import hashlib
import threading
import time
from typing import TYPE_CHECKING

import pytest

from registry_service.contract import urls
from tests.hostile.target import Answer, statuses
from tests.support import packages
from tests.support.forms import BOUNDARY, CONTENT_TYPE, file, form, part

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.hostile.target import Target

pytestmark = pytest.mark.hostile

_UPLOAD = urls.upload_path("attacker")
_WHEEL = packages.wheel(name="hostile")
_FIELDS = (part("name", "hostile"), part("version", "0.0.1"))
_MANY = 20


def _upload(target: Target, body: bytes, content_type: str = CONTENT_TYPE) -> Answer:
    return target.ask("POST", _UPLOAD, headers={"content-type": content_type}, body=body)


def _refused(answer: Answer) -> None:
    assert answer.status == 400, answer
    assert len(answer.body) < 4096, "it is for a person to read"
    assert b"<img" not in answer.body or answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "filename",
    [
        b"hostile-0.0.1-py3-none-any.whl\0.txt",
        b"hostile-0.0.1-py3-none-any.whl%0d%0aX: y",
        b"hostile-0.0.1-py3-none-any.whl;x",
        b'hostile-0.0.1-py3-none-any.whl\\"',
        b"<img src=x onerror=alert(1)>-0.0.1-py3-none-any.whl",
        "hostile-0.0.1-py3-none-any\u202elhw.whl".encode(),
        "hostile-0.0.1-py3-none-any\u200b.whl".encode(),
        b"a" * 256 + b"-0.0.1-py3-none-any.whl",
        b"hostile-0.0.1-py3-none-any.whl.",
        b"hostile-0.0.1-py3-none-any.whl ",
        b"../../hostile-0.0.1-py3-none-any.whl",
        b"..\\hostile-0.0.1-py3-none-any.whl",
        b"/etc/hostile-0.0.1-py3-none-any.whl",
        b"hostile-0.0.1-py3-none-any.WHL",
        b"hostile-0.0.1-py3-none-any.exe",
        b"",
        b".whl",
        b"-.whl",
    ],
)
def test_file_names(target: Target, filename: bytes) -> None:
    """3.2/34: what is no name of a distribution, byte for byte, is refused."""
    _refused(_upload(target, form(*_FIELDS, file(_WHEEL, filename=filename))))


def test_two_names_of_one_file(target: Target) -> None:
    """3.2/35: `filename*` is not read, a second `content` is refused, and so is one without a name."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="content"; '.encode()
    starred = head + b"filename*=UTF-8''hostile-0.0.1-py3-none-any.whl\r\n\r\n" + _WHEEL.content + b"\r\n"
    _refused(_upload(target, form(*_FIELDS, starred)))
    both = b"filename=\"evil.exe\"; filename*=UTF-8''hostile-0.0.1-py3-none-any.whl\r\n\r\n"
    _refused(_upload(target, form(*_FIELDS, head + both + _WHEEL.content + b"\r\n")))
    _refused(_upload(target, form(*_FIELDS, file(_WHEEL), file(_WHEEL))))
    _refused(_upload(target, form(*_FIELDS, part("content", _WHEEL.content))))


@pytest.mark.parametrize(
    "fields",
    [
        [part("name", "other"), part("version", "0.0.1")],
        [part("name", "hostile"), part("version", "0.0.2")],
        [*_FIELDS, part("filetype", "sdist")],
        [part("version", "0.0.1"), part("name", "hostile evil")],
        [part("name", "hostile"), part("version", "0.0.1 evil")],
        [part("name", "hostile"), part("version", "1" * 10_000)],
        [part("name", "hostile"), part("version", "\uff10.\uff10.\uff11")],
        [part("name", "h" * 10_000), part("version", "0.0.1")],
        [part("name", "hostile\0"), part("version", "0.0.1")],
    ],
    ids=range(9),
)
def test_a_form_that_says_something_else_than_the_file(target: Target, fields: list[bytes]) -> None:
    """3.2/37, 3.2/38: name, version and kind must be the file's; and that is known at once."""
    started = time.monotonic()
    _refused(_upload(target, form(*fields, file(_WHEEL))))
    assert time.monotonic() - started < 1


_SWOLLEN: Mapping[str, Callable[[], bytes]] = {
    "70 fields of a mebibyte": lambda: form(*_FIELDS, *(part(f"f{one}", bytes(2**20 - 1)) for one in range(70))),
    "one field of 70 MiB": lambda: form(*_FIELDS, part("description", bytes(70 * 2**20))),
    "100,000 empty parts": lambda: form(*_FIELDS, *[part("x", "")] * 100_000),
    "1,001 files": lambda: form(*_FIELDS, *[part("f", "x", filename=b"f.whl")] * 1001),
    "a large version": lambda: form(part("name", "hostile"), part("version", "1" * 2**20), file(_WHEEL)),
    "10,000 headers": lambda: f"--{BOUNDARY}\r\n".encode() + b"X: y\r\n" * 10_000 + b"\r\n",
    "a header of 10 MiB": lambda: f"--{BOUNDARY}\r\nX: ".encode() + b"y" * (10 * 2**20),
    "a preamble of 50 MiB": lambda: b"\r\n" * (25 * 2**20) + form(*_FIELDS),
    "boundaries that are none": lambda: f"\r\n--{BOUNDARY[:-1]}x".encode() * 200_000 + form(*_FIELDS),
    "an epilogue of 50 MiB": lambda: form(*_FIELDS) + b"\r\n" * (25 * 2**20),
}


@pytest.mark.parametrize("name", _SWOLLEN)
def test_forms_that_swell(target: Target, name: str) -> None:
    """3.2/40, 3.2/41 (CVE-2026-42561, CVE-2026-40347, CVE-2024-53981): refused, in bounded memory and time."""
    _refused(_upload(target, _SWOLLEN[name]()))


@pytest.mark.parametrize(
    "content_type",
    [
        'multipart/form-data; !="' + "\\" * 30_000 + '"',
        "multipart/form-data; boundary=" + "b" * 30_000,
        "multipart/form-data; boundary=",
        'multipart/form-data; boundary="a\r',
        "multipart/form-data;" + " " * 30_000 + "x",
        "multipart/form-data; boundary=a; boundary=b",
        "multipart/form-data; boundary=\xff\xfe",
        "multipart/mixed; boundary=" + BOUNDARY,
        "application/x-www-form-urlencoded",
        "text/plain",
    ],
    ids=range(10),
)
def test_content_types(target: Target, content_type: str) -> None:
    """3.2/41 (CVE-2024-24762): none takes long to read, and only a form is one."""
    lines = (f"Content-Type: {content_type}", "Content-Length: 5", "Connection: close")
    started = time.monotonic()
    assert statuses(target.exchange(target.head("POST", _UPLOAD, *lines) + b"--a--", seconds=5)) == [400]
    assert time.monotonic() - started < 1


def test_digests_of_another_file(target: Target) -> None:
    """3.2/59: whatever is given must be right, in lower or upper case; nothing given is right too."""
    for wrong in (
        part("sha256_digest", "0" * 64),
        part("sha256_digest", "0"),
        part("md5_digest", "0" * 32),
        part("blake2_256_digest", hashlib.blake2b(b"", digest_size=32).hexdigest()),
    ):
        _refused(_upload(target, form(*_FIELDS, file(_WHEEL), wrong)))
    right = part("sha256_digest", _WHEEL.sha256.upper())
    assert _upload(target, form(*_FIELDS, file(_WHEEL), right)).status == 201


def test_a_name_that_was_ever_taken(target: Target) -> None:
    """3.2/62: other bytes under a name are refused, also once the file is deleted."""
    name, other = "taken", packages.wheel(name="taken", extra="Keywords: other\n")
    wheel = packages.wheel(name=name)
    fields = (part("name", name), part("version", "0.0.1"))
    assert _upload(target, form(*fields, file(wheel))).status == 201
    _refused(_upload(target, form(*fields, file(other))))
    found = target.ask("GET", f"/api/v4/projects/attacker/packages?package_name={name}").json()
    assert isinstance(found, list)
    assert target.ask("DELETE", f"/api/v4/projects/attacker/packages/{found[0]['id']}").status == 204
    _refused(_upload(target, form(*fields, file(other))))


@pytest.mark.parametrize(
    "name", [".meta", "simple", "+api", "-", "_", "..", "packages", "files", "integrity", "%2e%2e"]
)
def test_names_of_our_own_paths(target: Target, name: str) -> None:
    """3.2/70: a package may be called as a path is, and then is only a package; what is no name is refused."""
    wheel = packages.wheel(name=name)
    answer = _upload(target, form(part("name", name), part("version", "0.0.1"), file(wheel)))
    assert answer.status == (201 if name.isalpha() else 400)
    assert target.ask("GET", urls.index_path("attacker")).status == 200
    assert target.ask("GET", urls.package_path(_UPLOAD, "simple")).status in (200, 404)


def test_twenty_uploads_at_once(target: Target) -> None:
    """3.2/46: of one token, each crawling: they wait in files, not in memory, and others are served."""
    body = form(*_FIELDS, file(packages.wheel(name="hostile", padding=8 * packages.MIB)))
    head = target.head("POST", _UPLOAD, f"Content-Type: {CONTENT_TYPE}", f"Content-Length: {len(body)}")
    crowd = [target.connect() for _ in range(_MANY)]

    def send(number: int) -> None:
        crowd[number].sendall(head + body[:-100])

    threads = [threading.Thread(target=send, args=(number,)) for number in range(_MANY)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert target.ask("GET", urls.index_path("attacker")).status == 200
    for one in crowd:
        one.close()
