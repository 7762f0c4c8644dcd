"""Sealing to a named miner: ECIES on secp256k1, with the keys Ethereum accounts have.

    sealed = 0x01 ‖ ephemeral public key (33) ‖ AES-256-GCM(key, nonce 0, plaintext, aad), tag last
    key    = HKDF-SHA256(x of the shared point, no salt, info "suanli-seal-1" ‖ aad), 32 bytes
    aad    = ephemeral public key ‖ recipient's public key, both compressed

A key is made for each blob, so the fixed nonce never meets the same key twice. Sealing is for the
way only: it hides contents, not their size, and does not say who sealed.
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from suanli.protocol.errors import SealError

VERSION = b"\x01"
INFO = b"suanli-seal-1"
NONCE = bytes(12)
PUBLIC_KEY_BYTES = 33
OVERHEAD = len(VERSION) + PUBLIC_KEY_BYTES + 16
MAX_PLAINTEXT = 2**31 - 1 - OVERHEAD
"""Bytes in one sealed blob, set by the AES-GCM implementation."""


def public_key(private_key: bytes) -> bytes:
    """The compressed public key (33 bytes) of an Ethereum private key (32 bytes)."""
    return _compressed(_private(private_key).public_key())


def seal(plaintext: bytes, recipient: bytes) -> bytes:
    """Seal to a public key (compressed, or uncompressed with its 04).

    Raises:
        SealError: the key is no point of secp256k1, or the plaintext is too long.
    """
    return _seal(plaintext, recipient, ec.generate_private_key(ec.SECP256K1()))


def unseal(sealed: bytes, private_key: bytes) -> bytes:
    """The plaintext of a blob that was sealed to this private key (32 bytes).

    Raises:
        SealError: sealed to another key, altered, cut short, or of another version.
    """
    if len(sealed) < OVERHEAD:
        raise SealError(f"{len(sealed)} bytes are too few for a sealed blob")
    if sealed[:1] != VERSION:
        raise SealError(f"sealed by a version this program does not know: {sealed[0]}")
    end = 1 + PUBLIC_KEY_BYTES
    ephemeral, body = sealed[1:end], sealed[end:]
    private = _private(private_key)
    aad = ephemeral + _compressed(private.public_key())
    shared = private.exchange(ec.ECDH(), _public(ephemeral))
    try:
        return AESGCM(_key(shared, aad)).decrypt(NONCE, body, aad)
    except InvalidTag:
        raise SealError("sealed to another key, or altered on the way") from None


def _seal(plaintext: bytes, recipient: bytes, ephemeral: ec.EllipticCurvePrivateKey) -> bytes:
    if len(plaintext) > MAX_PLAINTEXT:
        raise SealError(f"{len(plaintext)} bytes are too many to seal; split the input")
    public = _public(recipient)
    own = _compressed(ephemeral.public_key())
    aad = own + _compressed(public)
    body = AESGCM(_key(ephemeral.exchange(ec.ECDH(), public), aad)).encrypt(NONCE, plaintext, aad)
    return VERSION + own + body


def _key(shared: bytes, aad: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=INFO + aad).derive(shared)


def _private(key: bytes) -> ec.EllipticCurvePrivateKey:
    # The reason is left out of the error: it could hold the key.
    if len(key) == 32:
        try:
            return ec.derive_private_key(int.from_bytes(key, "big"), ec.SECP256K1())
        except ValueError:
            pass
    raise SealError("that is not a private key of secp256k1 (32 bytes)")


def _public(key: bytes) -> ec.EllipticCurvePublicKey:
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256K1(), key)
    except ValueError:
        raise SealError(f"not a public key of secp256k1: {key.hex() or 'nothing'}") from None


def _compressed(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
