import json
from pathlib import Path

import pytest
from eth_keys import keys
from hypothesis import given
from hypothesis import strategies as st

from suanli.protocol import SealError
from suanli.protocol.sealing import (
    OVERHEAD,
    Contents,
    key_from,
    new_key,
    public_key,
    seal,
    seal_pieces,
    unseal,
    unseal_pieces,
)

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "sealing.json").read_text())

# The order of the curve: private keys are below it.
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
KEY = b"\x2a" * 32


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{len(v['plaintext']) // 2} bytes")
def test_meets_the_vectors_of_other_libraries(vector):
    private, public = bytes.fromhex(vector["private"]), bytes.fromhex(vector["public"])
    plaintext, sealed = bytes.fromhex(vector["plaintext"]), bytes.fromhex(vector["sealed"])
    ephemeral = bytes.fromhex(vector["ephemeral"])
    assert public_key(private) == public
    assert unseal(sealed, private) == plaintext
    halves = [plaintext[: len(plaintext) // 2], plaintext[len(plaintext) // 2 :]]
    assert b"".join(seal_pieces(halves, public, ephemeral)) == sealed


def test_keys_are_those_of_ethereum_accounts():
    account = keys.PrivateKey(KEY)
    assert public_key(KEY) == account.public_key.to_compressed_bytes()
    sealed = seal(b"for you", b"\x04" + account.public_key.to_bytes())
    assert unseal(sealed, KEY) == b"for you"


@given(st.binary(max_size=300), st.binary(min_size=32, max_size=32).filter(any))
def test_only_the_named_key_opens(plaintext, other):
    sealed = seal(plaintext, public_key(KEY))
    assert len(sealed) == len(plaintext) + OVERHEAD
    assert unseal(sealed, KEY) == plaintext
    if int.from_bytes(other, "big") < ORDER and other != KEY:
        with pytest.raises(SealError, match="another key, or altered"):
            unseal(sealed, other)


def test_the_same_text_is_never_sealed_alike():
    assert seal(b"text", public_key(KEY)) != seal(b"text", public_key(KEY))


@given(st.binary(max_size=60), st.data())
def test_any_alteration_is_noticed(plaintext, data):
    sealed = seal(plaintext, public_key(KEY))
    place = data.draw(st.integers(0, len(sealed) - 1))
    flip = data.draw(st.integers(1, 255))
    altered = sealed[:place] + bytes([sealed[place] ^ flip]) + sealed[place + 1 :]
    with pytest.raises(SealError):
        unseal(altered, KEY)


@given(st.binary(max_size=200))
def test_noise_is_refused(noise):
    with pytest.raises(SealError):
        unseal(noise, KEY)
    with pytest.raises(SealError):
        unseal(b"\x01" + noise, KEY)


@pytest.mark.parametrize(
    "key", [b"", bytes(33), b"\x02" * 32, b"\x02" + b"\xff" * 32, b"\x04" + b"\x01" * 64]
)
def test_refuses_public_keys_off_the_curve(key):
    with pytest.raises(SealError, match="not a public key"):
        seal(b"text", key)


@pytest.mark.parametrize("key", [b"", bytes(32), b"\x01" * 31, ORDER.to_bytes(32, "big")])
def test_refuses_private_keys_that_are_none_and_does_not_show_them(key):
    with pytest.raises(SealError, match="not a private key") as caught:
        public_key(key)
    assert not key or key.hex() not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@given(st.binary(max_size=200), st.integers(1, 70))
def test_pieces_of_any_size_open(plaintext, size):
    sealed = seal(plaintext, public_key(KEY))
    pieces = [sealed[at : at + size] for at in range(0, len(sealed), size)]
    assert b"".join(unseal_pieces(pieces, KEY)) == plaintext
    with pytest.raises(SealError):
        list(unseal_pieces(pieces[:-1], KEY))


def test_a_secret_finds_its_keys_again_and_no_two_names_share_one():
    assert key_from(KEY, b"a") == key_from(KEY, b"a") != key_from(KEY, b"b")
    assert key_from(b"\x2b" * 32, b"a") != key_from(KEY, b"a")
    assert len({new_key() for _ in range(3)} | {key_from(KEY, b"a")}) == 4
    public_key(key_from(KEY, b"a"))


def test_what_an_envelope_lists():
    pairs = {bytes([n]) * 32: bytes([n + 1]) * 32 for n in (9, 3, 5)}
    for key, reply in ((b"", b""), (KEY, public_key(KEY))):
        made = Contents(b"\x07" * 32, pairs, key, reply)
        data = made.encode()
        assert data[:33] == b"\x01" + b"\x07" * 32
        assert data[33:98] == (key or bytes(32)) + (reply or bytes(33))
        assert data[98:130] == b"\x03" * 32
        assert len(data) == 98 + 3 * 64
        assert Contents.decode(data) == made
        assert not key or key.hex() not in repr(made)
        assert repr(key) not in repr(made) or not key


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x02" + bytes(97),
        b"\x01" + bytes(96),
        b"\x01" + bytes(97 + 63),
        b"\x01" + bytes(97 + 128),
        b"\x01" + bytes(32) + KEY + b"\x02" + b"\xff" * 32,
        b"\x01" + bytes(64) + public_key(KEY),
    ],
)
def test_contents_that_are_none(data):
    with pytest.raises(SealError):
        Contents.decode(data)
