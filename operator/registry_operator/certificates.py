"""The certificates of a registry's sync port: a CA of its own, and a server certificate that it signed.

The CA's private key is thrown away at once: the next renewal makes a new CA. `ca.crt` then holds the new CA
and the one before, because pods see a changed Secret only after a while and must stay reachable meanwhile.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME: Final = dt.timedelta(days=365)
# A third of the lifetime, as for tokens: weeks of a broken operator cost nothing.
RENEW_BEFORE: Final = LIFETIME / 3
_CLOCK_SKEW: Final = dt.timedelta(minutes=5)
_CA_USAGE: Final = frozenset({"key_cert_sign", "crl_sign"})
_SERVER_USAGE: Final = frozenset({"digital_signature"})


@dataclass(frozen=True, slots=True)
class ServerCertificate:
    """PEM of the trusted issuers, of the server's certificate and of its private key."""

    ca: str
    certificate: str
    private_key: str


def issue(host: str, now: dt.datetime, *, former_ca: str = "") -> ServerCertificate:
    """Make a CA and a certificate for `host`; the newest issuer of `former_ca` (PEM) stays trusted."""
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca = _certificate_authority(ca_key, now)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _server_certificate(host, key.public_key(), issuer=ca, now=now).sign(ca_key, hashes.SHA256())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return ServerCertificate(ca=_pem(ca) + _newest(former_ca), certificate=_pem(certificate), private_key=pem.decode())


def usable(present: ServerCertificate, host: str, now: dt.datetime) -> bool:
    """Whether a server certificate is well-formed, for `host`, fits its key and is not due for renewal."""
    try:
        certificate = x509.load_pem_x509_certificate(present.certificate.encode())
        issuers = x509.load_pem_x509_certificates(present.ca.encode())
        key = serialization.load_pem_private_key(present.private_key.encode(), None)
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        certificate.verify_directly_issued_by(issuers[0])
    except (ValueError, TypeError, x509.ExtensionNotFound, InvalidSignature):
        return False
    return (
        host in names.get_values_for_type(x509.DNSName)
        and certificate.public_key() == key.public_key()
        and certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc - RENEW_BEFORE
    )


def _certificate_authority(key: ec.EllipticCurvePrivateKey, now: dt.datetime) -> x509.Certificate:
    public = key.public_key()
    name = _name("PyPI Registry sync CA")
    builder = (
        _builder(now)
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(_CA_USAGE), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )
    return builder.sign(key, hashes.SHA256())


def _server_certificate(
    host: str, public: ec.EllipticCurvePublicKey, *, issuer: x509.Certificate, now: dt.datetime
) -> x509.CertificateBuilder:
    issuer_id = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return (
        _builder(now)
        .subject_name(_name("PyPI Registry sync port"))
        .issuer_name(issuer.subject)
        .public_key(public)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(_SERVER_USAGE), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer_id), critical=False)
    )


def _builder(now: dt.datetime) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().serial_number(x509.random_serial_number())
    return builder.not_valid_before(now - _CLOCK_SKEW).not_valid_after(now + LIFETIME)


def _key_usage(usages: frozenset[str]) -> x509.KeyUsage:
    names = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{name: name in usages for name in names})


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _newest(bundle: str) -> str:
    try:
        return _pem(x509.load_pem_x509_certificates(bundle.encode())[0])
    except ValueError:
        return ""
