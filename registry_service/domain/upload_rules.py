"""The rules that an upload must pass: one function each, every problem reported at once.

Name, version, kind and digests must agree between form, file name and archive; everything else comes from the
archive alone, because clients send it differently (design section 6, rule 2).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from packaging.utils import InvalidName, canonicalize_name
from packaging.version import InvalidVersion, Version

from registry_service.domain.archive import ArchiveFacts, Oddity
from registry_service.domain.attestations import attestation_problems
from registry_service.domain.core_metadata import CoreMetadata, read_core_metadata
from registry_service.domain.distribution import Distribution, InvalidFilenameError, Kind, parse_filename, version_after

NEWEST_MAJOR: Final = 2
MAX_TAGS_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class Digests:
    """Hex digests of a file's bytes, computed while they arrived."""

    sha256: str
    md5: str
    blake2_256: str
    sha1: str


@dataclass(frozen=True, slots=True)
class Upload:
    """A received form: its fields without the file, the file's name, size and digests, what its archive holds.

    `sent_as_files` are the fields beside the file that came with a file name of their own.
    """

    fields: Mapping[str, str]
    filename: str
    size: int
    digests: Digests
    facts: ArchiveFacts = field(default_factory=ArchiveFacts)
    sent_as_files: tuple[str, ...] = ()

    def value(self, name: str) -> str | None:
        """A field's value; clients send an empty string or `UNKNOWN` for what is absent."""
        value = self.fields.get(name, "").strip()
        return None if value in ("", "UNKNOWN") else value


@dataclass(frozen=True, slots=True)
class AcceptedUpload:
    """An upload that passed every rule. `attestations` is their JSON array, if any came (PEP 740)."""

    distribution: Distribution
    metadata: CoreMetadata
    attestations: str | None = None


def judge(upload: Upload, *, strict_filenames: bool = False) -> AcceptedUpload | tuple[str, ...]:
    """Apply every rule: the accepted upload, or all problems, one sentence each.

    `strict_filenames` asks for exactly the names of PEP 625 and the binary distribution format; otherwise the
    spellings of older build tools are welcome too.
    """
    problems = list(_form_problems(upload))
    metadata = read_core_metadata(upload.facts.metadata or b"")
    try:
        distribution = parse_filename(upload.filename, name=metadata.name or upload.value("name"))
    except InvalidFilenameError as error:
        problems.append(str(error))
        return tuple(problems)
    claim = _Claim(upload, distribution, metadata)
    rules = _RULES if upload.facts.fault is None else _RULES_WITHOUT_ARCHIVE
    problems += [problem for rule in rules for problem in rule(claim)]
    if strict_filenames:
        problems += _name_is_standard(claim)
    return tuple(problems) or AcceptedUpload(distribution, metadata, upload.value("attestations"))


@dataclass(frozen=True, slots=True)
class _Claim:
    """Form, file name and archive side by side."""

    upload: Upload
    distribution: Distribution
    metadata: CoreMetadata


def _form_problems(upload: Upload) -> Iterator[str]:
    for name in ("name", "version"):
        if upload.value(name) is None:
            yield f"The form field {name} is missing"
    version = upload.value("version")
    if version is not None and not is_valid_version(version):
        yield f"The version {version!r} is not a valid PEP 440 version"
    for name in upload.sent_as_files:
        yield f"The form field {name} was sent as a file: send it as text, only the distribution is a file"


def is_valid_version(version: str) -> bool:
    """GitLab's version rule ("Ensure your version string is valid"), which is PEP 440 without white space around."""
    try:
        Version(version)
    except InvalidVersion:
        return False
    return version.isascii() and version == version.strip()


def _names_agree(claim: _Claim) -> Iterator[str]:
    named = {"The form": claim.upload.value("name"), "The archive": claim.metadata.name}
    for source, name in named.items():
        if name and _normalized(name) != claim.distribution.name:
            yield f"{source} names the package {name!r}, the file name {claim.distribution.name!r}"


def _versions_agree(claim: _Claim) -> Iterator[str]:
    given = {"The form": claim.upload.value("version"), "The archive": claim.metadata.version}
    for source, version in given.items():
        if version and _differs(version, claim.distribution.version):
            yield f"{source} gives the version {version!r}, the file name {str(claim.distribution.version)!r}"


def _kinds_agree(claim: _Claim) -> Iterator[str]:
    kind = claim.upload.value("filetype")
    if kind is not None and kind != claim.distribution.kind:
        yield f"The form's filetype is {kind!r}, the file name's {claim.distribution.kind.value!r}"


def _digests_agree(claim: _Claim) -> Iterator[str]:
    received = claim.upload.digests
    pairs = {
        "sha256_digest": received.sha256,
        "md5_digest": received.md5,
        "blake2_256_digest": received.blake2_256,
    }
    for name, digest in pairs.items():
        given = claim.upload.value(name)
        if given is not None and given.lower() != digest:
            yield f"The form's {name} does not match the file, whose digest is {digest}"


def _attestations_fit(claim: _Claim) -> Iterator[str]:
    upload = claim.upload
    attestations = upload.value("attestations")
    if attestations is not None:
        yield from attestation_problems(attestations, upload.filename, upload.digests.sha256)


def _name_is_standard(claim: _Claim) -> Iterator[str]:
    given, standard = claim.distribution.filename, claim.distribution.standard_filename
    if given != standard:
        yield f"{given} must be named {standard} in this registry (PEP 625): build it again with a current build tool"


def _archive_can_be_read(claim: _Claim) -> Iterator[str]:
    if claim.upload.facts.fault is not None:
        yield f"{claim.upload.filename} cannot be read: {claim.upload.facts.fault}"


def _archive_is_plain(claim: _Claim) -> Iterator[str]:
    for oddity, member in claim.upload.facts.oddities:
        yield f"{claim.upload.filename} {_ODDITIES[oddity].format(member=repr(member))}"


def _archive_is_whole(claim: _Claim) -> Iterator[str]:
    facts, distribution = claim.upload.facts, claim.distribution
    if len(facts.roots) != 1:
        what = ".dist-info folder" if distribution.kind is Kind.WHEEL else "top folder"
        yield f"{distribution.filename} must hold exactly one {what}, not {len(facts.roots)}"
    for member in facts.missing:
        yield f"{distribution.filename} holds no {member}"


def _root_agrees(claim: _Claim) -> Iterator[str]:
    for root in claim.upload.facts.roots:
        if version_after(root.removesuffix(".dist-info"), claim.distribution.name) != claim.distribution.version:
            yield f"The folder {root!r} in the archive is not named for {claim.distribution.filename}"


def _tags_agree(claim: _Claim) -> Iterator[str]:
    given, named = claim.upload.facts.tags, claim.distribution.tags
    if given and given != named:
        yield (
            f"{claim.distribution.filename} is named for other systems than its WHEEL file, "
            f"whose tags are {', '.join(given[:MAX_TAGS_SHOWN])}: build it again, or name it so"
        )


def _metadata_is_known(claim: _Claim) -> Iterator[str]:
    if claim.upload.facts.metadata is None:
        return
    metadata = claim.metadata
    for name, value in (("Name", metadata.name), ("Version", metadata.version)):
        if not value:
            yield f"The archive's metadata has no {name}"
    # Consumers must fail on a newer major version and may read a newer minor one (core metadata specification).
    major = metadata.metadata_version.split(".")[0]
    if not major.isdecimal() or not 1 <= int(major) <= NEWEST_MAJOR:
        yield f"The archive's Metadata-Version {metadata.metadata_version!r} is not supported; 1.x and 2.x are"


_RULES_WITHOUT_ARCHIVE: Final[tuple[Callable[[_Claim], Iterator[str]], ...]] = (
    _archive_can_be_read,
    _names_agree,
    _versions_agree,
    _kinds_agree,
    _digests_agree,
    _attestations_fit,
)
_RULES: Final = (
    *_RULES_WITHOUT_ARCHIVE,
    _archive_is_plain,
    _archive_is_whole,
    _root_agrees,
    _tags_agree,
    _metadata_is_known,
)
# Each says what is wrong with the file, and what its author can do about it.
_ODDITIES: Final[Mapping[Oddity, str]] = {
    Oddity.OUTSIDE: "holds {member}, a path that leads out of the archive: paths must be relative and without '..'",
    Oddity.NAME: "holds {member}: names must be UTF-8, marked as such, without control characters and backslashes",
    Oddity.TWICE: "holds {member} twice: which of them is installed depends on the installer",
    Oddity.CASE: "holds {member} twice for systems that ignore case: give it another name",
    Oddity.LINK: "holds the link {member}: a wheel holds none, an sdist only such as stay in its top folder",
    Oddity.BELOW_LINK: "holds {member} below a link: members must lie in folders",
    Oddity.SPECIAL: "holds {member}, which is neither a file nor a folder",
    Oddity.PRIVILEGED: "holds {member} with a mode that lends its owner's rights: clear its setuid and setgid bits",
    Oddity.UNRECORDED: "holds {member}, which its RECORD does not list: build it again",
    Oddity.ABSENT: "does not hold {member}, which its RECORD lists: build it again",
    Oddity.ALTERED: "holds {member} with another content than its RECORD says, which needs its size and a hash of "
    "SHA-256 or better: build it again after the last change",
    Oddity.SCRIPT: "has the entry point {member}, of which no program can be made: name and object must be plain, "
    "like tool = package.module:function",
    Oddity.SCHEME: "holds {member}, for no part of an installation: a .data folder holds purelib, platlib, headers, "
    "scripts and data",
}


def _normalized(name: str) -> str | None:
    try:
        return canonicalize_name(name, validate=True)
    except InvalidName:
        return None


def _differs(given: str, version: Version) -> bool:
    try:
        return Version(given) != version
    except InvalidVersion:
        return True
