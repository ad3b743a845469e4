"""Errors name reasons that conditions document."""

from collections.abc import Iterator

import pytest

from registry_operator.errors import ClusterError, RegistryTooOldError
from registry_operator.planning.failures import failure
from registry_operator.resources.conditions import MAX_MESSAGE, ConditionType, Status
from registry_operator.resources.reasons import Reason
from registry_service.contract.sync import Refusal, RefusalReason


def every(kind: type[ClusterError]) -> Iterator[type[ClusterError]]:
    yield kind
    for derived in kind.__subclasses__():
        yield from every(derived)


def test_every_error_names_a_documented_reason() -> None:
    found = {kind.__name__: kind.reason for kind in every(ClusterError)}
    assert len(found) > 5
    assert {name: reason for name, reason in found.items() if reason not in set(Reason)} == {}


@pytest.mark.parametrize("error", list(every(ClusterError)))
def test_what_the_cluster_refused_is_told_with_what_to_do(error: type[ClusterError]) -> None:
    told = failure(ConditionType.READY, error.reason, "Service x: " + "word " * 400)
    assert (told.status, told.reason) == (Status.FALSE, error.reason)
    assert told.message.startswith("Service x: word")
    assert told.message.rstrip(".").endswith(("by itself", "starts over", "does not answer"))
    assert len(told.message) <= MAX_MESSAGE


def test_a_registry_that_is_too_old_says_what_to_do() -> None:
    said = str(RegistryTooOldError(Refusal(RefusalReason.UNKNOWN_FIELD, "body.access is not a field")))
    assert "body.access" in said
    assert "Set a newer spec.image" in said
