"""Errors name reasons that conditions document."""

from collections.abc import Iterator

from registry_operator.errors import OperatorError, RegistryTooOldError
from registry_operator.resources.reasons import Reason
from registry_service.contract.sync import Refusal, RefusalReason


def every(kind: type[OperatorError]) -> Iterator[type[OperatorError]]:
    yield kind
    for derived in kind.__subclasses__():
        yield from every(derived)


def test_every_error_names_a_documented_reason() -> None:
    found = {kind.__name__: kind.reason for kind in every(OperatorError)}
    assert len(found) > 10
    assert {name: reason for name, reason in found.items() if reason not in set(Reason)} == {}


def test_a_registry_that_is_too_old_says_what_to_do() -> None:
    said = str(RegistryTooOldError(Refusal(RefusalReason.UNKNOWN_FIELD, "body.access is not a field")))
    assert "body.access" in said
    assert "Set a newer spec.image" in said
