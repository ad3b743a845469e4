"""The single node's addresses, all from 198.18.0.0/15 (RFC 2544: for tests, routed nowhere)."""

from __future__ import annotations

HOST = "198.18.254.1"
NODE = "198.18.254.2"
LINK_PREFIX = 30
PODS = "198.18.0.0/24"
SERVICES = "198.19.0.0/24"
API_SERVICE = "198.19.0.1"
DNS_SERVICE = "198.19.0.10"
API_PORT = 6443
API_URL = f"https://{NODE}:{API_PORT}"
NODE_NAME = "node1"
CLUSTER_DOMAIN = "cluster.local"
BASE_DOMAIN = "registry.test"
