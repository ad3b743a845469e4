"""Where a registry is reached, from inside and from outside the cluster."""

from registry_operator.planning.installation import Installation
from registry_operator.planning.observed import ObservedSecret
from registry_operator.resources import names
from registry_operator.resources.registry import ExposureType, PyPIRegistry
from registry_operator.resources.token import Endpoint, RegistryToken
from registry_service.contract.environment import SYNC_PORT


def hostname(registry: PyPIRegistry, installation: Installation) -> str | None:
    """The host outside the cluster: the spec's, else one below the installation's domain.

    None when the registry is not exposed, the installation has no domain, a label would pass 63 characters, or the
    spec's is refused.
    """
    exposure, metadata = registry.spec.exposure, registry.metadata
    if exposure.type is ExposureType.NONE:
        return None
    if exposure.hostname is not None:
        return exposure.hostname if hostname_refusal(registry, installation) is None else None
    if installation.base_domain is None:
        return None
    host = names.default_hostname(metadata.name, metadata.namespace, installation.base_domain)
    return host if len(host.split(".", 1)[0]) <= names.MAX_DNS_LABEL else None


def hostname_refusal(registry: PyPIRegistry, installation: Installation) -> str | None:
    """Why the spec's host is not this registry's to claim, and what to do; None when it is, or names none."""
    host = registry.spec.exposure.hostname
    if host is None:
        return None
    label, _, domain = host.partition(".")
    # A registry's name holds no `--`, a namespace's may.
    _, separator, namespace = label.partition(names.HOST_SEPARATOR)
    if domain == installation.base_domain and separator:
        if namespace == registry.metadata.namespace:
            return None
        advice = "Leave spec.exposure.hostname out, or choose another one."
        return f"{host} is the host of a registry of another namespace. {advice}"
    if not installation.allows_host(host):
        domains = ", ".join(installation.allowed_domains)
        return f"{host} is in none of the domains that this installation allows: choose one in {domains}."
    return None


def external_url(registry: PyPIRegistry, installation: Installation) -> str | None:
    """The address outside the cluster, without a final slash; None when there is none."""
    host = hostname(registry, installation)
    return None if host is None else f"https://{host}"


def internal_url(registry: PyPIRegistry) -> str:
    """The address inside the cluster, without a final slash."""
    return f"http://{names.service(registry.metadata.name)}.{registry.metadata.namespace}.svc"


def client_url(token: RegistryToken, registry: PyPIRegistry, installation: Installation) -> str | None:
    """The address that a token's configuration names: lock files record it, so it is one address everywhere.

    The external one where the registry is exposed, unless the spec says otherwise; None when it asks for an
    external address that does not exist.
    """
    outside = external_url(registry, installation)
    if token.spec.endpoint is Endpoint.INTERNAL:
        return internal_url(registry)
    if token.spec.endpoint is Endpoint.EXTERNAL:
        return outside
    return outside or internal_url(registry)


def sync_url(registry: PyPIRegistry) -> str:
    """The sync port's address; its certificate bears the same host."""
    return f"https://{names.sync_host(registry.metadata.name, registry.metadata.namespace)}:{SYNC_PORT}"


def external_ca(registry: PyPIRegistry, installation: Installation, tls_secret: ObservedSecret | None) -> str | None:
    """The PEM of the private issuer that clients outside must trust, or None when they need none.

    A certificate of the registry's own, or a Gateway's that has another issuer, tells by the `ca.crt` of its Secret;
    otherwise the controller's certificate serves, whose issuer the installation knows.
    """
    if registry.spec.exposure.tls.secret_name is None:
        return installation.ingress_ca
    return (tls_secret.text("ca.crt") or None) if tls_secret is not None else None
