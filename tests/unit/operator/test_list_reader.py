"""A list that comes in pieces, cut anywhere."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_operator.cluster.list_reader import ListReader

ITEMS = [
    {"metadata": {"name": "one", "note": 'a "quoted" ], "items":[ text'}},
    {"metadata": {"name": "two", "note": "n\u00fcrnberg \U0001f40d"}, "items": [{"a": []}], "n": [1, -2.5e3, None]},
    {},
]
REST = {"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": "7", "continue": ""}}
INDENTS = st.sampled_from([None, 2])


def take(document: bytes, size: int) -> tuple[list[object], list[str], object]:
    """Read a list in pieces of that size: its items, their JSON, and the rest."""
    reader = ListReader()
    pieces = (document[place : place + size] for place in range(0, len(document), size))
    read = [item for piece in pieces for item in reader.feed(piece)]
    return [body for _, body in read], [text for text, _ in read], reader.rest()


@given(st.integers(1, 400), st.booleans(), INDENTS, st.booleans())
def test_items_come_as_they_are_complete(size: int, first: bool, indent: int | None, escaped: bool) -> None:
    document = {"items": ITEMS} | REST if first else REST | {"items": ITEMS}
    encoded = json.dumps(document, indent=indent, ensure_ascii=escaped).encode()
    items, texts, rest = take(encoded, size)
    assert items == ITEMS
    assert [json.loads(text) for text in texts] == ITEMS
    assert rest == REST | {"items": []}


@given(st.integers(1, 50), INDENTS)
def test_a_list_may_be_empty(size: int, indent: int | None) -> None:
    for empty in ("[]", "null"):
        encoded = json.dumps(REST | {"items": json.loads(empty)}, indent=indent).encode()
        assert take(encoded, size) == ([], [], REST | {"items": json.loads(empty)})


def test_a_list_that_ends_early_is_none() -> None:
    encoded = json.dumps(REST | {"items": ITEMS}).encode()
    for end in (len(encoded) - 1, encoded.index(b"two"), 10, 0):
        with pytest.raises(json.JSONDecodeError):
            take(encoded[:end], 64)
