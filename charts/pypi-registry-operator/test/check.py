"""What `helm test` runs in a pod of the operator's image: whether what was installed works.

It looks again for a minute: a rule of the network takes a while to reach all nodes, and so does the next leader.
"""

import json
import os
import pathlib
import socket
import ssl
import sys
import time
import urllib.error
import urllib.request
from http import HTTPStatus

ACCOUNT = pathlib.Path("/var/run/secrets/kubernetes.io/serviceaccount")
KINDS = {"pypiregistries", "registrytokens"}
SECONDS, CALL_SECONDS, PAUSE = 60, 5, 2
PORT = 8080
LEADS = "\npypi_registry_operator_leader 1.0\n"


def main() -> None:
    """Exit with what is wrong, once the time is over."""
    deadline = time.monotonic() + SECONDS
    while (wrong := problem()) is not None:
        if time.monotonic() > deadline:
            sys.exit(wrong)
        time.sleep(PAUSE)  # other programs: they can only be asked


def problem() -> str | None:
    """What is wrong, if anything is."""
    try:
        return missing_kinds() or silent_pods()
    except OSError as error:
        return f"the API server or a pod of the operator does not answer: {error}"


def missing_kinds() -> str | None:
    """Whether the API server serves our kinds; every account may ask."""
    server = f"https://{bracketed(os.environ['KUBERNETES_SERVICE_HOST'])}:{os.environ['KUBERNETES_SERVICE_PORT']}"
    trust = ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt"))
    try:
        found = read(f"{server}/apis/pypiregistry.dev/v1alpha1", (ACCOUNT / "token").read_text(), trust)
    except urllib.error.HTTPError as refusal:
        if refusal.code != HTTPStatus.NOT_FOUND:
            raise
        found = '{"resources": []}'
    missing = KINDS - {resource["name"] for resource in json.loads(found)["resources"]}
    advice = "set crds.enabled, or apply the files of crds/"
    return f"the API server does not serve {' and '.join(sorted(missing))}: {advice}" if missing else None


def silent_pods() -> str | None:
    """Whether all pods answer that should be there, and one of them leads."""
    wanted, metrics = int(os.environ["REPLICAS"]), os.environ.get("METRICS_PORT")
    found = socket.getaddrinfo(os.environ["HOST"], PORT, type=socket.SOCK_STREAM)
    pods = sorted({bracketed(str(address[0])) for *_, address in found})
    if len(pods) < wanted:
        return f"{len(pods)} of {wanted} pods of the operator are ready"
    for pod in pods:
        read(f"http://{pod}:{PORT}/healthz")
    if metrics and not any(LEADS in read(f"http://{pod}:{metrics}/metrics") for pod in pods):
        return "no pod of the operator leads: see their logs"
    print(f"the operator works: pods that answer: {len(pods)}, kinds that are served: {len(KINDS)}")
    return None


def read(url: str, token: str = "", trust: ssl.SSLContext | None = None) -> str:
    """The body of an answer; raises OSError for any but a good one."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
    with urllib.request.urlopen(request, timeout=CALL_SECONDS, context=trust) as answer:
        return str(answer.read().decode())


def bracketed(address: str) -> str:
    """An address as it stands in a URL."""
    return f"[{address}]" if ":" in address else address


if __name__ == "__main__":
    main()
