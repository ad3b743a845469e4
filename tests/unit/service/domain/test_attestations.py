"""Attestations (PEP 740): what is kept, and what is refused because it is about something else."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_service.domain.attestations import STATEMENT_TYPE, attestation_problems

_NAME, _SHA256 = "foo-1.0.tar.gz", "a" * 64


def _statement(**other: Any) -> str:  # Any: JSON
    subject = [{"name": _NAME, "digest": {"sha256": _SHA256}}]
    statement = {"_type": STATEMENT_TYPE, "subject": subject, "predicateType": "p", "predicate": None, **other}
    return base64.b64encode(json.dumps(statement).encode()).decode()


def _attestation(**other: Any) -> dict[str, Any]:  # Any: as above
    envelope = {"statement": _statement(), "signature": "c2ln"}
    return {"version": 1, "verification_material": {"certificate": "Yw=="}, "envelope": envelope, **other}


def _problems(value: object) -> list[str]:
    return list(attestation_problems(json.dumps(value), _NAME, _SHA256))


def test_attestations_of_this_file_are_kept() -> None:
    assert _problems([_attestation(), _attestation()]) == []


@pytest.mark.parametrize("field", ["{", "[" * 100_000, "[]", "{}", "null", '"text"'])
def test_anything_but_an_array_is_refused(field: str) -> None:
    assert list(attestation_problems(field, _NAME, _SHA256)) == [
        "The form field attestations must be a JSON array of attestation objects (PEP 740)"
    ]


@pytest.mark.parametrize(
    ("attestation", "problem"),
    [
        (1, "is not an attestation object of version 1"),
        (_attestation(version=2), "is not an attestation object of version 1"),
        (_attestation(envelope=None), "lacks one of verification_material, envelope"),
        (_attestation(envelope={}), "holds no statement of the type"),
        (_attestation(envelope={"statement": "?"}), "holds no statement of the type"),
        (_attestation(envelope={"statement": "W10="}), "holds no statement of the type"),
        (_attestation(envelope={"statement": _statement(_type="other")}), "holds no statement of the type"),
        (_attestation(envelope={"statement": _statement(subject=[])}), "holds no statement of the type"),
        (_attestation(envelope={"statement": _statement(subject=[1])}), "holds no statement of the type"),
        (_attestation(envelope={"statement": _statement(subject=[{"digest": 1}])}), "holds no statement of the type"),
        (_attestation(envelope={"statement": _statement(subject=[{"name": _NAME}])}), "is about another file than"),
        (_attestation(envelope={"statement": _statement(subject=[{"name": "b"}])}), "is about another file than"),
    ],
)
def test_each_problem_names_its_attestation(attestation: object, problem: str) -> None:
    (said,) = _problems([_attestation(), attestation])
    assert said.startswith(f"Attestation 2 {problem}")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=10,
)


@given(_JSON)
def test_no_json_is_an_error(value: object) -> None:
    assert all(_problems([_attestation(envelope={"statement": value})]))
    assert all(_problems(value))
