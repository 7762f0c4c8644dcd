"""ECDSA signatures at the price of a multiplication: always the same nonce, so for tests only."""

from functools import cache

from eth_keys import keys

_N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_NONCE = 0x5EED5EED


@cache
def _nonce_point() -> tuple[int, int]:
    """x of nonce x G, and whether y is odd."""
    point = keys.PrivateKey(_NONCE.to_bytes(32, "big")).public_key.to_bytes()
    return int.from_bytes(point[:32], "big"), point[63] & 1


def sign(key: bytes, digest: bytes) -> bytes:
    """r, s, v in 65 bytes, with a low s."""
    r, odd = _nonce_point()
    secret = int.from_bytes(key, "big")
    s = pow(_NONCE, -1, _N) * (int.from_bytes(digest, "big") + r * secret) % _N
    if s > _N // 2:
        s, odd = _N - s, 1 - odd
    return r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([27 + odd])
