"""CoreDNS: the cluster's names, and the base domain of the tests, which leads to the ingress."""

from __future__ import annotations

from tests.cluster import addresses
from tests.cluster.addons import objects
from tests.cluster.addons.objects import Manifest, Pod, Rule

NAMESPACE = "kube-system"
NAME = "coredns"


def corefile(base_domain: str, ingress: str) -> str:
    """CoreDNS's configuration: every name that is neither the cluster's nor the tests' does not exist."""
    return f""".:53 {{
    errors
    health
    ready
    reload 2s
    {base_domain_block(base_domain, ingress)}
    kubernetes {addresses.CLUSTER_DOMAIN} in-addr.arpa ip6.arpa {{
        pods insecure
        ttl 5
    }}
    template ANY ANY . {{
        rcode NXDOMAIN
    }}
}}
"""


def base_domain_block(base_domain: str, ingress: str) -> str:
    """The lines that answer the base domain and everything under it with the ingress's address."""
    return f"""template IN A {base_domain} {{
        answer "{{{{ .Name }}}} 5 IN A {ingress}"
    }}
    template ANY ANY {base_domain} {{
        rcode NOERROR
    }}"""


def manifests(image: str, base_domain: str, ingress: str) -> list[Manifest]:
    """CoreDNS with its usual rights, at the address that the kubelet tells the pods."""
    configuration = {"Corefile": corefile(base_domain, ingress)}
    return [
        *objects.access(NAME, NAMESPACE, _RULES),
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": objects.metadata(NAME, NAMESPACE),
            "data": configuration,
        },
        objects.deployment(NAME, NAMESPACE, _pod(image)),
        _service(),
    ]


_RULES = (
    Rule("", ("endpoints", "services", "pods", "namespaces"), ("list", "watch")),
    Rule("discovery.k8s.io", ("endpointslices",), ("list", "watch")),
)


def _pod(image: str) -> Pod:
    return Pod(
        image=image,
        arguments=("-conf", "/etc/coredns/Corefile"),
        ports=(
            {"name": "dns", "containerPort": 53, "protocol": "UDP"},
            {"name": "dns-tcp", "containerPort": 53, "protocol": "TCP"},
        ),
        ready=("/ready", 8181),
        mounts={"/etc/coredns": {"configMap": {"name": NAME}}},
        # Not itself.
        dns_policy="Default",
    )


def _service() -> Manifest:
    ports = [
        {"name": name, "port": 53, "protocol": protocol} for name, protocol in (("dns", "UDP"), ("dns-tcp", "TCP"))
    ]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": objects.metadata("kube-dns", NAMESPACE),
        "spec": {"clusterIP": addresses.DNS_SERVICE, "selector": {"app": NAME}, "ports": ports},
    }
