"""Blobs at several relays, of which one has a fault: what one good relay has is had."""

from __future__ import annotations

import hashlib
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from suanli.juror.evidence import AnyStore
from suanli.protocol import sealing
from suanli.relay import SeveralStores
from suanli.relay.several import streaming
from suanli.store import (
    BlobCorrupt,
    BlobElsewhere,
    BlobMissing,
    BlobTooLarge,
    DirectoryStore,
    Pieces,
    SealingStore,
    StoreUnavailable,
    UnsealingStore,
    fetch,
)
from tests.suanli.relay.several.conftest import FAULTS, LONG, SOON, Pair

SMALL = b"a small blob"
LARGE = bytes(itertools.islice(itertools.cycle(range(251)), 300_000))
FAULTY = [fault for fault in FAULTS if fault != "forgetful"]


def digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def pieces(data: bytes) -> Iterator[bytes]:
    for begin in range(0, len(data), 16 << 10):
        yield data[begin : begin + (16 << 10)]


def patience(fault: str) -> float:
    return SOON if fault == "stalled" else LONG


@pytest.mark.parametrize("fault", FAULTY)
def test_one_with_a_fault_loses_nothing(pair: Pair, fault: str, tmp_path: Path) -> None:
    pair.wire.fault = getattr(pair.wire, fault)
    store = pair.blobs(patience(fault))
    store.put(SMALL)
    store.put(pieces(LARGE), digest(LARGE))
    many = {digest(data): data for data in (b"1", b"2", b"3")}
    store.put_many(many)
    assert store.get(digest(SMALL)) == SMALL
    assert store.get_many([*many, bytes(32)]) == many
    assert store.has(digest(SMALL))
    assert bytes(32) in store.missing([bytes(32)])
    kept = DirectoryStore(tmp_path / "kept")
    fetch(store, kept, digest(LARGE))
    assert kept.get(digest(LARGE)) == LARGE


@pytest.mark.parametrize("fault", FAULTY)
def test_one_that_gets_a_fault_later_loses_nothing(pair: Pair, fault: str, tmp_path: Path) -> None:
    store = pair.blobs(patience(fault))
    for data in (SMALL, LARGE):
        store.put(pieces(data), digest(data))
    for relay in (pair.faulty, pair.well):
        assert relay.blobs.missing([digest(SMALL), digest(LARGE)]) == set()
    pair.wire.fault = getattr(pair.wire, fault)
    assert store.get(digest(SMALL)) == SMALL
    assert store.get_many([digest(SMALL)]) == {digest(SMALL): SMALL}
    kept = DirectoryStore(tmp_path / "kept")
    fetch(store, kept, digest(LARGE))
    assert kept.get(digest(LARGE)) == LARGE


def broken_off(pair: Pair, after: int) -> None:
    """Of a blob only the beginning comes."""

    def fault(asked: httpx.Request) -> httpx.Response | None:
        if asked.method != "GET" or "range" in asked.headers:
            pair.wire.dead(asked)

        def begin() -> Iterator[bytes]:
            yield LARGE[:after]
            raise httpx.ReadError("connection reset")

        return httpx.Response(200, content=begin())

    pair.wire.fault = fault


def test_it_goes_on_at_another_from_where_one_broke_off(pair: Pair) -> None:
    pair.well.blobs.put(LARGE)
    broken_off(pair, 200_000)
    assert b"".join(pair.blobs(SOON).stream(digest(LARGE))) == LARGE
    ranges = [r.headers["range"] for r in pair.other_wire.requests if "range" in r.headers]
    assert ranges == ["bytes=200000-"]


def test_it_goes_on_where_an_earlier_try_broke_off(pair: Pair) -> None:
    pair.well.blobs.put(LARGE)
    pair.wire.fault = pair.wire.mute
    assert b"".join(pair.blobs().stream(digest(LARGE), 250_000)) == LARGE[250_000:]


def test_other_bytes_are_asked_for_elsewhere_and_never_passed_on(
    pair: Pair, tmp_path: Path
) -> None:
    pair.well.blobs.put(LARGE)
    wrong = bytes(len(LARGE))
    pair.wire.fault = lambda asked: httpx.Response(200, content=wrong)
    store = pair.blobs()
    came = store.stream(digest(LARGE))
    with pytest.raises(BlobElsewhere, match="other bytes came"):
        list(came)
    kept = DirectoryStore(tmp_path / "kept")
    fetch(store, kept, digest(LARGE))
    asked = len(pair.wire.requests)
    assert store.get(digest(LARGE)) == LARGE
    assert len(pair.wire.requests) == asked  # it is asked last from then on


def test_a_fetch_hears_nothing_of_the_one_that_lied(pair: Pair, tmp_path: Path) -> None:
    pair.well.blobs.put(LARGE)
    pair.wire.fault = lambda asked: httpx.Response(200, content=bytes(len(LARGE)))
    kept = DirectoryStore(tmp_path / "kept")
    fetch(pair.blobs(), kept, digest(LARGE))
    assert kept.get(digest(LARGE)) == LARGE


def test_where_all_send_other_bytes_it_is_corrupt(pair: Pair, tmp_path: Path) -> None:
    for wire in (pair.wire, pair.other_wire):
        wire.fault = lambda asked: httpx.Response(200, content=b"other")
    kept = DirectoryStore(tmp_path / "kept")
    with pytest.raises(BlobCorrupt):
        fetch(pair.blobs(), kept, digest(LARGE))
    with pytest.raises(BlobCorrupt):
        pair.blobs().get(digest(LARGE))


def test_endless_bytes_of_one_are_no_reason(pair: Pair) -> None:
    pair.well.blobs.put(SMALL)
    pair.wire.fault = lambda asked: httpx.Response(200, content=bytes(1 << 20))
    assert pair.blobs().get(digest(SMALL), limit=100) == SMALL
    with pytest.raises(BlobTooLarge):
        pair.blobs().get(digest(SMALL), limit=4)


def test_missing_is_what_all_lack_that_answer(pair: Pair) -> None:
    store = pair.blobs()
    for get in (store.get, lambda d: list(store.stream(d))):
        with pytest.raises(BlobMissing):
            get(bytes(32))
    pair.wire.fault = pair.wire.dead
    for get in (store.get, lambda d: list(store.stream(d))):
        with pytest.raises(StoreUnavailable, match="connection refused"):
            get(bytes(32))  # which may have it
    pair.now = 1_000.0
    for get in (store.get, lambda d: list(store.stream(d))):
        with pytest.raises(BlobMissing):
            get(bytes(32))  # it has been away for long


def test_what_one_lacks_is_put_there(pair: Pair) -> None:
    pair.well.blobs.put(SMALL)
    pair.well.blobs.put(LARGE)
    store = pair.blobs()
    both = [digest(SMALL), digest(LARGE)]
    assert store.missing(both) == set(both)
    asked = len(pair.other_wire.requests)
    store.put(pieces(LARGE), digest(LARGE))
    assert pair.faulty.blobs.missing(both) == {digest(SMALL)}
    puts = [r for r in pair.other_wire.requests[asked:] if r.method == "PUT"]
    assert puts == []  # it has it
    assert store.missing(both) == {digest(SMALL)}


def test_one_that_was_away_is_given_what_it_missed(pair: Pair) -> None:
    store = pair.blobs()
    pair.wire.fault = pair.wire.dead
    many = {digest(data): data for data in (b"1", b"2", b"3")}
    store.put_many(many)
    store.put(pieces(LARGE), digest(LARGE))
    pair.wire.fault, pair.now = None, 100.0
    wanted = [*many, digest(LARGE)]
    paid = threading.Event()
    arrears, run = store._arrears[0], store._arrears[0]._run
    arrears._run = lambda: (run(), paid.set())  # type: ignore[method-assign,func-returns-value]
    store.has(bytes(32))
    assert paid.wait(60)
    assert pair.faulty.blobs.missing(wanted) == set()
    assert arrears._owed == {}


def test_an_upload_waits_for_no_other(pair: Pair) -> None:
    """One takes the first bytes, and no more."""
    begun = threading.Event()

    def fault(asked: httpx.Request) -> httpx.Response | None:
        if asked.method != "PUT":
            return None
        next(iter(asked.stream))  # type: ignore[arg-type]
        begun.set()
        return pair.wire.stalled(asked)

    pair.wire.fault = fault
    store = pair.blobs(SOON)
    store.put(pieces(LARGE * 3), digest(LARGE * 3))
    assert begun.is_set()
    assert pair.well.blobs.missing([digest(LARGE * 3)]) == set()


def test_what_can_not_be_read_here_is_nobodys_fault(pair: Pair) -> None:
    def broken() -> Iterator[bytes]:
        yield LARGE[:1000]
        raise OSError("disk")

    store = pair.blobs()
    with pytest.raises(OSError, match="disk"):
        store.put(broken(), digest(LARGE))
    assert store.missing([digest(LARGE)]) == {digest(LARGE)}
    with pytest.raises(BlobCorrupt):
        store.put(SMALL, digest(LARGE))


def test_a_place_that_brings_little_is_left(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each piece in time, but few."""
    now = [0.0]
    monkeypatch.setattr(streaming, "monotonic", lambda: now[0])
    pair.well.blobs.put(LARGE)

    def drips(asked: httpx.Request) -> httpx.Response:
        def body() -> Iterator[bytes]:
            for byte in LARGE:
                now[0] += 1
                yield bytes([byte])

        return httpx.Response(200, content=body())

    pair.wire.fault = drips
    store = pair.blobs(1.0)
    assert b"".join(store.stream(digest(LARGE))) == LARGE
    (rest,) = [r.headers["range"] for r in pair.other_wire.requests if "range" in r.headers]
    assert int(rest.removeprefix("bytes=").removesuffix("-")) < 20


def test_all_that_is_slow_comes_all_the_same(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no other: with patience from where the first was left."""
    now = [0.0]
    monkeypatch.setattr(streaming, "monotonic", lambda: now[0])

    def drips(asked: httpx.Request) -> httpx.Response:
        begin = int(asked.headers.get("range", "bytes=0-")[6:-1])

        def body() -> Iterator[bytes]:
            for byte in LARGE[begin:200]:
                now[0] += 1
                yield bytes([byte])

        headers = {"content-range": f"bytes {begin}-"}
        return httpx.Response(206 if begin else 200, content=body(), headers=headers)

    pair.wire.fault = pair.other_wire.fault = drips
    assert b"".join(pair.blobs(1.0).stream(digest(LARGE[:200]))) == LARGE[:200]


def test_a_reader_that_leaves_is_not_waited_for(pair: Pair) -> None:
    pair.well.blobs.put(LARGE)
    came = pair.blobs().stream(digest(LARGE))
    pair.wire.fault = pair.wire.dead
    assert next(came)
    came.close()  # type: ignore[attr-defined]


def test_one_that_is_left_alone_is_asked_once_the_others_fail(pair: Pair) -> None:
    store = pair.blobs()
    store.put(SMALL)
    pair.wire.fault = pair.wire.dead
    assert store.has(digest(SMALL))
    pair.wire.fault, pair.other_wire.fault = None, pair.other_wire.dead
    assert store.missing([digest(SMALL)]) == set()
    pair.wire.fault, pair.other_wire.fault = pair.wire.dead, None
    store.put(b"another")
    assert pair.well.blobs.has(digest(b"another"))


def test_to_a_juror_nothing_is_missing_that_one_relay_has(pair: Pair) -> None:
    pair.well.blobs.put(SMALL)
    everywhere = AnyStore([pair.blobs()])
    assert everywhere.missing([digest(SMALL), bytes(32)]) == {bytes(32)}
    assert everywhere.has(digest(SMALL))


def test_a_place_is_believed_that_all_lost_a_blob(pair: Pair) -> None:
    store, own = pair.blobs(), digest(LARGE)
    for _ in range(4):
        store.put(LARGE)
    for relay in (pair.faulty, pair.well):
        relay.store.collect((), time.time() + 1)
    assert store.missing([own]) == {own}
    store.put(pieces(LARGE), own)
    for relay in (pair.faulty, pair.well):
        assert relay.blobs.missing([own]) == set()
    pair.faulty.store.collect((), time.time() + 1)
    assert store.missing([own]) == set()  # another has it


def part_by_part(pair: Pair, wrong: Callable[[int], bytes]) -> None:
    """The first brings the beginning and stalls; the other brings `wrong` bytes from where it is
    asked for them."""
    stalls = itertools.chain((True,), itertools.repeat(False))

    def slow(asked: httpx.Request) -> httpx.Response:
        if not next(stalls):
            return httpx.Response(200, content=LARGE)

        def body() -> Iterator[bytes]:
            yield LARGE[:100_000]
            pair.wire.stalled(asked)

        return httpx.Response(200, content=body())

    def lies(asked: httpx.Request) -> httpx.Response:
        begin = int(asked.headers.get("range", "bytes=0-")[6:-1])
        headers = {"content-range": f"bytes {begin}-"}
        return httpx.Response(206 if begin else 200, content=wrong(begin), headers=headers)

    pair.wire.fault, pair.other_wire.fault = slow, lies


def test_of_several_that_brought_parts_each_is_asked_alone_before_it_is_doubted(
    pair: Pair, tmp_path: Path
) -> None:
    part_by_part(pair, lambda begin: bytes(len(LARGE) - begin))
    kept, store = DirectoryStore(tmp_path / "kept"), pair.blobs(SOON)
    fetch(store, kept, digest(LARGE))
    assert kept.get(digest(LARGE)) == LARGE
    assert (0, digest(LARGE)) not in store._wrong
    assert store._apart == {}


def test_where_none_brings_the_right_bytes_alone_it_is_corrupt(pair: Pair, tmp_path: Path) -> None:
    part_by_part(pair, lambda begin: bytes(len(LARGE) - begin))
    kept, store = DirectoryStore(tmp_path / "kept"), pair.blobs(SOON)
    with pytest.raises(BlobCorrupt):
        fetch(store, kept, digest(SMALL))
    assert store._wrong == {(0, digest(SMALL)), (1, digest(SMALL))}
    assert store._apart == {}


# Sealed

KEY = b"\x2a" * 32


def sealed_to(store: SeveralStores) -> SealingStore:
    return SealingStore(store, sealing.public_key(KEY), bytes(32))


def seal_all(store: SeveralStores, here: DirectoryStore) -> set[bytes]:
    """What lies there, then."""
    large = here.put(LARGE)
    sealed = sealed_to(store)
    sealed.put(Pieces(here, large), large)
    return {sealed.sealed[large], sealed.close_envelope(bytes(32))}


def test_one_that_says_it_has_all_keeps_nothing_sealed_from_the_others(
    pair: Pair, tmp_path: Path
) -> None:
    def boasts(asked: httpx.Request) -> httpx.Response | None:
        return httpx.Response(200) if asked.method == "HEAD" else pair.wire.mute(asked)

    pair.wire.fault = boasts
    made = seal_all(pair.blobs(), DirectoryStore(tmp_path / "here"))
    assert pair.well.blobs.missing(list(made)) == set()


def test_one_that_was_away_is_given_what_is_sealed_by_the_next_process(
    pair: Pair, tmp_path: Path
) -> None:
    here = DirectoryStore(tmp_path / "here")
    pair.wire.fault = pair.wire.dead
    made = seal_all(pair.blobs(), here)
    pair.wire.fault = None
    assert seal_all(pair.blobs(), here) == made
    for relay in (pair.faulty, pair.well):
        assert relay.blobs.missing(list(made)) == set()


def test_what_is_sealed_comes_though_another_sends_nonsense(pair: Pair, tmp_path: Path) -> None:
    """Its beginning tells, before its end has another digest."""
    sealed, here = sealed_to(pair.blobs()), DirectoryStore(tmp_path / "here")
    sealed.put(Pieces(here, here.put(LARGE)), digest(LARGE))
    wrong = b"\xff" * 100_000
    pair.wire.fault = lambda asked: (
        httpx.Response(200, content=pieces(wrong)) if asked.method == "GET" else None
    )
    source = UnsealingStore(pair.blobs(), KEY, sealed.sealed)
    kept = DirectoryStore(tmp_path / "kept")
    fetch(source, kept, digest(LARGE))
    assert kept.get(digest(LARGE)) == LARGE


def test_what_was_published_comes_though_one_says_it_has_it_sealed(pair: Pair) -> None:
    pair.well.blobs.put(LARGE)

    def boasts(asked: httpx.Request) -> httpx.Response | None:
        return httpx.Response(200) if asked.method == "HEAD" else pair.wire.mute(asked)

    pair.wire.fault = boasts
    source = UnsealingStore(pair.blobs(), KEY, {digest(LARGE): bytes(32)})
    assert b"".join(source.stream(digest(LARGE), 7)) == LARGE[7:]
