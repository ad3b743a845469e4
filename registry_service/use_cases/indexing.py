"""The Simple index: a page from memory, else one query → values → bytes → memory."""

import asyncio
import gzip
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import zstandard
from packaging.utils import NormalizedName, canonicalize_name

from registry_service.contract.sync import Upstream
from registry_service.database import Database, Transaction, catalog
from registry_service.domain.simple_index import PackagePage, RootPage, package_page
from registry_service.errors import NotFoundError
from registry_service.memory import Page, PageMemory
from registry_service.rendering import html, json
from registry_service.rendering.negotiation import Encoding, Representation
from registry_service.use_cases.browsing import normalize
from registry_service.use_cases.places import HeldPackage, Place
from registry_service.use_cases.rules import RulesInForce

# A smaller page fits into one packet as it is.
SMALLEST_ENCODED_BYTES: Final = 1024
# Pages are encoded once and sent often, but someone waits for the first.
GZIP_LEVEL: Final = 6
ZSTD_LEVEL: Final = 6


@dataclass(frozen=True, slots=True)
class Form:
    """How a client wants a page."""

    representation: Representation
    encoding: Encoding = Encoding.IDENTITY


@dataclass(frozen=True, slots=True)
class UpstreamPage:
    """A page that is elsewhere: this registry never held the name."""

    url: str


@dataclass(frozen=True, slots=True)
class Indexing:
    """Index pages of projects and of the group. `origin`, as in `https://host`, is where clients see them."""

    database: Database
    rules: RulesInForce
    pages: PageMemory
    origin: str | None

    async def root(self, place: Place, form: Form) -> Page:
        """All packages that have files."""
        async with self.database.snapshot() as tx:
            serials = await place.serials(tx)

        async def make() -> Page:
            async with self.database.snapshot() as tx:
                names = await place.list_package_names(tx)
            return await asyncio.to_thread(self._render_root, RootPage(place.base, names), form)

        return await self.pages.get((place.base, serials, form), make)

    async def package(self, place: Place, spelled: str, form: Form) -> Page | UpstreamPage:
        """One package's page, by its name in any spelling (PEP 503).

        A name that was ever held here is answered here, with no files if need be; any other goes upstream where
        the rules say so, unless it is reserved. Raises NotFoundError.
        """
        name = normalize(spelled)
        async with self.database.snapshot() as tx:
            held = await place.find_package(tx, name)
            if held is None:
                return await self._upstream(tx, name)
        key = (place.base, held.package.id, held.package.serial, held.marker, form)
        return await self.pages.get(key, self._maker(place, held, form))

    def _maker(self, place: Place, held: HeldPackage, form: Form) -> Callable[[], Awaitable[Page]]:
        async def make() -> Page:
            # The files are read after the serial: a page may be newer than its serial says, never older.
            async with self.database.snapshot() as tx:
                files = await catalog.list_files(tx, held.project.id, held.package.id)
            page = package_page(place.base, held.package.name, files, held.marker)
            return await asyncio.to_thread(self._render_package, page, form)

        return make

    def _render_root(self, page: RootPage, form: Form) -> Page:
        render = json.render_root if form.representation is Representation.JSON else html.render_root
        return _page(render(page), form)

    def _render_package(self, page: PackagePage, form: Form) -> Page:
        render = json.render_package if form.representation is Representation.JSON else html.render_package
        return _page(render(page, self.origin), form)

    async def _upstream(self, tx: Transaction, name: NormalizedName) -> UpstreamPage:
        upstream = (await self.rules.read(tx)).upstream
        if upstream is None or _is_reserved(upstream, name):
            raise NotFoundError("Package")
        return UpstreamPage(f"{upstream.url.rstrip('/')}/{name}/")


def _page(content: bytes, form: Form) -> Page:
    """Encode a page and tag it: one tag for each representation and encoding (RFC 9110, section 8.8.3)."""
    encoding = form.encoding if len(content) >= SMALLEST_ENCODED_BYTES else Encoding.IDENTITY
    tag = hashlib.sha256(f"{form.representation} {encoding} ".encode() + content).hexdigest()[:32]
    return Page(_encode(content, encoding), f'"{tag}"', encoding)


def _encode(content: bytes, encoding: Encoding) -> bytes:
    if encoding is Encoding.ZSTD:
        return zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(content)
    if encoding is Encoding.GZIP:
        return gzip.compress(content, compresslevel=GZIP_LEVEL, mtime=0)
    return content


def _is_reserved(upstream: Upstream, name: NormalizedName) -> bool:
    return any(canonicalize_name(reserved) == name for reserved in upstream.reserved_names)
