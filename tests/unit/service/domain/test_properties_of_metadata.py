"""What a file says of itself, over generated texts: one line that a database, JSON and HTML can hold."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry_service.domain.core_metadata import read_core_metadata
from tests.outcomes import issue_4

pytestmark = pytest.mark.outcome(issue_4.PROPERTIES)

_TEXT = st.text(
    st.characters(codec="utf-8") | st.sampled_from("\x00\x07\x85\u2028\ufdd0\ufffe\U0010ffff\t<&"), max_size=20
)


@settings(derandomize=True, max_examples=150, deadline=None)
@given(_TEXT)
def test_a_field_is_one_line_of_what_can_be_written_anywhere(text: str) -> None:
    """6.14, 6.18: controls and noncharacters become spaces; everything else stays as it was."""
    line = text.translate({ord(end): None for end in "\r\n"})
    content = f"Metadata-Version: 2.1\nName: foo\nVersion: 1\nSummary: {line}\nRequires-Python: {line}\n"
    read = read_core_metadata(content.encode())
    for field in (read.summary, read.requires_python or ""):
        assert not any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in field)
        assert not any(ord(character) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(character) <= 0xFDEF for character in field)
        written = [character for character in line if character.isprintable() and not character.isspace()]
        assert [character for character in field if character.isprintable() and not character.isspace()] == written
