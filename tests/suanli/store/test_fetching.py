"""What came of a blob stays for the next try, whoever makes it; only the whole is believed."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from suanli.store import (
    BlobCorrupt,
    BlobMissing,
    DirectoryStore,
    StoreFull,
    StoreUnavailable,
    cid_of,
    fetch,
)
from suanli.store.partial import STALE

PIECE = 1 << 20
BLOB = b"".join(bytes([n]) * PIECE for n in range(4))
DIGEST = hashlib.sha256(BLOB).digest()


class Source(DirectoryStore):
    """A store whose line breaks after so many pieces; `asked`: from where on."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.asked: list[int] = []
        self.breaks_after: int | None = None

    def stream(self, digest: bytes, start: int = 0) -> Iterator[bytes]:
        self.asked.append(start)
        for number, piece in enumerate(super().stream(digest, start)):
            if number == self.breaks_after:
                raise StoreUnavailable("the line broke")
            yield piece


@pytest.fixture
def source(tmp_path: Path) -> Source:
    found = Source(tmp_path / "source")
    found.put(BLOB)
    return found


@pytest.fixture
def target(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path / "target")


def begun(store: DirectoryStore) -> Path:
    """Where what came of the blob is."""
    return store.root / "incoming" / cid_of(DIGEST)


def put_begun(store: DirectoryStore, data: bytes) -> None:
    begun(store).write_bytes(data)


def incoming(store: DirectoryStore) -> list[str]:
    return [path.name for path in (store.root / "incoming").iterdir()]


def test_only_the_rest_is_asked_for_and_nothing_is_left_over(
    source: Source, target: DirectoryStore
) -> None:
    source.breaks_after = 6
    with pytest.raises(StoreUnavailable):
        fetch(source, target, DIGEST)
    came = begun(target).stat().st_size
    assert (came, target.used, target.has(DIGEST)) == (6 * (256 << 10), 0, False)
    source.breaks_after = None
    again = DirectoryStore(target.root, max_bytes=len(BLOB))
    fetch(source, again, DIGEST)
    assert source.asked == [0, came]
    assert again.get(DIGEST) == BLOB
    assert (incoming(again), again.used, again.room >= 0) == ([], len(BLOB), True)


@pytest.mark.parametrize(
    "wrong",
    [b"\xff" * PIECE, BLOB[: PIECE + 1] + b"\xff", bytes(len(BLOB)), BLOB + b"more"],
)
def test_what_came_and_is_wrong_is_dropped_and_all_is_fetched_anew(
    source: Source, target: DirectoryStore, wrong: bytes
) -> None:
    put_begun(target, wrong)
    fetch(source, target, DIGEST)
    assert source.asked == [len(wrong), 0]
    assert target.get(DIGEST) == BLOB
    assert incoming(target) == []


def test_a_store_that_has_other_bytes_is_asked_once_more_and_nothing_stays(
    source: Source, target: DirectoryStore
) -> None:
    path, _ = source.file(DIGEST)
    path.write_bytes(bytes(len(BLOB)))
    put_begun(target, BLOB[:PIECE])
    with pytest.raises(BlobCorrupt):
        fetch(source, target, DIGEST)
    assert source.asked == [PIECE, 0]
    assert (incoming(target), target.has(DIGEST)) == ([], False)


def test_what_is_refused_by_its_taker_does_not_stay(source: Source, target: DirectoryStore) -> None:
    def refuse(pieces: object) -> Iterator[bytes]:
        raise ValueError("not mine")
        yield b""

    with pytest.raises(ValueError, match="not mine"):
        fetch(source, target, DIGEST, refuse)
    assert incoming(target) == []


def test_what_is_whole_already_is_asked_of_nobody(source: Source, target: DirectoryStore) -> None:
    put_begun(target, BLOB)
    fetch(source, target, DIGEST)
    assert source.asked == []
    assert target.get(DIGEST) == BLOB


def test_a_store_that_lost_it_takes_nothing_away(source: Source, target: DirectoryStore) -> None:
    put_begun(target, BLOB[:PIECE])
    source.delete(DIGEST)
    with pytest.raises(BlobMissing):
        fetch(source, target, DIGEST)
    assert begun(target).read_bytes() == BLOB[:PIECE]


def test_two_at_once_do_not_write_into_one_file(source: Source, target: DirectoryStore) -> None:
    put_begun(target, BLOB[:PIECE])
    with target.receive(DIGEST) as first:
        for piece in first.pieces(source):
            first.write(piece)
            if not target.has(DIGEST):
                fetch(source, DirectoryStore(target.root), DIGEST)
        first.keep(DIGEST)
    assert source.asked == [0, PIECE]
    assert target.get(DIGEST) == BLOB
    assert incoming(target) == []


def test_a_full_store_says_so_and_what_came_stays(source: Source, tmp_path: Path) -> None:
    small = DirectoryStore(tmp_path / "small", max_bytes=3 * PIECE)
    with pytest.raises(StoreFull, match="all blobs together may have 3145728 bytes"):
        fetch(source, small, DIGEST)
    assert begun(small).read_bytes() == BLOB[: 3 * PIECE]
    assert small.room == 3 * PIECE, "it counts for none that is whole"
    fetch(source, DirectoryStore(small.root), DIGEST)
    assert source.asked == [0, 3 * PIECE]


def test_what_is_on_the_disk_already_needs_no_room_there(
    source: Source, target: DirectoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_begun(target, BLOB)
    monkeypatch.setattr("suanli.store.directory.free_bytes", lambda path: 1)
    fetch(source, DirectoryStore(target.root, min_free=1), DIGEST)
    assert target.get(DIGEST) == BLOB


def test_what_nobody_went_on_with_for_long_is_deleted_unless_somebody_has_it(
    source: Source, target: DirectoryStore
) -> None:
    put_begun(target, BLOB[:PIECE])
    old = time.time() - STALE - 60
    os.utime(begun(target), (old, old))
    with target.receive(DIGEST):
        DirectoryStore(target.root)
        assert begun(target).exists()
    DirectoryStore(target.root)
    assert incoming(target) == []
    put_begun(target, BLOB[:PIECE])
    DirectoryStore(target.root)
    assert begun(target).exists()


def test_collecting_and_deleting_take_what_came_of_blobs_along(target: DirectoryStore) -> None:
    put_begun(target, BLOB[:PIECE])
    assert target.collect([DIGEST], before=float("inf")) == 0
    assert begun(target).exists()
    assert target.collect([], before=float("inf")) == PIECE
    assert incoming(target) == []
    put_begun(target, BLOB[:PIECE])
    assert not target.delete(DIGEST)
    assert incoming(target) == []


def test_a_link_or_a_folder_in_its_place_is_not_written_through(
    source: Source, target: DirectoryStore, tmp_path: Path
) -> None:
    (tmp_path / "mine").write_bytes(b"mine")
    begun(target).symlink_to(tmp_path / "mine")
    fetch(source, target, DIGEST)
    target.delete(DIGEST)
    begun(target).unlink()
    begun(target).mkdir()
    fetch(source, target, DIGEST)
    target.delete(DIGEST)
    begun(target).rmdir()
    os.link(tmp_path / "mine", begun(target))
    fetch(source, target, DIGEST)
    assert source.asked == [0, 0, 0]
    assert (tmp_path / "mine").read_bytes() == b"mine"
