"""Settings → adapters → use cases: the one place where they are put together."""

import secrets
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from registry_service.archives import ArchivePool
from registry_service.contract.sync import Rules
from registry_service.database.transaction import open_database
from registry_service.memory import PageMemory
from registry_service.memory.failures import PER_ADDRESS, FailureCounts, Failures
from registry_service.memory.uses import Uses
from registry_service.settings import Settings
from registry_service.storage import BlobStore
from registry_service.storage.filesystem import FilesystemStore
from registry_service.storage.s3 import S3Store
from registry_service.use_cases.auditing import Auditing
from registry_service.use_cases.authenticating import Authenticating
from registry_service.use_cases.backing_up import BackingUp
from registry_service.use_cases.browsing import Browsing
from registry_service.use_cases.curating import Curating
from registry_service.use_cases.downloading import Downloading
from registry_service.use_cases.founding import Founding
from registry_service.use_cases.indexing import Indexing
from registry_service.use_cases.minting import Minting
from registry_service.use_cases.publishing import Publishing
from registry_service.use_cases.restoring import Restoring
from registry_service.use_cases.rules import RulesInForce
from registry_service.use_cases.service import Service
from registry_service.use_cases.signing_in import SigningIn
from registry_service.use_cases.token_sync import TokenSync


def compose(settings: Settings) -> Service:
    """Build the service. Connects to nothing. Raises StorageError."""
    database = open_database(settings.database_url)
    store = _store(settings)
    archives = ArchivePool()
    rules = RulesInForce(Rules(max_upload_size=settings.max_upload_size))
    # Without a proxy that we trust, an address may be that of one, and so of everybody.
    failures = Failures(by_address=FailureCounts(PER_ADDRESS) if settings.trusted_proxies else None)
    authenticating = Authenticating(database, rules, _sync_key(settings.sync_directory), _now, failures, Uses())
    return Service(
        settings=settings,
        database=database,
        archives=archives,
        auditing=Auditing(database),
        authenticating=authenticating,
        backing_up=BackingUp(database, store, _now),
        browsing=Browsing(database),
        curating=Curating(database, rules, _now),
        downloading=Downloading(database, store),
        publishing=Publishing(database, store, archives, rules, _now, lambda: uuid.uuid4().hex),
        token_sync=TokenSync(database, rules, _now, lambda: f'"{secrets.token_hex(16)}"'),
        minting=Minting(database, _now, secrets.token_bytes),
        founding=Founding(database, store, settings.identity, _now),
        indexing=Indexing(database, rules, PageMemory(), settings.external_url),
        restoring=Restoring(database, store, _now),
        signing_in=SigningIn(database, authenticating, _now, secrets.token_bytes),
    )


def _store(settings: Settings) -> BlobStore:
    if isinstance(settings.store, Path):
        return FilesystemStore(settings.store)
    return S3Store(settings.store)


def _sync_key(directory: Path | None) -> Callable[[], bytes | None]:
    # The file is small, and read each time: a changed Secret counts at once.
    return lambda: None if directory is None else (directory / "key").read_bytes().strip()


def _now() -> datetime:
    return datetime.now(UTC)
