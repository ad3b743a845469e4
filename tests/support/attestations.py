"""Attestations (PEP 740) as a client sends them: of the right shape, about the right file, signed by nobody."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from registry_service.domain.attestations import STATEMENT_TYPE

if TYPE_CHECKING:
    from tests.support.packages import Distribution


def attestations_of(file: Distribution) -> str:
    """The form field for one file."""
    subject = [{"name": file.filename, "digest": {"sha256": file.sha256}}]
    statement = json.dumps({"_type": STATEMENT_TYPE, "subject": subject, "predicateType": "p", "predicate": None})
    envelope = {"statement": base64.b64encode(statement.encode()).decode(), "signature": "c2ln"}
    material = {"certificate": "Y2VydA==", "transparency_entries": [{}]}
    return json.dumps([{"version": 1, "verification_material": material, "envelope": envelope}])
