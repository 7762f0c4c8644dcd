"""Writes sealing.json with other libraries than the code that is to meet it: eth_keys'
arithmetic on the curve, HKDF written out, pycryptodome's AES.

    python tests/vectors/make_sealing.py
"""

import hashlib
import hmac
import json
from pathlib import Path

from Crypto.Cipher import AES
from eth_keys import keys
from eth_keys.backends.native.ecdsa import fast_multiply

TARGET = Path(__file__).with_name("sealing.json")


def shared_x(private, public):
    raw = public.to_bytes()
    point = (int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    x, _ = fast_multiply(point, int.from_bytes(private.to_bytes(), "big"))
    return x.to_bytes(32, "big")


def hkdf(secret, info):
    key = hmac.digest(bytes(32), secret, hashlib.sha256)
    return hmac.digest(key, info + b"\x01", hashlib.sha256)


def seal(plaintext, ephemeral, recipient):
    aad = ephemeral.public_key.to_compressed_bytes() + recipient.to_compressed_bytes()
    key = hkdf(shared_x(ephemeral, recipient), b"suanli-seal-1" + aad)
    cipher = AES.new(key, AES.MODE_GCM, nonce=bytes(12))
    cipher.update(aad)
    body, tag = cipher.encrypt_and_digest(plaintext)
    return b"\x01" + aad[:33] + body + tag


def main():
    vectors = []
    for number, plaintext in enumerate((b"", b"suanli", bytes(range(256)) * 5)):
        private = keys.PrivateKey(hashlib.sha256(b"recipient %d" % number).digest())
        ephemeral = keys.PrivateKey(hashlib.sha256(b"ephemeral %d" % number).digest())
        vectors.append(
            {
                "private": private.to_bytes().hex(),
                "address": private.public_key.to_checksum_address(),
                "public": private.public_key.to_compressed_bytes().hex(),
                "ephemeral": ephemeral.to_bytes().hex(),
                "plaintext": plaintext.hex(),
                "sealed": seal(plaintext, ephemeral, private.public_key).hex(),
            }
        )
    TARGET.write_text(json.dumps(vectors, indent=1) + "\n")


if __name__ == "__main__":
    main()
