"""Traefik: serves Ingresses and the Gateway API on the node's ports 80 and 443, with the cluster's own certificate."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.cluster.addons import objects
from tests.cluster.addons.objects import Manifest, Pod, Rule

if TYPE_CHECKING:
    from tests.cluster.certificates import Pair

NAMESPACE = "ingress"
NAME = "traefik"
CLASS = "traefik"
_CERTIFICATES = "/etc/traefik/certificates"
_DYNAMIC = "/etc/traefik/dynamic"
# An upload of the largest permitted file over a slow line; Traefik's own default is a minute.
_READ_SECONDS = 900
_GATEWAY = "gateway.networking.k8s.io"


@dataclass(frozen=True, slots=True)
class Ingress:
    """Where the ingress is, and what it shows: `certificate` is the one for every host without its own."""

    image: str
    address: str
    certificate: Pair

    def manifests(self) -> list[Manifest]:
        """Traefik and its classes, of which its IngressClass is the cluster's default."""
        return [
            objects.namespace(NAMESPACE),
            *objects.access(NAME, NAMESPACE, _RULES),
            self._certificate(),
            _dynamic_configuration(),
            objects.deployment(NAME, NAMESPACE, self._pod()),
            _ingress_class(),
            _gateway_class(),
        ]

    def _arguments(self) -> tuple[str, ...]:
        return (
            "--ping=true",
            "--log.level=INFO",
            "--entrypoints.web.address=:80",
            "--entrypoints.websecure.address=:443",
            # An Ingress with a `tls` section alone does not make Traefik terminate TLS.
            "--entrypoints.websecure.http.tls=true",
            f"--entrypoints.web.transport.respondingtimeouts.readtimeout={_READ_SECONDS}s",
            f"--entrypoints.websecure.transport.respondingtimeouts.readtimeout={_READ_SECONDS}s",
            # Two seconds otherwise, for which a new pod is ready and unreachable.
            "--providers.providersthrottleduration=100ms",
            "--providers.kubernetesingress=true",
            f"--providers.kubernetesingress.ingressclass={CLASS}",
            f"--providers.kubernetesingress.ingressendpoint.ip={self.address}",
            "--providers.kubernetesgateway=true",
            f"--providers.kubernetesgateway.statusaddress.ip={self.address}",
            f"--providers.file.directory={_DYNAMIC}",
            "--global.checknewversion=false",
            "--global.sendanonymoususage=false",
        )

    def _pod(self) -> Pod:
        return Pod(
            image=self.image,
            arguments=self._arguments(),
            ports=tuple({"containerPort": port, "hostPort": port} for port in (80, 443)),
            ready=("/ping", 8080),
            mounts={
                _CERTIFICATES: {"secret": {"secretName": NAME}},
                _DYNAMIC: {"configMap": {"name": NAME}},
            },
        )

    def _certificate(self) -> Manifest:
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "kubernetes.io/tls",
            "metadata": objects.metadata(NAME, NAMESPACE),
            "data": {
                "tls.crt": base64.b64encode(self.certificate.certificate.read_bytes()).decode(),
                "tls.key": base64.b64encode(self.certificate.key.read_bytes()).decode(),
            },
        }


def _dynamic_configuration() -> Manifest:
    files = f"""tls:
  stores:
    default:
      defaultCertificate:
        certFile: {_CERTIFICATES}/tls.crt
        keyFile: {_CERTIFICATES}/tls.key
"""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": objects.metadata(NAME, NAMESPACE),
        "data": {"tls.yaml": files},
    }


def _ingress_class() -> Manifest:
    default = {"ingressclass.kubernetes.io/is-default-class": "true"}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressClass",
        "metadata": {"name": CLASS, "annotations": default},
        "spec": {"controller": "traefik.io/ingress-controller"},
    }


def _gateway_class() -> Manifest:
    return {
        "apiVersion": f"{_GATEWAY}/v1",
        "kind": "GatewayClass",
        "metadata": objects.metadata(CLASS),
        "spec": {"controllerName": "traefik.io/gateway-controller"},
    }


# Traefik's documentation of both providers.
_RULES = (
    Rule("", ("services", "secrets", "configmaps", "nodes", "namespaces", "endpoints", "pods")),
    Rule("discovery.k8s.io", ("endpointslices",)),
    Rule("networking.k8s.io", ("ingresses", "ingressclasses")),
    Rule("networking.k8s.io", ("ingresses/status",), ("update",)),
    Rule(
        _GATEWAY,
        ("gatewayclasses", "gateways", "httproutes", "grpcroutes", "referencegrants", "backendtlspolicies"),
    ),
    Rule(
        _GATEWAY,
        (
            "gatewayclasses/status", "gateways/status", "httproutes/status", "grpcroutes/status",
            "backendtlspolicies/status",
        ),
        ("update",),
    ),
)  # fmt: skip
