"""The cluster's authority: what it signs is believed by a strict client, and is not signed twice."""

import datetime as dt
import socket
import ssl
import threading
from pathlib import Path

import pytest
from cryptography import x509

from tests.cluster.certificates import Authority, Pair, Subject

STRICT = ssl.VERIFY_X509_STRICT


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    found = Authority(tmp_path / "certificates", dt.datetime.now(dt.UTC))
    found.establish()
    return found


def shaken_hands(authority: Path, pair: Pair, name: str) -> str | None:
    """The TLS version that a client of `authority` and a server with `pair` agree on for the host `name`."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pair.certificate, pair.key)
    client = ssl.create_default_context(cafile=str(authority))
    client.verify_flags |= STRICT
    ours, theirs = socket.socketpair()
    ours.settimeout(10)
    theirs.settimeout(10)

    def serve() -> None:
        try:
            with server.wrap_socket(theirs, server_side=True) as connection:
                connection.recv(1)
        except OSError:
            theirs.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client.wrap_socket(ours, server_hostname=name) as connection:
            return connection.version()
    finally:
        ours.close()
        thread.join(10)


@pytest.mark.parametrize("name", ["registry.test", "web--team-a.registry.test", "198.18.254.2"])
def test_a_strict_client_believes_it_for_its_names(authority: Authority, name: str) -> None:
    subject = Subject("registry.test", names=("registry.test", "*.registry.test", "198.18.254.2"))
    assert shaken_hands(authority.certificate, authority.pair("ingress", subject), name) == "TLSv1.3"


def test_a_client_does_not_believe_it_for_another_name(authority: Authority) -> None:
    pair = authority.pair("ingress", Subject("registry.test", names=("registry.test",)))
    with pytest.raises(ssl.SSLCertVerificationError):
        shaken_hands(authority.certificate, pair, "other.test")


def test_kubernetes_reads_user_and_groups(authority: Authority) -> None:
    pair = authority.pair("admin", Subject("admin", ("system:masters",)))
    certificate = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
    assert certificate.subject.rfc4514_string() == "CN=admin,O=system:masters"


def test_what_is_there_is_not_made_again_and_keys_are_their_owners_alone(authority: Authority) -> None:
    pair = authority.pair("admin", Subject("admin"))
    key = authority.signing_key("tokens")
    before = [path.read_bytes() for path in (authority.certificate, pair.certificate, key.key)]
    authority.establish()
    authority.pair("admin", Subject("admin"))
    authority.signing_key("tokens")
    assert [path.read_bytes() for path in (authority.certificate, pair.certificate, key.key)] == before
    assert {path.stat().st_mode & 0o077 for path in authority.folder.glob("*.key")} == {0}
