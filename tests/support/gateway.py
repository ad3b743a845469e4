"""A Gateway as a platform team runs one: in its own namespace, with its own issuer, open to all namespaces."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.cluster.certificates import Subject
from tests.demo import examples

if TYPE_CHECKING:
    from tests.cluster.certificates import Authority
    from tests.support.kubernetes import Namespace, Object

EXAMPLE = "gateway/registry.yaml"
_CERTIFICATE = "listener"
_PROGRAMMED_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Gateway:
    """The Gateway of the example, for every host right below `domain`."""

    namespace: Namespace
    domain: str
    issuer: Authority

    def start(self) -> None:
        """Make the Gateway and its certificate, and wait until its controller serves it."""
        reference = self._example()["spec"]["exposure"]["gateway"]
        self.namespace.apply(self._certificate(), self._manifest(reference["name"], reference["sectionName"]))
        self.namespace.wait_for_condition("gateway", reference["name"], "Programmed", seconds=_PROGRAMMED_SECONDS)

    def registry(self) -> list[Object]:
        """The example's registry below this Gateway, and the Secret with the issuer that it names."""
        body = self._example()
        exposure = body["spec"]["exposure"]
        exposure["hostname"] = f"{exposure['hostname'].partition('.')[0]}.{self.domain}"
        exposure["gateway"]["namespace"] = self.namespace.name
        data = {"ca.crt": self.issuer.certificate.read_text()}
        metadata = {"name": exposure["tls"]["secretName"]}
        return [{"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data}, body]

    def _example(self) -> Object:
        (body,) = examples.documents(EXAMPLE)
        return body

    def _certificate(self) -> Object:
        self.issuer.establish()
        pair = self.issuer.pair(_CERTIFICATE, Subject(self.domain, names=(f"*.{self.domain}",)))
        files = {"tls.crt": pair.certificate, "tls.key": pair.key}
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "kubernetes.io/tls",
            "metadata": {"name": _CERTIFICATE},
            "data": {key: base64.b64encode(path.read_bytes()).decode() for key, path in files.items()},
        }

    def _manifest(self, name: str, listener: str) -> Object:
        return {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "Gateway",
            "metadata": {"name": name},
            "spec": {
                "gatewayClassName": self._class(),
                "listeners": [
                    {
                        "name": listener,
                        "port": 443,
                        "protocol": "HTTPS",
                        "hostname": f"*.{self.domain}",
                        "tls": {"certificateRefs": [{"name": _CERTIFICATE}]},
                        "allowedRoutes": {"namespaces": {"from": "All"}},
                    }
                ],
            },
        }

    def _class(self) -> str:
        """The first class of the cluster; there must be one."""
        classes = json.loads(self.namespace.kubectl("get", "gatewayclasses", "-o", "json"))["items"]
        assert classes, "this cluster has no GatewayClass: install a controller of the Gateway API"
        return str(classes[0]["metadata"]["name"])
