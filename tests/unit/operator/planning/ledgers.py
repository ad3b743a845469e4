"""Ledgers of credentials, and what is decided about them."""

from datetime import timedelta
from typing import Any

from registry_operator.planning.credentials import Decision, TokenObservation, decide
from registry_operator.planning.ledger import IssuingContext
from registry_operator.planning.observed import ObservedSecret
from registry_operator.resources.conditions import rfc3339
from registry_operator.resources.token import CredentialState, RegistryToken
from registry_service.contract import tokens
from tests.unit.operator.planning.bodies import NOW, Spec, secret, token

ACTIVE, PENDING, RETIRING = CredentialState.ACTIVE, CredentialState.PENDING, CredentialState.RETIRING
DAY = timedelta(days=1)
CONTEXT = IssuingContext(NOW, sync_key=b"sync-key")
IMPORTING = {"type": "Job", "source": {"type": "Secret", "secret": {"name": "ci-job", "key": "token"}}}
VALUE, OTHER_VALUE = "glcbt-64_aaaaaaaaaaaaaaaa", "glcbt-64_bbbbbbbbbbbbbbbb"


def entry(value: str, state: CredentialState, *, ends: timedelta = 80 * DAY, token_id: str = "") -> Spec:
    """A ledger entry of a value, as the status holds it."""
    digest = tokens.digest(value)
    return {"tokenID": token_id or value, "digest": digest, "state": state.value, "notAfter": rfc3339(NOW + ends)}


def imported(value: str, state: CredentialState, *, ends: timedelta = 80 * DAY) -> Spec:
    digest = tokens.imported_digest(value, b"sync-key")
    made = entry(value, state, ends=ends, token_id=tokens.imported_id(digest))
    return made | {"digest": digest}


def with_ledger(*entries: Spec, spec: Spec | None = None, **status: Any) -> RegistryToken:  # Any: status fields
    return token(spec, status={"credentials": list(entries), **status})


def own_secret(wanted: RegistryToken, password: str | None) -> ObservedSecret | None:
    if password is None:
        return None
    return secret("ci", {"password": password}, owner_uid=wanted.metadata.uid, owner_name=wanted.metadata.name)


def decided(wanted: RegistryToken, password: str | None, context: IssuingContext = CONTEXT) -> Decision:
    return decide(TokenObservation(wanted, own_secret(wanted, password)), context)


def ids(decision: Decision) -> list[tuple[str, CredentialState]]:
    return [(item.token_id, item.state) for item in decision.credentials]


def importing(*entries: Spec, value: str | None = VALUE, **status: Any) -> TokenObservation:  # Any: status fields
    wanted = with_ledger(*entries, spec=IMPORTING, **status)
    source = None if value is None else secret("ci-job", {"token": value})
    return TokenObservation(wanted, source=source)
