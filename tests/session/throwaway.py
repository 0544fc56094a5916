"""Chains of certificates that nobody vouches for, made anew for each test."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
NOW = datetime.now(UTC)
PEM = serialization.Encoding.PEM


def key_of(kind: str) -> Key:
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    if kind == "rsa":
        return rsa.generate_private_key(65537, 2048)
    return ec.generate_private_key({"p256": ec.SECP256R1(), "p384": ec.SECP384R1()}[kind])


def pair(folder: Path, kind: str = "p256", *, days: int = 30, word: str = "") -> tuple[Path, Path]:
    """A chain and its key as PEM files; with `days` below 0 it ran out so long ago."""
    root, key = key_of("p256"), key_of(kind)
    own = _certificate("a signer", "the root", key, root, days, authority=False)
    top = _certificate("the root", "the root", root, root, 365, authority=True)
    chain, secret = folder / f"{kind}.pem", folder / f"{kind}.key"
    chain.write_bytes(own.public_bytes(PEM) + top.public_bytes(PEM))
    lock = (
        serialization.BestAvailableEncryption(word.encode())
        if word
        else serialization.NoEncryption()
    )
    secret.write_bytes(key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, lock))
    return chain, secret


def _name(name: str) -> x509.Name:
    told = {NameOID.ORGANIZATION_NAME: "Nobody", NameOID.COMMON_NAME: name}
    return x509.Name([x509.NameAttribute(kind, each) for kind, each in told.items()])


def _certificate(
    name: str, by: str, key: Key, other: Key, days: int, *, authority: bool
) -> x509.Certificate:
    names = ("key_cert_sign", "crl_sign") if authority else ("digital_signature",)
    usage = dict.fromkeys(
        (
            *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
            *("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
        ),
        False,
    )
    usage |= dict.fromkeys(names, True)
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(other.public_key())
    made = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(by))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=365))
        .not_valid_after(NOW + timedelta(days=days))
        .add_extension(x509.BasicConstraints(authority, None), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .add_extension(identifier, critical=False)
    )
    if not authority:
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        made = made.add_extension(purpose, critical=True)
    return made.sign(other, hashes.SHA256())
