"""Bytes that a parser has not been written for: kept ones, with pieces changed, cut, repeated, swapped and joined."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Sequence

# Numbers that formats give a meaning to, and letters that they separate with.
_PIECES = (
    *(number.to_bytes(width, "little") for width in (1, 2, 4, 8) for number in (0, 1, 2 ** (8 * width) - 1)),
    *(b"\n", b"\r\n", b"\0", b" ", b":", b",", b";", b"=", b'"', b"/", b"../", b"\\", b"-", b".", b"\xff", b"%00"),
    *(b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"PK\x07\x08", b"\x1f\x8b"),
    *("\u202e".encode(), "\u00df".encode(), b"\xed\xa0\x80", b"9" * 30, b"a" * 300),
)
_MOST = 2**20
_EDITS = ("put", "insert", "cut", "repeat", "flip", "join")


def mutated(corpus: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """One of the kept inputs after some edits."""
    edit = st.tuples(
        st.sampled_from(_EDITS),
        st.integers(0, _MOST),
        st.integers(0, 64),
        st.sampled_from(_PIECES),
        st.integers(0, len(corpus) - 1),
    )
    return st.builds(_edited, st.sampled_from(corpus), st.lists(edit, max_size=6), st.just(corpus))


def _edited(content: bytes, edits: Sequence[tuple[str, int, int, bytes, int]], corpus: Sequence[bytes]) -> bytes:
    for kind, place, length, piece, other in edits:
        content = _edit(content, kind, place % (len(content) + 1), (length, piece, corpus[other]))
    return content


def _edit(content: bytes, kind: str, place: int, what: tuple[int, bytes, bytes]) -> bytes:
    length, piece, other = what
    before, after = content[:place], content[place:]
    match kind:
        case "put":
            return before + piece + after[len(piece) :]
        case "insert":
            return before + piece + after
        case "cut":
            return before + after[length:]
        case "repeat":
            return before + after[:length] * 2 + after[length:]
        case "flip":
            return before + bytes(byte ^ (1 << length % 8) for byte in after[:1]) + after[1:]
        case _:
            return before + other[place % (len(other) + 1) :]
