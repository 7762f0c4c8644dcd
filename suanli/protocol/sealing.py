"""Sealing to a named miner: ECIES on secp256k1, with the keys Ethereum accounts have.

    sealed = 0x01 ‖ ephemeral public key (33) ‖ AES-256-GCM(key, nonce 0, plaintext, aad), tag last
    key    = HKDF-SHA256(x of the shared point, no salt, info "suanli-seal-1" ‖ aad), 32 bytes
    aad    = ephemeral public key ‖ recipient's public key, both compressed

A key is made for each blob, so the fixed nonce never meets the same key twice. Sealing is for the
way only: it hides contents, not their size, and does not say who sealed.

An envelope lists what is sealed, sealed itself:

    contents = 0x01 ‖ request ‖ key ‖ reply ‖ (digest ‖ digest of the sealed blob) …
    request  = id of the request that it is for
    key      = the private key that opens what is listed
    reply    = the compressed public key that the result is to be sealed to

Pairs are sorted, none twice. In a result's, which opens by the requester's key, the keys are zeros.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
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
"""Bytes in one sealed blob."""
TAG_BYTES = 16
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
"""Of secp256k1."""
EPHEMERAL = b"suanli-ephemeral-1"
_CHUNK = 1 << 20
_NO_KEY, _NO_REPLY = bytes(32), bytes(PUBLIC_KEY_BYTES)
_PAIR = 64


@dataclass(frozen=True)
class Contents:
    """What an envelope lists: by the digest of a blob that of the sealed one. `request`: its id.
    `key`: the private key that opens them, and `reply`, the public one that the result is to be
    sealed to: both empty in a result's."""

    request: bytes
    sealed: Mapping[bytes, bytes]
    key: bytes = field(default=b"", repr=False)
    reply: bytes = b""

    def encode(self) -> bytes:
        pairs = b"".join(digest + self.sealed[digest] for digest in sorted(self.sealed))
        keys = (self.key or _NO_KEY) + (self.reply or _NO_REPLY)
        return VERSION + self.request + keys + pairs

    @classmethod
    def decode(cls, data: bytes) -> "Contents":
        """Raises SealError: a stranger may have made it."""
        begin = 1 + 32 + 32 + PUBLIC_KEY_BYTES
        if data[:1] != VERSION or len(data) < begin or (len(data) - begin) % _PAIR:
            raise SealError("not in the form of an envelope's contents")
        places = range(begin, len(data), _PAIR)
        digests = [data[at : at + 32] for at in places]
        if any(a >= b for a, b in itertools.pairwise(digests)):
            raise SealError("an envelope's contents are not sorted, or name a blob twice")
        request, key, reply = data[1:33], data[33:65], data[65:begin]
        if key + reply == _NO_KEY + _NO_REPLY:
            key = reply = b""
        else:
            _private(key)
            _public(reply)
        pairs = {data[at : at + 32]: data[at + 32 : at + 64] for at in places}
        return cls(request, pairs, key, reply)


def public_key(private_key: bytes) -> bytes:
    """The compressed public key (33 bytes) of an Ethereum private key (32 bytes)."""
    return _compressed(_private(private_key).public_key())


def new_key() -> bytes:
    """A private key (32 bytes) of random."""
    return _raw(ec.generate_private_key(ec.SECP256K1()))


def key_from(secret: bytes, name: bytes) -> bytes:
    """The private key (32 bytes) that belongs to a name: whoever has the secret finds it again.

    As the ephemeral key of a blob, `name` has to hold its digest and the recipient: sealing again
    then gives the same bytes, and no other plaintext ever meets the key.
    """
    wide = HKDF(algorithm=SHA256(), length=48, salt=None, info=EPHEMERAL + name).derive(secret)
    return (int.from_bytes(wide) % (ORDER - 1) + 1).to_bytes(32)


def seal(plaintext: bytes, recipient: bytes) -> bytes:
    """Seal to a public key (compressed, or uncompressed with its 04).

    Raises:
        SealError: the key is no point of secp256k1, or the plaintext is too long.
    """
    return b"".join(seal_pieces([plaintext], recipient, new_key()))


def seal_pieces(pieces: Iterable[bytes], recipient: bytes, ephemeral: bytes) -> Iterator[bytes]:
    """The same in pieces, with a key (32 bytes) that is for this plaintext and recipient alone.

    Raises: as `seal`.
    """
    public, private = _public(recipient), _private(ephemeral)
    own = _compressed(private.public_key())
    aad = own + _compressed(public)
    cipher = Cipher(
        algorithms.AES(_key(private.exchange(ec.ECDH(), public), aad)), modes.GCM(NONCE)
    ).encryptor()
    cipher.authenticate_additional_data(aad)
    yield VERSION + own
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > MAX_PLAINTEXT:
            raise SealError(
                f"more than {MAX_PLAINTEXT} bytes are too many to seal: split the input"
            )
        for at in range(0, len(piece), _CHUNK):
            yield cipher.update(piece[at : at + _CHUNK])
    yield cipher.finalize() + cipher.tag


def unseal(sealed: bytes, private_key: bytes) -> bytes:
    """The plaintext of a blob that was sealed to this private key (32 bytes).

    Raises:
        SealError: sealed to another key, altered, cut short, or of another version.
    """
    return b"".join(unseal_pieces([sealed], private_key))


def unseal_pieces(pieces: Iterable[bytes], private_key: bytes) -> Iterator[bytes]:
    """The same in pieces: they are genuine only once all came.

    Raises: as `unseal`.
    """
    private, rest = _private(private_key), iter(pieces)
    held = b""
    while len(held) < OVERHEAD and (piece := next(rest, None)) is not None:
        held += piece
    if len(held) < OVERHEAD:
        raise SealError(f"{len(held)} bytes are too few for a sealed blob")
    if held[:1] != VERSION:
        raise SealError(f"sealed by a version this program does not know: {held[0]}")
    end = 1 + PUBLIC_KEY_BYTES
    ephemeral, held = held[1:end], held[end:]
    aad = ephemeral + _compressed(private.public_key())
    shared = private.exchange(ec.ECDH(), _public(ephemeral))
    cipher = Cipher(algorithms.AES(_key(shared, aad)), modes.GCM(NONCE)).decryptor()
    cipher.authenticate_additional_data(aad)
    while True:
        for at in range(0, len(held) - TAG_BYTES, _CHUNK):
            yield cipher.update(held[at : min(at + _CHUNK, len(held) - TAG_BYTES)])
        held = held[-TAG_BYTES:]
        if (piece := next(rest, None)) is None:
            break
        held += piece
    try:
        yield cipher.finalize_with_tag(held)
    except InvalidTag:
        raise SealError("sealed to another key, or altered on the way") from None


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


def _raw(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_numbers().private_value.to_bytes(32)
