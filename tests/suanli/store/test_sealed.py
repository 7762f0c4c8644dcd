"""Sealed blobs go by the names of what they hold, and only who has the key reads them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from suanli.protocol import SealError, sealing
from suanli.store import (
    SMALL,
    BlobCorrupt,
    BlobMissing,
    BlobTooLarge,
    DirectoryStore,
    Pieces,
    SealingStore,
    StoreUnavailable,
    UnsealingStore,
    open_envelope,
)

KEY, OTHER, SECRET = b"\x2a" * 32, b"\x2b" * 32, b"\x07" * 32
TEXT = b"the plaintext of a small input"
LARGE = bytes(range(256)) * (2 * SMALL // 256)


def digest_of(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


@pytest.fixture
def plain(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path / "there")


def written(there: DirectoryStore, *blobs: bytes, **more: Any) -> SealingStore:
    store = SealingStore(there, sealing.public_key(KEY), SECRET, **more)
    store.put_many({digest_of(blob): blob for blob in blobs})
    return store


def opened(plain: DirectoryStore, store: SealingStore, key: bytes = KEY) -> UnsealingStore:
    return UnsealingStore(plain, key, store.sealed)


def files(store: DirectoryStore) -> bytes:
    return b"".join(path.read_bytes() for path in store.root.rglob("*") if path.is_file())


def test_there_and_back(plain: DirectoryStore, tmp_path: Path) -> None:
    here = DirectoryStore(tmp_path / "here")
    large = here.put(LARGE)
    store = written(plain, TEXT)
    store.put(Pieces(here, large), large)
    named = store.put(b"whole")
    for there in (files(plain), b"".join(plain)):
        assert TEXT not in there
        assert LARGE[:64] not in there
        assert digest_of(TEXT) not in there
    reader = opened(plain, store)
    digests = [digest_of(TEXT), large, named]
    assert [reader.get(digest) for digest in digests] == [TEXT, LARGE, b"whole"]
    assert b"".join(reader.stream(large)) == LARGE
    assert b"".join(reader.stream(large, 100_001)) == LARGE[100_001:]
    assert reader.get_many([*digests, bytes(32)]) == {digests[0]: TEXT, named: b"whole"}
    assert reader.missing([*digests, bytes(32)]) == {bytes(32)}
    assert reader.has(large)
    assert not reader.has(bytes(32))
    with pytest.raises(BlobTooLarge):
        reader.get(large, 1_000)


def test_the_same_secret_seals_alike_and_uploads_once(plain: DirectoryStore) -> None:
    noted: list[Any] = []
    first = written(plain, TEXT, note=noted.append)
    again = written(plain, TEXT)
    assert first.sealed == again.sealed == noted[0]
    assert len(list(plain)) == 1
    assert first.missing([digest_of(TEXT), digest_of(LARGE)]) == {digest_of(LARGE)}
    first.put_many({digest_of(TEXT): TEXT})
    assert len(noted) == 1  # nothing is new
    other = SealingStore(plain, sealing.public_key(OTHER), SECRET)
    other.put(TEXT)
    assert other.sealed != first.sealed


def test_what_is_plain_goes_as_it_is(plain: DirectoryStore) -> None:
    code = digest_of(b"\0asm")
    store = written(plain, b"\0asm", TEXT, plain={code})
    assert plain.get(code) == b"\0asm" == store.get(code) == b"".join(store.stream(code))
    assert store.get_many([code, digest_of(TEXT)]) == {code: b"\0asm"}
    assert list(store.sealed) == [digest_of(TEXT)]
    assert opened(plain, store).get(code) == b"\0asm"
    assert store.has(code)


def test_each_side_has_its_direction(plain: DirectoryStore) -> None:
    store = written(plain, TEXT)
    for read in (store.get, store.stream):
        with pytest.raises(BlobMissing, match="sealed to somebody else"):
            read(digest_of(TEXT))
    reader = opened(plain, store)
    for write in (lambda: reader.put(TEXT), lambda: reader.put_many({})):
        with pytest.raises(StoreUnavailable, match="read only"):
            write()
    with pytest.raises(TypeError, match="read twice"):
        store.put(iter([TEXT]), digest_of(TEXT))


def test_another_key_opens_nothing(plain: DirectoryStore) -> None:
    store = written(plain, TEXT)
    reader = opened(plain, store, OTHER)
    with pytest.raises(BlobCorrupt, match="another key, or altered"):
        reader.get(digest_of(TEXT))
    assert reader.get_many([digest_of(TEXT)]) == {}


def test_what_is_sealed_under_a_name_that_is_not_its_own_is_refused(plain: DirectoryStore) -> None:
    store = written(plain, TEXT, LARGE)
    text, large = digest_of(TEXT), digest_of(LARGE)
    swapped = {text: store.sealed[large], large: store.sealed[text]}
    reader = UnsealingStore(plain, KEY, swapped)
    with pytest.raises(BlobCorrupt, match="something else"):
        reader.get(text)
    assert reader.get_many([large]) == {}
    with pytest.raises(BlobCorrupt) as caught:
        list(reader.stream(large))
    assert caught.value.digest == large


def test_what_a_dispute_had_published_is_read_as_it_is(plain: DirectoryStore) -> None:
    store = written(plain, TEXT, LARGE)
    text, large = digest_of(TEXT), digest_of(LARGE)
    lies = {text: store.sealed[large], large: store.sealed[text], bytes(32): bytes(32)}
    reader = UnsealingStore(plain, KEY, lies)
    with pytest.raises(BlobCorrupt):
        list(reader.stream(large))
    plain.put_many({text: TEXT, large: LARGE})
    assert reader.get(text) == TEXT
    assert b"".join(reader.stream(large)) == LARGE
    with pytest.raises(BlobMissing) as caught:
        reader.get(bytes(32))
    assert caught.value.digest == bytes(32)


def test_an_envelope_tells_all(plain: DirectoryStore) -> None:
    store, reply, id_ = written(plain, TEXT, LARGE), sealing.public_key(OTHER), b"\x01" * 32
    digest = store.close_envelope(id_)
    assert store.close_envelope(id_) == digest
    assert open_envelope(plain, digest, KEY, 1_000) == sealing.Contents(id_, store.sealed)
    theirs = store.close_envelope(id_, sealing.public_key(OTHER), KEY, reply)
    told = sealing.Contents(id_, store.sealed, KEY, reply)
    assert open_envelope(plain, theirs, OTHER, 1_000) == told
    with pytest.raises(SealError):
        open_envelope(plain, theirs, KEY, 1_000)
    assert not any(name in plain.get(digest) for name in store.sealed)
    with pytest.raises(SealError):
        open_envelope(plain, digest, OTHER, 1_000)
    with pytest.raises(BlobTooLarge):
        open_envelope(plain, digest, KEY, 100)
