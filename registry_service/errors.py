"""What can go wrong in a registry, in its own words. HTTP is not among them: `rendering.errors` translates.

RegistryError
├── UnauthenticatedError     no credential, or one that cannot be verified
│   └── TooManyFailuresError the latter, too often
├── HiddenError              verified, but what is asked for is not theirs to know of
├── ForbiddenError           theirs to know of, but not with this token, or not in this state
├── NotFoundError            there is no such package, file or page
├── RefusedError             the request is wrong, for every reason listed
│   ├── FileNameTakenError   the file name belongs to other bytes
│   └── DeletedNameError     the file name belongs to a file that was deleted
├── GoneError                what is asked for was part of the protocol once
├── BusyError                too much is being done at once; the same request will do later
│   └── ReadOnlyError        nothing may change for now
├── PortError                an address cannot be listened on
├── SyncRefusedError         a body of the sync port that cannot be accepted
├── DatabaseError            the database cannot be used, for a reason the operator knows
└── StorageError             the blob store cannot be used, for a reason the operator knows
    └── BlobMissingError     the store has no blob under a key
"""


class RegistryError(Exception):
    """Base of all errors that the service explains to its caller."""


class UnauthenticatedError(RegistryError):
    """No credential, or one that cannot be verified."""


class TooManyFailuresError(UnauthenticatedError):
    """A credential that cannot be verified, as so many before it; `seconds` from now nobody will remember them."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many failures; the next in {seconds} seconds")
        self.seconds = seconds


class HiddenError(RegistryError):
    """The asker may not learn whether it exists; `what` is the kind of thing: Project, Group."""

    def __init__(self, what: str = "Project") -> None:
        super().__init__(f"{what} not found")
        self.what = what


class ForbiddenError(RegistryError):
    """The asker may know of the project, but the token's scopes, or `why`, do not allow this."""

    def __init__(self, why: str = "") -> None:
        super().__init__(why)
        self.why = why


class NotFoundError(RegistryError):
    """There is no such thing; `what` names its kind: Package, File, Page."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} not found")
        self.what = what


class RefusedError(RegistryError):
    """The request is wrong; `problems` lists everything that is, one sentence each."""

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class FileNameTakenError(RefusedError):
    """The file name, or the same kind of file of the same release, belongs to other bytes, for ever."""

    def __init__(self, filename: str, *, known_as: str, sha256: str) -> None:
        same = filename == known_as
        owner = (
            f"{filename} already exists"
            if same
            else f"the release has this kind of file as {known_as}, which already exists"
        )
        super().__init__(f"Validation failed: File name has already been taken ({owner} with sha256 {sha256})")


class DeletedNameError(RefusedError):
    """The name, or this kind of file of this release, was a file's that has been deleted: it never means another."""

    def __init__(self, filename: str) -> None:
        super().__init__(
            "Validation failed: File name has already been taken "
            f"({filename} was previously used by a file that has since been deleted; publish a new version)"
        )


class GoneError(RegistryError):
    """What is asked for was part of the protocol once; the message says what takes its place."""


class BusyError(RegistryError):
    """Too much is being done at once; the same request will do later. The message says what there is too much of."""


class ReadOnlyError(BusyError):
    """The registry's owner lets nothing change for now."""

    def __init__(self) -> None:
        super().__init__("The registry is read-only for maintenance; try again later")


class PortError(RegistryError):
    """An address cannot be listened on; the message says which and why."""


class SyncRefusedError(RegistryError):
    """A body of the sync port that cannot be accepted; `reason` is one of the contract's refusal reasons."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


class ReasonedError(RegistryError):
    """A dependency cannot be used; `reason` is a condition reason of the operator's, `message` says what to do."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


class DatabaseError(ReasonedError):
    """The database cannot be used."""


class StorageError(ReasonedError):
    """The blob store cannot be used."""


class BlobMissingError(StorageError):
    """The store has no blob under a key that the database names."""

    def __init__(self, key: str) -> None:
        super().__init__("BlobMissing", f"the store holds no blob {key}")
