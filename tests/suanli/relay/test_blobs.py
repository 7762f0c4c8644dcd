"""Blobs through the relay: checked at both ends, bounded, named when something is wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from suanli.relay import RelayBusy, batches
from suanli.relay.server.limits import RateLimiter
from suanli.store import BlobCorrupt, BlobMissing, BlobTooLarge, StoreFull, StoreUnavailable, cid_of
from tests.suanli.relay.conftest import Relay, Server


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


def blobs_of(count: int, size: int = 10) -> dict[bytes, bytes]:
    made = (b"%08d" % i + bytes(size - 8) for i in range(count))
    return {hashlib.sha256(data).digest(): data for data in made}


def counted(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Fills with the paths of all calls."""
    calls: list[str] = []
    stream = relay.client.stream

    def listened(method: str, path: str, limit: int, **options: Any) -> Iterator[bytes]:
        calls.append(f"{method} {path}")
        return stream(method, path, limit, **options)

    monkeypatch.setattr(relay.client, "stream", listened)
    return calls


def test_a_thousand_small_blobs_are_one_call(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs, calls = blobs_of(1_000), counted(relay, monkeypatch)
    absent = bytes(32)
    relay.blobs.put_many(blobs)
    assert relay.blobs.missing(list(blobs)) == set()
    assert relay.blobs.get_many(list(blobs)) == blobs
    assert calls == ["PUT /v1/blobs", "POST /v1/blobs/missing", "POST /v1/blobs/fetch"]
    some = [*list(blobs)[:3], absent]
    assert relay.blobs.missing(some) == {absent}
    assert relay.blobs.get_many(some).keys() == set(some) - {absent}
    assert relay.blobs.get_many(some, limit=9) == {}


def test_batches_are_bounded_in_bytes_and_number(
    relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "MOST_BLOBS", 10)
    monkeypatch.setattr(batches, "MOST_BYTES", 1_000)
    blobs, calls = blobs_of(25) | blobs_of(4, 400), counted(relay, monkeypatch)
    relay.blobs.put_many(blobs)
    assert calls == ["PUT /v1/blobs"] * 5
    assert relay.blobs.get_many(list(blobs)) == blobs
    assert calls[5:] == ["POST /v1/blobs/fetch"] * 4


def test_large_blobs_are_not_in_batches(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    large, calls = bytes((64 << 10) + 1), counted(relay, monkeypatch)
    digest = hashlib.sha256(large).digest()
    relay.blobs.put_many({digest: large})
    assert calls == [f"PUT /v1/blobs/{cid_of(digest)}"]
    assert relay.blobs.get_many([digest], limit=1 << 20) == {}
    assert relay.blobs.get(digest) == large


def test_a_batch_counts_as_the_blobs_in_it(server: Server, tmp_path: Path) -> None:
    limiter = RateLimiter(rate=0.001, burst=4)
    with closing(Relay(server, tmp_path, limiter=limiter)) as relay:
        relay.blobs.put_many(blobs_of(48))
        with pytest.raises(StoreUnavailable, match="too many calls") as refused:
            relay.blobs.put_many(blobs_of(1))
        assert isinstance(refused.value.__cause__, RelayBusy)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PUT", "/v1/blobs", b"x" * 35, 422),
        ("PUT", "/v1/blobs", bytes(32) + b"\0\0\0\2x", 422),
        ("PUT", "/v1/blobs", bytes(32) + b"\0\0\0\1x", 422),
        ("PUT", "/v1/blobs", bytes(32) + b"\0\1\0\1" + bytes((64 << 10) + 1), 422),
        ("PUT", "/v1/blobs", bytes(36 * 1_001), 422),
        ("PUT", "/v1/blobs", bytes((4 << 20) + 1), 413),
        ("POST", "/v1/blobs/fetch", bytes(33), 422),
        ("POST", "/v1/blobs/fetch", bytes(32 * 1_001), 422),
        ("POST", "/v1/blobs/missing", bytes(33), 422),
    ],
)
def test_what_is_no_batch_is_refused(
    relay: Relay, method: str, path: str, body: bytes, status: int
) -> None:
    answer = relay.http.request(method, path, content=body)
    assert answer.status_code == status
    assert isinstance(answer.json()["detail"], str)
    assert relay.store.used == 0


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
