"""Certificates of the sync port: real handshakes, and when they are made anew."""

import datetime as dt
import ssl
import tempfile
from pathlib import Path

import pytest

from registry_operator.certificates import ServerCertificate, issue, usable

HOST = "demo-sync.team-a.svc"
NOW = dt.datetime.now(dt.UTC)


def handshake(server: ServerCertificate, *, trusted: str, host: str = HOST) -> None:
    """Do a TLS handshake in memory; raises ssl.SSLError when the client does not trust the server."""
    there = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        chain = Path(folder, "tls.pem")
        chain.write_text(server.private_key + server.certificate)
        there.load_cert_chain(chain)
    here = ssl.create_default_context(cadata=trusted)
    here.verify_flags |= ssl.VERIFY_X509_STRICT
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = here.wrap_bio(to_client, to_server, server_hostname=host)
    listener = there.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(5):
        for side in (client, listener):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    assert client.version() == "TLSv1.3"


def test_a_client_that_trusts_the_ca_alone_accepts_the_server() -> None:
    made = issue(HOST, NOW)
    handshake(made, trusted=made.ca)


def test_a_certificate_is_for_its_own_host_only() -> None:
    made = issue(HOST, NOW)
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        handshake(made, trusted=made.ca, host="demo-sync.team-b.svc")


def test_after_a_renewal_the_former_certificate_is_still_trusted_and_the_one_before_is_not() -> None:
    first = issue(HOST, NOW)
    second = issue(HOST, NOW, former_ca=first.ca)
    third = issue(HOST, NOW, former_ca=second.ca)
    for server in (third, second):
        handshake(server, trusted=third.ca)
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(first, trusted=third.ca)


def test_it_is_used_until_a_third_of_its_life_is_left() -> None:
    made = issue(HOST, NOW)
    assert usable(made, HOST, NOW)
    assert usable(made, HOST, NOW + dt.timedelta(days=243))
    assert not usable(made, HOST, NOW + dt.timedelta(days=244))
    assert not usable(made, HOST, NOW - dt.timedelta(days=1))


@pytest.mark.parametrize("broken", ["ca", "certificate", "private_key"])
def test_what_is_missing_or_does_not_fit_is_not_usable(broken: str) -> None:
    made, other = issue(HOST, NOW), issue(HOST, NOW)
    parts = {"ca": made.ca, "certificate": made.certificate, "private_key": made.private_key}
    for value in ("", "-----BEGIN", getattr(other, broken)):
        assert not usable(ServerCertificate(**(parts | {broken: value})), HOST, NOW)
    assert not usable(made, "other-sync.team-a.svc", NOW)


def test_a_broken_former_ca_does_not_stand_in_the_way() -> None:
    made = issue(HOST, NOW, former_ca="not PEM")
    assert usable(made, HOST, NOW)
