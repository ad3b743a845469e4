"""Registries at rest: where events tell of every change, an idle one need not be read again and again."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from registry_operator.planning.blob_volume import is_settled
from registry_operator.planning.observed import ObservedSecret, RegistryObservation
from registry_operator.planning.secrets import secret_names
from registry_operator.resources import names
from registry_operator.resources.registry import PyPIRegistry

# The watches tell of every change; that none was missed is looked after at least this often.
LONGEST_REST: Final = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Rest:
    """What a whole pass saw of a ready registry, as long as no event concerns it and `until` is not reached.

    `counts` are those of projects and tokens in its status.
    """

    registry: PyPIRegistry
    secret: ObservedSecret
    seen: RegistryObservation
    counts: tuple[int, int]
    until: dt.datetime


def may_rest(registry: PyPIRegistry, seen: RegistryObservation) -> bool:
    """Whether events tell of everything that a decision depends on: each Secret is there and watched, no name taken.

    No event tells that a kind is served from now on.
    """
    watched = {name for name, secret in seen.secrets.items() if names.WATCH_LABEL in secret.labels}
    unhindered = not seen.conflicts and not seen.unserved and seen.sync_problem is None
    quiet = unhindered and is_settled(registry, seen.volume)
    return quiet and secret_names(registry) <= watched


def time_to_rest(lot: bytes) -> dt.timedelta:
    """Half of LONGEST_REST to all of it, by the first byte of `lot`: what came to rest together is not due together."""
    return LONGEST_REST * (1 + lot[0] / 256) / 2


def fraction(lot: bytes) -> float:
    """How much of a period to let pass first, by the first byte of `lot`: what came to rest together takes turns."""
    return (1 + lot[0]) / 256
