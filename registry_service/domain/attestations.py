"""Attestations that come with an upload (PEP 740): kept and served, after a look at what they are about.

Their signatures are for the reader to verify: this registry knows no publisher's identity beyond its own tokens.
"""

import base64
import binascii
import json
from collections.abc import Iterator
from typing import Any, Final

STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
_VERSION: Final = 1
_KEYS: Final = ("verification_material", "envelope")


def attestation_problems(field: str, filename: str, sha256: str) -> Iterator[str]:
    """Say what is wrong with the form field `attestations` of a file: nothing when it may be kept."""
    try:
        given = json.loads(field)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, list) or not given:
        yield "The form field attestations must be a JSON array of attestation objects (PEP 740)"
        return
    for number, attestation in enumerate(given, 1):
        problem = _problem(attestation, filename, sha256)
        if problem is not None:
            yield f"Attestation {number} {problem}"


def _problem(attestation: Any, filename: str, sha256: str) -> str | None:  # Any: JSON as a client sent it
    if not isinstance(attestation, dict) or attestation.get("version") != _VERSION:
        return f"is not an attestation object of version {_VERSION}"
    if not all(isinstance(attestation.get(key), dict) for key in _KEYS):
        return f"lacks one of {', '.join(_KEYS)}"
    statement = _statement(attestation["envelope"].get("statement"))
    if statement is None:
        return f"holds no statement of the type {STATEMENT_TYPE} with one subject"
    subject = statement["subject"][0]
    if subject.get("name") != filename or subject.get("digest", {}).get("sha256") != sha256:
        return f"is about another file than {filename} with sha256 {sha256}"
    return None


def _statement(encoded: Any) -> dict[str, Any] | None:  # Any: as above
    try:
        statement = json.loads(base64.b64decode(encoded, validate=True))
    except (binascii.Error, TypeError, ValueError, RecursionError):
        return None
    if not isinstance(statement, dict) or statement.get("_type") != STATEMENT_TYPE:
        return None
    subject = statement.get("subject")
    if not isinstance(subject, list) or len(subject) != 1 or not isinstance(subject[0], dict):
        return None
    return statement if isinstance(subject[0].get("digest", {}), dict) else None
