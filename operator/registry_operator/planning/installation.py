"""What the chart says about the whole installation."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Installation:
    """Defaults for every registry: images, the ingress, its domain.

    `ingress_ca` is the PEM of the private issuer of the ingress controller's certificates; `trusted_proxies` are
    the networks (CIDR) whose `X-Forwarded-…` headers the service believes.
    """

    service_image: str
    postgresql_image: str
    object_store_image: str
    base_domain: str | None = None
    ingress_class: str | None = None
    ingress_ca: str | None = None
    trusted_proxies: tuple[str, ...] = ()
