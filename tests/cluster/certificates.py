"""The cluster's own certificate authority, and the certificates that the node and the ingress show."""

from __future__ import annotations

import datetime as dt
import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# A test cluster lives for hours, but a cached state may be found again much later.
_LIFETIME = dt.timedelta(days=365)
# The node and its clients share one clock; this covers a container whose clock was read a moment earlier.
_BACKDATED = dt.timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Subject:
    """Who a certificate is for: Kubernetes reads the common name as the user and organizations as groups."""

    common_name: str
    organizations: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its private key, as PEM files."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Authority:
    """Signs certificates and keeps them in `folder`: one that is there already is not made again."""

    folder: Path
    now: dt.datetime

    @property
    def certificate(self) -> Path:
        return self.folder / "ca.crt"

    def pair(self, name: str, subject: Subject) -> Pair:
        """The certificate `name`, signed now if it is not there."""
        pair = Pair(self.folder / f"{name}.crt", self.folder / f"{name}.key")
        if not pair.certificate.exists():
            self._sign(pair, subject)
        return pair

    def establish(self) -> None:
        """Make the authority's own key and certificate if they are not there."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.certificate.exists():
            key = ec.generate_private_key(ec.SECP256R1())
            name = _name(Subject("PyPI Registry test cluster"))
            builder = self._builder(name, name, key).add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
            builder = builder.add_extension(_authority_usage(), True)
            _write(self.folder / "ca.key", _private(key))
            _write(self.certificate, _public(builder.sign(key, hashes.SHA256())))

    def signing_key(self, name: str) -> Pair:
        """A bare key pair for signing tokens: RSA, as on almost every real cluster."""
        pair = Pair(self.folder / f"{name}.pub", self.folder / f"{name}.key")
        if not pair.certificate.exists():
            key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            public = key.public_key()
            form = serialization.PublicFormat.SubjectPublicKeyInfo
            _write(pair.key, _private(key))
            _write(pair.certificate, public.public_bytes(serialization.Encoding.PEM, form))
        return pair

    def _sign(self, pair: Pair, subject: Subject) -> None:
        authority_key = serialization.load_pem_private_key((self.folder / "ca.key").read_bytes(), password=None)
        if not isinstance(authority_key, ec.EllipticCurvePrivateKey):
            raise TypeError(f"{self.folder}/ca.key is not a key that this tool made")
        authority = x509.load_pem_x509_certificate(self.certificate.read_bytes())
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(_name(subject), authority.subject, key)
        for extension, critical in _leaf_extensions(subject, authority_key.public_key()):
            builder = builder.add_extension(extension, critical)
        _write(pair.key, _private(key))
        _write(pair.certificate, _public(builder.sign(authority_key, hashes.SHA256())))

    def _builder(
        self, subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now - _BACKDATED)
            .not_valid_after(self.now + _LIFETIME)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        )


def _leaf_extensions(subject: Subject, authority: ec.EllipticCurvePublicKey) -> list[tuple[x509.ExtensionType, bool]]:
    usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (x509.ExtendedKeyUsage(usages), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(authority), False),
    ]
    if subject.names:
        extensions.append((x509.SubjectAlternativeName(_alternative_names(subject.names)), False))
    return extensions


def _alternative_names(names: Sequence[str]) -> list[x509.GeneralName]:
    found: list[x509.GeneralName] = []
    for name in names:
        try:
            found.append(x509.IPAddress(ipaddress.ip_address(name)))
        except ValueError:
            found.append(x509.DNSName(name))
    return found


def _authority_usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _name(subject: Subject) -> x509.Name:
    groups = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in subject.organizations]
    return x509.Name([*groups, x509.NameAttribute(NameOID.COMMON_NAME, subject.common_name)])


def _private(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def _public(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _write(path: Path, content: bytes) -> None:
    # Renamed when complete: a half-written key must never be found by the next run. Readable by its owner alone.
    unfinished = path.with_suffix(path.suffix + ".new")
    unfinished.touch(mode=0o600)
    unfinished.write_bytes(content)
    unfinished.replace(path)
