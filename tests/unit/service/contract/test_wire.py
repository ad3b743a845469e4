"""JSON of the sync port: what is written is read back, and nothing that is not known is let in."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_service.contract import sync, wire
from registry_service.contract.sync import (
    Binding,
    Refusal,
    RefusalReason,
    Rules,
    SetPage,
    SetSummary,
    TokenSet,
    Upstream,
)
from registry_service.contract.tokens import Scope, TokenType

_text = st.text(max_size=20)
_entries = st.builds(
    sync.TokenEntry,
    id=_text,
    digest=_text,
    name=_text,
    type=st.sampled_from(TokenType),
    scopes=st.lists(st.sampled_from(Scope), max_size=4).map(tuple),
    username=st.none() | _text,
    not_after=st.none() | st.integers(),
    imported=st.booleans(),
)
_values = st.one_of(
    st.builds(TokenSet, namespace=_text, tokens=st.lists(_entries, max_size=3).map(tuple)),
    st.builds(
        Rules,
        max_upload_size=st.integers(),
        upstream=st.none() | st.builds(Upstream, url=_text, reserved_names=st.lists(_text, max_size=3).map(tuple)),
        bindings=st.lists(st.builds(Binding, namespace=_text, uid=_text), max_size=3).map(tuple),
    ),
    st.builds(SetPage, sets=st.lists(st.builds(SetSummary, _text, _text, _text, _text), max_size=3).map(tuple)),
    st.builds(Refusal, reason=st.sampled_from(RefusalReason), message=_text),
)


@given(_values)
def test_a_body_reads_back_as_what_was_written(value: object) -> None:
    assert wire.decode(type(value), wire.encode(value)) == value


def test_a_body_is_canonical_and_leaves_defaults_out() -> None:
    token = sync.TokenEntry(id="i", digest="d", name="n", type=TokenType.JOB, not_after=5)
    body = wire.encode(TokenSet(namespace="team-a", tokens=(token,)))
    assert body == b'{"namespace":"team-a","tokens":[{"digest":"d","id":"i","name":"n","notAfter":5,"type":"Job"}]}'
    assert wire.encode(Rules()) == b"{}"


def test_names_are_those_of_kubernetes() -> None:
    body = json.loads(wire.encode(SetSummary(namespace="a", namespace_uid="u", digest="d", etag="e")))
    assert set(body) == {"namespace", "namespaceUID", "digest", "etag"}
    assert "projectID" in json.loads(wire.encode(sync.SetReply(project_id=1, project="a")))


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "body must be dict, not list"),
        (b"{}", "body.namespace is missing"),
        (b'{"namespace": 1}', "body.namespace must be str, not int"),
        (b'{"namespace": "a", "tokens": {}}', "body.tokens must be list, not dict"),
        (b'{"namespace": "a", "tokens": [{"id": "i"}]}', "body.tokens[0].digest is missing"),
        (b'{"namespace":"a","tokens":[{"id":"i","digest":"d","name":"n","type":"Root"}]}', "'Root' is not one of"),
        (
            b'{"namespace":"a","tokens":[{"id":"i","digest":"d","name":"n","type":"Job","notAfter":true}]}',
            "body.tokens[0].notAfter must be int, not bool",
        ),
    ],
)
def test_a_wrong_body_is_refused_with_the_place(body: bytes, problem: str) -> None:
    with pytest.raises(wire.WireError) as caught:
        wire.decode(TokenSet, body)
    assert problem in str(caught.value)


def test_an_unknown_field_is_told_apart_from_a_wrong_one() -> None:
    with pytest.raises(wire.UnknownFieldError, match=r"body\.superuser is not a field"):
        wire.decode(TokenSet, b'{"namespace": "a", "superuser": true}')


def test_null_is_an_absent_value() -> None:
    assert wire.decode(Rules, b'{"upstream": null}') == Rules()


def test_a_body_has_a_digest() -> None:
    assert sync.body_digest(b"{}") == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
