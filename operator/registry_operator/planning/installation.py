"""What the chart says about the whole installation."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

# Of the operator's own pods, as the chart writes them.
OPERATOR_LABELS: Final[Mapping[str, str]] = {
    "app.kubernetes.io/name": "pypi-registry-operator",
    "app.kubernetes.io/component": "operator",
}


@dataclass(frozen=True, slots=True)
class Installation:
    """Defaults for every registry: images, the ingress, its domain.

    `ingress_ca` is the PEM of the private issuer of the ingress controller's certificates; `trusted_proxies` are
    the networks (CIDR) whose `X-Forwarded-…` headers the service believes. `namespace` is the operator's own, None
    outside a cluster; `resolvers` are the addresses (CIDR) of the DNS servers that its pod was given; `watched` are the
    only namespaces that it looks at, all of them where it is empty. In `allowed_domains` a spec may name a host; in any
    where it is empty.
    """

    service_image: str
    postgresql_image: str
    object_store_image: str
    base_domain: str | None = None
    ingress_class: str | None = None
    ingress_ca: str | None = None
    trusted_proxies: tuple[str, ...] = ()
    namespace: str | None = None
    resolvers: tuple[str, ...] = ()
    watched: tuple[str, ...] = ()
    allowed_domains: tuple[str, ...] = ()

    def watches(self, namespace: str) -> bool:
        """Whether the operator looks at a namespace, and may."""
        return not self.watched or namespace in self.watched

    def allows_host(self, host: str) -> bool:
        """Whether a spec may name a host: it is one of the allowed domains, or below one."""
        below = (host == domain or host.endswith(f".{domain}") for domain in self.allowed_domains)
        return not self.allowed_domains or any(below)
