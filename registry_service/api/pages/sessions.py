"""The cookie of a signed-in browser, and forms that only our own pages may send."""

from typing import Final
from urllib.parse import parse_qsl, quote, urlsplit

from fastapi import Request, Response

from registry_service.api.bodies import read_bounded
from registry_service.errors import RefusedError
from registry_service.use_cases.signing_in import SESSION_LIFETIME

MAX_FORM_BYTES: Final = 16 * 1024
# A browser takes the prefix only from HTTPS, and then lets no other host or path set the cookie.
_SECURE_COOKIE: Final = "__Host-registry-session"
_PLAIN_COOKIE: Final = "registry-session"


def read(request: Request, external_url: str | None) -> str | None:
    """The secret of the browser's session. Over HTTPS the plain cookie counts for nothing: others may have set it."""
    return request.cookies.get(_SECURE_COOKIE if _is_https(request, external_url) else _PLAIN_COOKIE)


def write(response: Response, request: Request, secret: str, external_url: str | None) -> None:
    """Give a browser its session; the cookie is Secure wherever the registry is served over HTTPS."""
    secure = _is_https(request, external_url)
    response.set_cookie(
        _SECURE_COOKIE if secure else _PLAIN_COOKIE,
        secret,
        max_age=int(SESSION_LIFETIME.total_seconds()),
        secure=secure,
        httponly=True,
        samesite="lax",
    )


def clear(response: Response, request: Request, external_url: str | None) -> None:
    """Take its session from a browser."""
    secure = _is_https(request, external_url)
    response.delete_cookie(_SECURE_COOKIE if secure else _PLAIN_COOKIE, secure=secure, httponly=True, samesite="lax")


def _is_https(request: Request, external_url: str | None) -> bool:
    return (external_url or str(request.base_url)).startswith("https://")


async def read_form(request: Request) -> dict[str, str]:
    """A small form, sent from a page of this registry. Raises RefusedError for any other."""
    origin = request.headers.get("origin")
    if origin is None or urlsplit(origin).netloc != request.headers.get("host"):
        raise RefusedError("The form was not sent from a page of this registry")
    body = await read_bounded(request, MAX_FORM_BYTES)
    if body is None:
        raise RefusedError(f"The form is larger than {MAX_FORM_BYTES} bytes")
    return dict(parse_qsl(body.decode("utf-8", "replace")))


def local_path(target: str) -> str:
    """Where to go after signing in: a path of this registry, whatever was asked for."""
    parts = urlsplit(target)
    is_local = target.startswith("/") and not parts.netloc and not parts.scheme and "\\" not in target
    return target if is_local else "/"


def quoted(path: str) -> str:
    """A path as the value of a query parameter."""
    return quote(path, safe="/")
