"""Signed provenance (C2PA): a picture's file says who made it, and whether it was changed since.

All of it is done by the official library, without the network: no time stamps, no lists of trusted
certificates. The recipe stays where it is, and is covered by the signature like the pixels.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import lookalike
from lookalike.core.errors import OptionError, OutputError, RecipeError
from lookalike.core.extras import check_packages
from lookalike.core.files import reason
from lookalike.core.png import chunks

if TYPE_CHECKING:
    from c2pa import Context

MEDIA = "image/png"
_MARK = b"caBX"
"""The kind of the PNG chunk that holds a C2PA manifest store."""

_MADE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
_SETTINGS = {
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    "builder": {"thumbnail": {"enabled": False}},
}
_CURVES = {256: "es256", 384: "es384", 521: "es512"}

Verdict = Literal["trusted", "valid", "wrong", "unread"]


@dataclass(frozen=True)
class Signature:
    """What a picture's file says of who signed it; `why` is told where that is wrong."""

    verdict: Verdict
    by: str = ""
    why: str = ""

    @property
    def line(self) -> str:
        """The same for a person."""
        if self.verdict == "unread":
            return f"not checked: {self.why}"
        if self.verdict == "wrong":
            return f"not valid: {self.why}"
        known = "" if self.verdict == "trusted" else "; who that is nobody vouches for"
        return f"valid, by {self.by}: nothing was changed since{known}"


@dataclass(frozen=True)
class Signer:
    """A chain of certificates and the key of its first, ready to sign pictures."""

    chain: bytes
    key: bytes
    algorithm: str

    @classmethod
    def of(cls, chain: Path, key: Path) -> Signer:
        """Read PEM files, and try them, so that what is wrong is told before hours of work.

        Raises:
            OptionError: the extra is missing, a file cannot be read, or they cannot sign.
        """
        check_packages("provenance", "signing", "c2pa")
        data = _read(key)
        made = cls(_read(chain), data, _algorithm(data, key))
        blank = _blank()
        try:
            told = signature_in(made.sign(blank))
        except OutputError as fault:
            raise OptionError(f"{chain} and {key} cannot sign: {fault}") from fault
        if told is None or told.verdict == "wrong":
            why = told.why if told else "nothing was signed"
            raise OptionError(f"{chain} and {key} cannot sign: {why}")
        return made

    def sign(self, data: bytes) -> bytes:
        """The same PNG file with a signed claim of where it comes from.

        Raises:
            OutputError: it cannot be signed, with a certificate that is no longer good, say.
        """
        import c2pa

        info = c2pa.C2paSignerInfo(self.algorithm, self.chain, self.key, None)
        signed = io.BytesIO()
        try:
            with (
                c2pa.Signer.from_info(info) as signer,
                c2pa.Builder.from_json(_claim(), _context()) as builder,
            ):
                builder.sign(signer, MEDIA, io.BytesIO(data), signed)
        except c2pa.C2paError as fault:
            raise OutputError(_short(fault)) from fault
        return signed.getvalue()


def signature(path: Path) -> Signature | None:
    """What the signature in a picture's file is worth; None where there is none."""
    return signature_in(_read(path))


def signature_in(data: bytes) -> Signature | None:
    """The same of the bytes of a PNG file."""
    try:
        if next(chunks(data, _MARK), None) is None:
            return None
    except RecipeError:
        return Signature("wrong", why="the signature itself is damaged")
    try:
        check_packages("provenance", "checking a signature", "c2pa")
    except OptionError as fault:
        return Signature("unread", why=str(fault))
    return _checked(data)


def _checked(data: bytes) -> Signature | None:
    import c2pa

    try:
        with c2pa.Reader(MEDIA, io.BytesIO(data), context=_context()) as reader:
            told = json.loads(reader.json())
    except c2pa.C2paError as fault:
        if "ManifestNotFound" in str(fault):
            return None
        return Signature("wrong", why=_short(fault))
    manifest = told["manifests"][told["active_manifest"]]
    state = told.get("validation_state", "Invalid")
    by = _name(manifest.get("signature_info") or {})
    if state == "Trusted":
        return Signature("trusted", by)
    return Signature("valid", by) if state == "Valid" else Signature("wrong", by, _fault(told))


def _name(info: dict[str, str]) -> str:
    name, firm = info.get("common_name", ""), info.get("issuer", "")
    return f"{name} ({firm})" if name and firm else name or firm or "somebody without a name"


def _fault(told: dict[str, Any]) -> str:
    """What is wrong with a signed file, in our words where it is the usual."""
    codes = [each["code"] for each in told.get("validation_status", [])]
    others = [code for code in codes if code != "signingCredential.untrusted"]
    if any(code.startswith("assertion.dataHash") for code in others):
        return "the file was changed since it was signed"
    return f"the signature fails ({', '.join(others) or 'no reason is given'})"


def _claim() -> str:
    made = {"action": "c2pa.created", "digitalSourceType": _MADE}
    return json.dumps(
        {
            "claim_generator_info": [{"name": "lookalike", "version": lookalike.__version__}],
            "assertions": [{"label": "c2pa.actions", "data": {"actions": [made]}}],
        }
    )


@cache
def _context() -> Context:
    import c2pa

    return c2pa.Context.from_dict(_SETTINGS)


def _algorithm(data: bytes, path: Path) -> str:
    """How a key signs; `OptionError` where it is none that can."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(data, None)
    except TypeError as fault:  # a password is asked for
        raise OptionError(f"the key {path} is locked by a password; give an open copy") from fault
    except ValueError as fault:
        raise OptionError(f"{path} is no private key in PEM") from fault
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.key_size in _CURVES:
        return _CURVES[key.curve.key_size]
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(key, rsa.RSAPrivateKey):
        return "ps256"
    raise OptionError(f"the key {path} is of a kind that signs no C2PA; P-256, Ed25519 or RSA do")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as fault:
        raise OptionError(f"cannot read {path}: {reason(fault)}") from fault


def _blank() -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, format="PNG")
    return buffer.getvalue()


def _short(fault: Exception) -> str:
    words = " ".join(str(fault).split()) or type(fault).__name__
    return words if len(words) <= 160 else words[:159] + "…"
