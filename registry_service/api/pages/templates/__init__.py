"""Renders the pages' templates; every value is escaped."""

from importlib.resources import files
from typing import Final

from fastapi import Response
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

_HEADERS: Final = {
    "cache-control": "private, no-store",
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}
_UNITS: Final = ("B", "KiB", "MiB", "GiB")


def file_size(count: int) -> str:
    """A number of bytes for people: 4.6 KiB."""
    size, unit = float(count), 0
    while size >= 1024 and unit < len(_UNITS) - 1:  # noqa: PLR2004 - what the units mean
        size, unit = size / 1024, unit + 1
    return f"{count} B" if unit == 0 else f"{size:.1f} {_UNITS[unit]}"


def marked(text: str) -> Markup:
    """A text whose words between backticks are code."""
    parts = enumerate(text.split("`"))
    return Markup("").join(Markup("<code>{}</code>").format(part) if odd % 2 else part for odd, part in parts)


_environment: Final = Environment(
    loader=PackageLoader("registry_service.api.pages"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
_environment.filters |= {"file_size": file_size, "marked": marked}


def page(template: str, status: int = 200, **values: object) -> Response:
    """Render a page; it is nobody else's to keep."""
    content = _environment.get_template(template).render(values)
    return Response(content, status, dict(_HEADERS), "text/html")


def stylesheet() -> bytes:
    """The one style sheet."""
    return (files(__package__) / "style.css").read_bytes()
