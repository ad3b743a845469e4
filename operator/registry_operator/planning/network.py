"""NetworkPolicies: who may reach a registry's pods, and what these may reach.

A second wall behind credentials and TLS, and where a cluster enforces it the only one against pods that run other
people's code. Selectors of pods are the registry's own, so that no policy opens a way between two registries.
"""

import re
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final
from urllib.parse import urlsplit

from registry_operator.planning import inputs, objects, postgresql
from registry_operator.planning.installation import OPERATOR_LABELS, Installation
from registry_operator.planning.observed import Manifest, RegistryObservation
from registry_operator.resources import names
from registry_operator.resources.backends import DatabaseType, S3Storage, StorageType
from registry_operator.resources.registry import NetworkPolicyType, PyPIRegistry
from registry_service.contract import environment

# Every namespace bears its name in this label, and nobody can change it (Kubernetes 1.22).
NAMESPACE_NAME_LABEL: Final = "kubernetes.io/metadata.name"
# A policy counts the port of the pod behind a Service, and some clusters' DNS pods listen on 5353.
_DNS_PORTS: Final = (53, 5353)
_HTTP_PORT: Final = 80
_HTTPS_PORT: Final = 443
_MAX_PORT: Final = 65535
_ANY_NAMESPACE: Final[Manifest] = {"namespaceSelector": {}}
# `service.namespace`; the next label of a longer name is `svc`.
_SHORT: Final = 2
_LABEL: Final = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?", re.ASCII)
_PORT: Final = re.compile(r":(\d{1,5})$", re.ASCII)


def policies(
    registry: PyPIRegistry, installation: Installation, observation: RegistryObservation
) -> tuple[Manifest, ...]:
    """The registry's policies; none when its spec wants none."""
    if registry.spec.network_policy.type is NetworkPolicyType.NONE:
        return ()
    spec = registry.spec
    name = registry.metadata.name
    found = [_service(registry, installation, observation.secrets)]
    # A part that is being replaced keeps its wall while it runs.
    if spec.database.type is DatabaseType.MANAGED or observation.database is not None:
        component = names.DATABASE_COMPONENT
        found.append(_part(registry, names.database(name), component=component, port=postgresql.PORT))
    if spec.storage.type is StorageType.MANAGED or observation.object_store is not None:
        component = names.OBJECT_STORE_COMPONENT
        found.append(_part(registry, names.object_store(name), component=component, port=inputs.OBJECT_STORE_PORT))
    return tuple(found)


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """Where a database or store is, as its Secret or its spec says."""

    host: str
    port: int


def database_addresses(registry: PyPIRegistry, secrets: inputs.Secrets) -> tuple[Address, ...]:
    """Where a PostgreSQL is that a Secret describes; at PostgreSQL's own port where the Secret names none."""
    spec = inputs.database(registry)
    present = secrets.get(spec.name)
    if present is None:
        return ()
    if spec.keys.uri in present.data:
        authority = (present.text(spec.keys.uri) or "").partition("://")[2].partition("/")[0].partition("?")[0]
        hosts = authority.rpartition("@")[2].split(",")
        return tuple(_address(_PORT.sub("", host), match[1] if (match := _PORT.search(host)) else "") for host in hosts)
    hosts, ports = ((present.text(key) or "").split(",") for key in (spec.keys.host, spec.keys.port))
    # libpq: one port for all hosts, or one for each.
    return tuple(_address(host, port) for host, port in zip_longest(hosts, ports, fillvalue=ports[-1]))


def storage_address(spec: S3Storage) -> Address:
    """Where the store's endpoint is."""
    endpoint = urlsplit(spec.endpoint)
    try:
        named = endpoint.port
    except ValueError:  # beyond 65535; the pods themselves report the endpoint
        named = None
    return Address(endpoint.hostname or "", named or (_HTTP_PORT if endpoint.scheme == "http" else _HTTPS_PORT))


def _address(host: str, port: str) -> Address:
    number = int(port) if port.isascii() and port.isdigit() else 0
    return Address(host, number if 0 < number <= _MAX_PORT else postgresql.PORT)


def _service(registry: PyPIRegistry, installation: Installation, secrets: inputs.Secrets) -> Manifest:
    """The pods of the service's image, migrations included: both reach the same database and store."""
    monitoring = registry.spec.network_policy.monitoring_namespace
    scraper = _ANY_NAMESPACE if monitoring is None else _namespace(monitoring)
    ingress = [
        {"ports": _tcp(environment.PUBLIC_PORT)},
        {"ports": _tcp(environment.SYNC_PORT), **_from_operator(installation)},
        {"ports": _tcp(environment.METRICS_PORT), "from": [scraper]},
    ]
    components = [names.MIGRATION_COMPONENT, names.SERVICE_COMPONENT]
    return _policy(
        registry,
        names.service(registry.metadata.name),
        component=names.SERVICE_COMPONENT,
        spec={
            "podSelector": _components(registry, *components),
            "ingress": ingress,
            "egress": _egress(registry, installation, secrets),
        },
    )


def _part(registry: PyPIRegistry, name: str, *, component: str, port: int) -> Manifest:
    """A managed part: only the registry's own pods reach it, and it reaches nothing."""
    clients = _components(registry, names.MIGRATION_COMPONENT, names.SERVICE_COMPONENT)
    ingress = [{"ports": _tcp(port), "from": [{"podSelector": clients}]}]
    spec: Manifest = {"podSelector": {"matchLabels": objects.selector(registry, component)}, "ingress": ingress}
    return _policy(registry, name, component=component, spec=spec | {"egress": []})


def _egress(registry: PyPIRegistry, installation: Installation, secrets: inputs.Secrets) -> list[Manifest]:
    """DNS, database and store. What is outside is known by its name, which a policy cannot say: only ports are."""
    resolvers = [_ANY_NAMESPACE, *({"ipBlock": {"cidr": address}} for address in installation.resolvers)]
    dns = [{"protocol": protocol, "port": port} for port in _DNS_PORTS for protocol in ("UDP", "TCP")]
    rules: list[Manifest] = [{"ports": dns, "to": resolvers}]
    # Always, so that pods which still use a managed part keep it while the next ones start without.
    parts = {names.DATABASE_COMPONENT: postgresql.PORT, names.OBJECT_STORE_COMPONENT: inputs.OBJECT_STORE_PORT}
    for component, port in parts.items():
        rules.append({"ports": _tcp(port), "to": [{"podSelector": _components(registry, component)}]})
    outside = _outside(registry, secrets)
    ports = sorted({*registry.spec.network_policy.egress_ports, *(address.port for address in outside)})
    rules += [{"ports": _tcp(*ports)}] if ports else []
    # Behind a Service its pods may listen on another port than it, and a policy counts theirs.
    spaces = {_namespace_of(address.host, registry.metadata.namespace) for address in outside}
    return [*rules, *({"to": [_namespace(name)]} for name in sorted(name for name in spaces if name is not None))]


def _outside(registry: PyPIRegistry, secrets: inputs.Secrets) -> list[Address]:
    spec = registry.spec
    database = database_addresses(registry, secrets) if spec.database.type is DatabaseType.SECRET else ()
    bucket = spec.storage.s3
    return [*database, *([] if bucket is None else [storage_address(bucket)])]


def _namespace_of(host: str, own: str) -> str | None:
    """The namespace of a Service by its name inside the cluster: `a`, `a.team`, `a.team.svc`, with or without a domain.

    Of two labels nobody knows whether they are a Service's: a namespace `example` that does not exist lets nobody in.
    """
    labels = host.split(".")
    if not all(_LABEL.fullmatch(label) for label in labels):
        return None
    if len(labels) == 1:
        return own
    return labels[1] if len(labels) == _SHORT or labels[_SHORT] == "svc" else None


def _from_operator(installation: Installation) -> Manifest:
    if installation.namespace is None:
        return {}  # run outside the cluster: it has neither namespace nor pod that a policy could name
    return {"from": [{**_namespace(installation.namespace), "podSelector": {"matchLabels": dict(OPERATOR_LABELS)}}]}


def _namespace(name: str) -> Manifest:
    return {"namespaceSelector": {"matchLabels": {NAMESPACE_NAME_LABEL: name}}}


def _components(registry: PyPIRegistry, *components: str) -> Manifest:
    of_registry = objects.selector(registry, components[0])
    del of_registry[names.COMPONENT_LABEL]
    requirement = {"key": names.COMPONENT_LABEL, "operator": "In", "values": list(components)}
    return {"matchLabels": of_registry, "matchExpressions": [requirement]}


def _policy(registry: PyPIRegistry, name: str, *, component: str, spec: Manifest) -> Manifest:
    frame = objects.child(registry, "NetworkPolicy", name, component=component)
    return frame | {"spec": spec | {"policyTypes": ["Ingress", "Egress"]}}


def _tcp(*ports: int) -> list[Manifest]:
    return [{"protocol": "TCP", "port": port} for port in ports]
