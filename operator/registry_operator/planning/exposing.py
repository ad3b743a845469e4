"""The way into a registry from outside: an Ingress, or an HTTPRoute below a Gateway that somebody else runs."""

from collections.abc import Mapping
from typing import Final

from registry_operator.planning import addresses, objects, service
from registry_operator.planning.installation import Installation
from registry_operator.planning.observed import Manifest
from registry_operator.resources import names
from registry_operator.resources.registry import ControllerPreset, GatewayExposure, PyPIRegistry

_NGINX: Final = "nginx.ingress.kubernetes.io"
_F5_NGINX: Final = "nginx.org"
# No limit of size, and five minutes without a byte before a slow line counts as dead. Nothing of the spec's stands in
# these: a controller that serves many namespaces reads them.
_LIMITS_LIFTED: Final[Mapping[ControllerPreset, Mapping[str, str]]] = {
    ControllerPreset.NONE: {},
    ControllerPreset.NGINX: {
        f"{_NGINX}/proxy-body-size": "0",
        f"{_NGINX}/proxy-request-buffering": "off",
        f"{_NGINX}/proxy-read-timeout": "300",
        f"{_NGINX}/proxy-send-timeout": "300",
    },
    ControllerPreset.F5_NGINX: {
        f"{_F5_NGINX}/client-max-body-size": "0",
        f"{_F5_NGINX}/proxy-read-timeout": "300s",
        f"{_F5_NGINX}/proxy-send-timeout": "300s",
    },
}


def manifest(registry: PyPIRegistry, installation: Installation) -> Manifest | None:
    """The Ingress or the HTTPRoute; None when there is no host to serve."""
    host, gateway = addresses.hostname(registry, installation), registry.spec.exposure.gateway
    if host is None:
        return None
    return _ingress(registry, installation, host) if gateway is None else _route(registry, gateway, host)


def _route(registry: PyPIRegistry, gateway: GatewayExposure, host: str) -> Manifest:
    name = names.service(registry.metadata.name)
    parent = {"name": gateway.name, "namespace": gateway.namespace, "sectionName": gateway.section_name}
    # No end to a request: uploads are slow, and the service itself hangs up on who stops sending.
    rule = {"backendRefs": [{"name": name, "port": service.PORT}], "timeouts": {"request": "0s"}}
    return objects.child(registry, "HTTPRoute", name, component=names.SERVICE_COMPONENT) | {
        "spec": {
            "parentRefs": [{key: value for key, value in parent.items() if value is not None}],
            "hostnames": [host],
            "rules": [rule],
        }
    }


def _ingress(registry: PyPIRegistry, installation: Installation, host: str) -> Manifest:
    exposure = registry.spec.exposure
    backend = {"service": {"name": names.service(registry.metadata.name), "port": {"name": service.PUBLIC}}}
    tls: Manifest = {"hosts": [host]}
    if exposure.tls.secret_name is not None:
        tls["secretName"] = exposure.tls.secret_name
    paths = [{"path": "/", "pathType": "Prefix", "backend": backend}]
    spec: Manifest = {"tls": [tls], "rules": [{"host": host, "http": {"paths": paths}}]}
    class_name = exposure.ingress.class_name or installation.ingress_class
    if class_name is not None:
        spec["ingressClassName"] = class_name
    name = names.service(registry.metadata.name)
    manifest = objects.child(registry, "Ingress", name, component=names.SERVICE_COMPONENT)
    annotations = _LIMITS_LIFTED[exposure.ingress.controller_preset]
    if annotations:
        manifest["metadata"]["annotations"] = dict(annotations)
    return manifest | {"spec": spec}
