"""Blobs through the relay: checked at both ends, bounded, named when something is wrong."""

from __future__ import annotations

import hashlib

import pytest

from suanli.store import BlobCorrupt, BlobMissing, BlobTooLarge, StoreFull, cid_of
from tests.relay.conftest import Relay


@pytest.mark.parametrize("size", [0, 1, 1 << 20])
def test_what_goes_in_comes_out(relay: Relay, size: int) -> None:
    data = bytes(size)
    digest = relay.blobs.put(data)
    assert digest == hashlib.sha256(data).digest()
    assert relay.blobs.has(digest)
    assert relay.blobs.get(digest) == data
    assert b"".join(relay.blobs.stream(digest)) == data


def test_pieces_need_no_digest_but_may_have_one(relay: Relay) -> None:
    digest = hashlib.sha256(b"onetwo").digest()
    assert relay.blobs.put([b"one", b"two"], digest) == digest
    assert relay.blobs.put([b"one", b"two"]) == digest


def test_a_missing_blob(relay: Relay) -> None:
    assert not relay.blobs.has(bytes(32))
    with pytest.raises(BlobMissing):
        relay.blobs.get(bytes(32))


def test_other_bytes_than_the_cid_names_are_refused(relay: Relay) -> None:
    with pytest.raises(BlobCorrupt):
        relay.blobs.put([b"other"], bytes(32))
    assert not relay.blobs.has(bytes(32))


def test_limits_of_one_blob_and_of_all(relay: Relay) -> None:
    with pytest.raises(BlobTooLarge):
        relay.blobs.put(bytes((1 << 20) + 1))
    relay.blobs.put(b"1" * (1 << 20))
    relay.blobs.put(b"2" * ((1 << 20) - 1))
    with pytest.raises(StoreFull):
        relay.blobs.put(b"33")
    digest = hashlib.sha256(b"1" * (1 << 20)).digest()
    with pytest.raises(BlobTooLarge):
        relay.blobs.get(digest, limit=10)


def test_a_blob_damaged_on_the_relay_is_detected(relay: Relay) -> None:
    digest = relay.blobs.put(b"good")
    (path,) = [p for p in relay.store.root.rglob(cid_of(digest)) if p.is_file()]
    path.write_bytes(b"evil")
    with pytest.raises(BlobCorrupt):
        relay.blobs.get(digest)


def test_a_cid_that_is_none(relay: Relay) -> None:
    for method in ("GET", "PUT", "HEAD"):
        assert relay.http.request(method, "/v1/blobs/nonsense").status_code == 400
