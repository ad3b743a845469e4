"""Kubernetes quantities, as the CRD's patterns admit them: bytes with at most one suffix, shares of CPUs; seconds."""

import re
from decimal import Decimal
from typing import Final

_PATTERN: Final = re.compile(r"([0-9]+)(Ki|Mi|Gi|Ti|Pi|Ei|k|M|G|T|P|E)?", re.ASCII)
_BINARY: Final = {"Ei": 2**60, "Pi": 2**50, "Ti": 2**40, "Gi": 2**30, "Mi": 2**20, "Ki": 2**10}
_DECIMAL: Final = {"E": 10**18, "P": 10**15, "T": 10**12, "G": 10**9, "M": 10**6, "k": 10**3}
_CPU: Final = re.compile(r"([0-9]{1,9})m|([0-9]{1,6}(?:\.[0-9]{1,3})?)", re.ASCII)
_FACTORS: Final = {None: 1} | _BINARY | _DECIMAL
# A century: the CRDs allow far less, and soon beyond it lies what no date can be.
_LONGEST_SECONDS: Final = 100 * 366 * 24 * 3600


def in_bytes(quantity: str) -> int:
    """The number of bytes that a quantity such as `50Mi` means. Raises ValueError for anything else."""
    match = _PATTERN.fullmatch(quantity)
    if match is None:
        raise ValueError(f"{quantity!r} is not a number of bytes such as 50Mi")
    return int(match[1]) * _FACTORS[match[2]]


def canonical(quantity: str) -> str:
    """The same quantity as the API server writes it back (`1024Mi` is `1Gi`), so that comparing sees no change.

    Raises ValueError for what is no quantity of bytes.
    """
    size = in_bytes(quantity)
    suffixes = _BINARY if quantity.endswith("i") else _DECIMAL
    suffix = next((suffix for suffix, factor in suffixes.items() if size and size % factor == 0), "")
    return f"{size // suffixes.get(suffix, 1)}{suffix}"


def canonical_cpu(quantity: str) -> str:
    """A share of CPUs as the API server writes it back: `0.5` is `500m`, `1000m` is `1`.

    Raises ValueError for what is no such share, to a thousandth.
    """
    match = _CPU.fullmatch(quantity)
    if match is None:
        raise ValueError(f"{quantity!r} is not a share of CPUs such as 500m")
    thousandths = int(match[1]) if match[1] else int(Decimal(match[2]) * 1000)
    return f"{thousandths}m" if thousandths % 1000 else str(thousandths // 1000)


def require_seconds(seconds: int) -> None:
    """Raises ValueError for a duration that cannot be added to a date."""
    if not 0 <= seconds <= _LONGEST_SECONDS:
        raise ValueError(f"{seconds} seconds are no time from 0 to {_LONGEST_SECONDS}")
