"""The small files of a wheel that tell installers what to do: WHEEL, entry_points.txt, and where `.data` goes."""

import configparser
import re
from collections.abc import Iterator
from itertools import product
from typing import Final

from registry_service.archives.limits import UnreadableError

MAX_FILE_BYTES: Final = 1024 * 1024
MAX_TAGS: Final = 10_000
_TAG_PARTS: Final = 3
_SCRIPTS: Final = ("console_scripts", "gui_scripts")
# The folders of an installation that a wheel may put files into ("Installing a wheel", step 2).
SCHEMES: Final = frozenset(("purelib", "platlib", "headers", "scripts", "data", "include", "platinclude"))
# No path, no option of a shell, nothing that a system reads otherwise.
_SCRIPT_NAME: Final = re.compile(r"(?!\.{1,2}\Z)[^\\/:<>|?*\x00-\x1f\x7f]+")
_OBJECT: Final = re.compile(r"\s*[\w.]+\s*:\s*[\w.]+\s*(?:\[[^\[\]\n]*\]\s*)?")


def read_wheel_file(text: bytes) -> tuple[str, ...]:
    """The compatibility tags of a WHEEL file, one by one. Raises UnreadableError for what is no tag."""
    tags: set[str] = set()
    for line in text.decode("utf-8", "replace").splitlines():
        key, _, value = line.partition(":")
        if key.strip().lower() == "tag":
            tags.update(_expanded(value.strip().lower()))
    return tuple(sorted(tags))


def _expanded(tag: str) -> Iterator[str]:
    parts = tag.split("-")
    choices = [part.split(".") for part in parts]
    count = 1
    for choice in choices:
        count *= len(choice)
    if len(parts) != _TAG_PARTS or count > MAX_TAGS:
        raise UnreadableError(f"its WHEEL file has the tag {tag[:80]!r}: tags are like py3-none-any")
    return ("-".join(each) for each in product(*choices))


def first_odd_script(text: bytes) -> str | None:
    """The first script of an entry_points.txt that installers must not write; None when all are sane.

    Its name becomes a file's in the folder of programs, and its value a line of Python in it.
    """
    parser = configparser.RawConfigParser(delimiters=("=",), strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # as the specification says: case counts
    try:
        parser.read_string(text.decode("utf-8"))
    except (configparser.Error, UnicodeDecodeError):
        return "entry_points.txt"
    scripts = ((name, value) for group in _SCRIPTS if parser.has_section(group) for name, value in parser.items(group))
    return next((name for name, value in scripts if not _is_sane(name, value)), None)


def _is_sane(name: str, value: str | None) -> bool:
    return bool(_SCRIPT_NAME.fullmatch(name)) and value is not None and bool(_OBJECT.fullmatch(value))


def leads_nowhere(name: str) -> bool:
    """Whether a path below `….data` is in no folder that an installation has."""
    top, _, rest = name.partition("/")
    return top.endswith(".data") and rest != "" and rest.partition("/")[0] not in SCHEMES
