"""Signatures in the forms they come in."""

from eth_account.messages import SignableMessage
from eth_utils import keccak

CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def digest(signable: SignableMessage) -> bytes:
    """What is signed: keccak256(0x19 ‖ version ‖ header ‖ body)."""
    return keccak(b"\x19" + signable.version + signable.header + signable.body)


def malleated(signature: bytes) -> bytes:
    """The other signature (r, n - s, v') that the same key recovers from."""
    r, s, v = _parts(signature)
    return r + (CURVE_ORDER - s).to_bytes(32, "big") + bytes([55 - v])


def compact(signature: bytes) -> bytes:
    """The same signature in the 64 bytes of EIP-2098: r, and s with v in its highest bit."""
    r, s, v = _parts(signature)
    return r + ((v - 27) << 255 | s).to_bytes(32, "big")


def _parts(signature: bytes) -> tuple[bytes, int, int]:
    return signature[:32], int.from_bytes(signature[32:64], "big"), signature[64]
