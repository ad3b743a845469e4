"""All verbs of one registry, as composition hands them to the API, the servers and the commands."""

from dataclasses import dataclass

from registry_service.archives import ArchivePool
from registry_service.database import Database
from registry_service.settings import Settings
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
from registry_service.use_cases.signing_in import SigningIn
from registry_service.use_cases.token_sync import TokenSync


@dataclass(frozen=True, slots=True)
class Service:
    """Every use case of one process, and what must be closed when it ends."""

    settings: Settings
    database: Database
    archives: ArchivePool
    auditing: Auditing
    authenticating: Authenticating
    backing_up: BackingUp
    browsing: Browsing
    curating: Curating
    downloading: Downloading
    publishing: Publishing
    token_sync: TokenSync
    minting: Minting
    founding: Founding
    indexing: Indexing
    restoring: Restoring
    signing_in: SigningIn
