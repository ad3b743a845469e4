"""What the chart tells the operator, read once from the environment."""

import ipaddress
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from registry_operator.planning.installation import Installation

SERVICE_IMAGE: Final = "OPERATOR_SERVICE_IMAGE"
POSTGRESQL_IMAGE: Final = "OPERATOR_POSTGRESQL_IMAGE"
OBJECT_STORE_IMAGE: Final = "OPERATOR_OBJECT_STORE_IMAGE"
BASE_DOMAIN: Final = "OPERATOR_BASE_DOMAIN"
INGRESS_CLASS: Final = "OPERATOR_INGRESS_CLASS"
INGRESS_CA_FILE: Final = "OPERATOR_INGRESS_CA_FILE"
TRUSTED_PROXIES: Final = "OPERATOR_TRUSTED_PROXIES"
LOG_FORMAT: Final = "OPERATOR_LOG_FORMAT"
LIVENESS_PORT: Final = "OPERATOR_LIVENESS_PORT"
METRICS_PORT: Final = "OPERATOR_METRICS_PORT"
NAMESPACE: Final = "OPERATOR_NAMESPACE"
LEASE: Final = "OPERATOR_LEASE"
IDENTITY: Final = "OPERATOR_IDENTITY"
ALLOWED_DOMAINS: Final = "OPERATOR_ALLOWED_DOMAINS"
WATCH_NAMESPACES: Final = "OPERATOR_WATCH_NAMESPACES"
ROLLOUT_MAX_CONCURRENT: Final = "OPERATOR_ROLLOUT_MAX_CONCURRENT"
_ALONE: Final = "registry-operator"
_MAX_PORT: Final = 65535
_MOVED_AT_ONCE: Final = 5


class SettingsError(ValueError):
    """The environment does not say what the operator needs; the message names every variable that is wrong."""


class LogFormat(StrEnum):
    """How log lines are written."""

    JSON = "json"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class _Number:
    """What a variable is that is a number of 1 or more."""

    default: int
    largest: int

    def problem(self, name: str, text: str) -> str | None:
        # Python refuses to read a number of thousands of digits.
        short = text.isascii() and text.isdigit() and len(text) <= len(str(self.largest))
        good = short and 0 < int(text) <= self.largest
        return None if good else f"{name} is not a number from 1 to {self.largest}: {text!r}"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that differs between installations.

    `lease` is the namespace and name of the Lease by which one of several operators leads, each under its `identity`.
    `moved_at_once` is how many registries that serve are moved to another version at a time.
    """

    installation: Installation
    log_format: LogFormat = LogFormat.JSON
    liveness_port: int = 8080
    metrics_port: int = 9090
    lease: tuple[str, str] | None = None
    identity: str = _ALONE
    moved_at_once: int = _MOVED_AT_ONCE

    @classmethod
    def read(cls, environment: Mapping[str, str], resolv_conf: str = "") -> "Settings":
        """Read the variables; an empty one counts as unset. `resolv_conf` is the text of the resolver's file.

        Raises SettingsError, with all that is wrong at once.
        """
        present = {name: value for name, value in environment.items() if value}
        required = _REQUIRED + (_OF_A_LEASE if LEASE in present else ())
        problems = [f"{name} is missing" for name in required if name not in present]
        numbers = {name: present.get(name, str(number.default)) for name, number in _NUMBERS.items()}
        problems += [problem for name, text in numbers.items() if (problem := _NUMBERS[name].problem(name, text))]
        log_format = present.get(LOG_FORMAT, "json")
        if log_format not in set(LogFormat):
            problems.append(f"{LOG_FORMAT} is neither json nor text: {log_format!r}")
        try:
            ingress_ca = Path(present[INGRESS_CA_FILE]).read_text() if INGRESS_CA_FILE in present else None
        except OSError as error:
            problems.append(f"{INGRESS_CA_FILE} cannot be read: {error.strerror}")
        if problems:
            raise SettingsError("; ".join(problems))
        return cls(
            _installation(present, ingress_ca, tuple(_resolvers(resolv_conf))),
            LogFormat(log_format),
            int(numbers[LIVENESS_PORT]),
            int(numbers[METRICS_PORT]),
            lease=(present[NAMESPACE], present[LEASE]) if LEASE in present else None,
            identity=present.get(IDENTITY, _ALONE),
            moved_at_once=int(numbers[ROLLOUT_MAX_CONCURRENT]),
        )


_REQUIRED: Final = (SERVICE_IMAGE, POSTGRESQL_IMAGE, OBJECT_STORE_IMAGE)
_OF_A_LEASE: Final = (NAMESPACE, IDENTITY)
_NUMBERS: Final = {
    LIVENESS_PORT: _Number(8080, _MAX_PORT),
    METRICS_PORT: _Number(9090, _MAX_PORT),
    ROLLOUT_MAX_CONCURRENT: _Number(_MOVED_AT_ONCE, 1000),
}


def _installation(present: Mapping[str, str], ingress_ca: str | None, resolvers: tuple[str, ...]) -> Installation:
    return Installation(
        service_image=present[SERVICE_IMAGE],
        postgresql_image=present[POSTGRESQL_IMAGE],
        object_store_image=present[OBJECT_STORE_IMAGE],
        base_domain=present.get(BASE_DOMAIN),
        ingress_class=present.get(INGRESS_CLASS),
        ingress_ca=ingress_ca,
        trusted_proxies=_listed(present.get(TRUSTED_PROXIES, "")),
        namespace=present.get(NAMESPACE),
        resolvers=resolvers,
        watched=_listed(present.get(WATCH_NAMESPACES, "")),
        allowed_domains=_listed(present.get(ALLOWED_DOMAINS, "")),
    )


def _listed(text: str) -> tuple[str, ...]:
    return tuple(stripped for part in text.split(",") if (stripped := part.strip()))


def _resolvers(resolv_conf: str) -> Iterator[str]:
    """The `nameserver` lines as networks of one address (resolv.conf(5)); what is no address is passed over.

    So is one with a zone: it means a link of this pod's own node, and no policy can say it.
    """
    for line in resolv_conf.splitlines():
        match line.split():
            case ["nameserver", address] if "%" not in address:
                with suppress(ValueError):
                    yield str(ipaddress.ip_network(address))
