"""Which form of an index page a client wants (PEP 691), and how encoded (RFC 9110, section 12.5.3)."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Final


class Representation(StrEnum):
    """The forms of a page, by the content type that an answer carries. JSON has no charset: uv compares it whole."""

    JSON = "application/vnd.pypi.simple.v1+json"
    HTML = "application/vnd.pypi.simple.v1+html"
    TEXT = "text/html; charset=utf-8"


class Encoding(StrEnum):
    """The content codings of a page, in the order in which a tie is decided."""

    ZSTD = "zstd"
    GZIP = "gzip"
    IDENTITY = "identity"


# In the order in which a tie is decided. `*/*` must give HTML: browsers and curl send it (PEP 691).
_OFFERED: Final = {
    "application/vnd.pypi.simple.v1+json": Representation.JSON,
    "application/vnd.pypi.simple.latest+json": Representation.JSON,
    "application/vnd.pypi.simple.v1+html": Representation.HTML,
    "application/vnd.pypi.simple.latest+html": Representation.HTML,
    "text/html": Representation.TEXT,
}
_WILDCARDS: Final = {"*/*": Representation.TEXT, "text/*": Representation.TEXT, "application/*": Representation.JSON}
MAX_RANGES: Final = 50


def negotiate(accept: str | None, wanted: str | None = None) -> Representation | None:
    """Choose by an Accept header, by q-values and then by precision; None means 406.

    `wanted` is the `format` of the URL, which overrides the header (PEP 691); its `+` may have become a space.
    No header is `*/*`. Only the first MAX_RANGES media ranges are read.
    """
    if wanted is not None:
        return _OFFERED.get(wanted.strip().lower().replace(" ", "+"))
    if accept is None or not accept.strip():
        return Representation.TEXT
    best: tuple[float, int, int] | None = None
    chosen: Representation | None = None
    refused = {media for media, quality in _ranges(accept) if quality == 0}
    for position, (media, quality) in enumerate(_ranges(accept)):
        offered = _OFFERED.get(media) or _WILDCARDS.get(media)
        if offered is None or quality == 0 or offered.value.split(";")[0] in refused:
            continue
        rank = (quality, int(media in _OFFERED), -position)
        if best is None or rank > best:
            best, chosen = rank, offered
    return chosen


def accepts(accept: str | None, media_type: str) -> bool:
    """Whether an Accept header allows a content type that is JSON, by itself or a wildcard."""
    if accept is None or not accept.strip():
        return True
    qualities = dict(_ranges(accept))
    found = (qualities.get(media) for media in (media_type, "application/json", "application/*", "*/*"))
    return any(quality is not None and quality > 0 for quality in found)


def negotiate_encoding(accept_encoding: str | None) -> Encoding:
    """Choose by an Accept-Encoding header. What is nowhere accepted is still sent as it is, as the standard allows."""
    qualities = dict(_ranges(accept_encoding or ""))
    default = qualities.get("*", 0.0)
    encoding = max((Encoding.ZSTD, Encoding.GZIP), key=lambda coding: qualities.get(coding, default))
    quality = qualities.get(encoding, default)
    return encoding if quality > 0 and quality >= qualities.get(Encoding.IDENTITY, 0.0) else Encoding.IDENTITY


def _ranges(accept: str) -> Iterator[tuple[str, float]]:
    for item in accept.split(",", MAX_RANGES)[:MAX_RANGES]:
        media, *parameters = (part.strip().lower() for part in item.split(";"))
        yield media, _quality(parameters)


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                quality = float(value)
            except ValueError:
                return 0.0
            return quality if 0 <= quality <= 1 else 0.0
    return 1.0
