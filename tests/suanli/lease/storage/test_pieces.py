"""Copies before they leave and where they are kept: sealing, trees on disk, the miner's folder."""

from __future__ import annotations

import errno
import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from suanli.lease.errors import LeaseError
from suanli.lease.storage.sealing import (
    CHUNK,
    PLAIN,
    TAG,
    Damaged,
    Seal,
    chunks_of,
    new_key,
    seal_file,
    sealed_size,
)
from suanli.lease.storage.shelf import FileId, NoRoom, Shelf
from suanli.lease.storage.tree import TreeBuilder, path_in, tree_bytes
from suanli.protocol import ByteTree, file_leaves, holds_leaf, leaf_of

MOST = 10 << 20
SIZES = (1, 1_023, 1_024, 1_025, 2_048, 3_000, 5 * 1_024, 7 * 1_024 + 1, 200_001)


def data_of(size: int) -> bytes:
    return hashlib.shake_128(size.to_bytes(8, "big")).digest(size)


def id_of(data: bytes) -> FileId:
    return FileId(ByteTree.of(data).root, len(data))


def kept(shelf: Shelf, data: bytes) -> FileId:
    file = id_of(data)
    with shelf.receive(file) as coming:
        coming.add(data[coming.have :])
        coming.finish()
    return file


# Trees


@pytest.mark.parametrize("size", SIZES)
def test_a_tree_on_disk_proves_each_leaf_as_the_contract_wants_it(
    tmp_path: Path, size: int
) -> None:
    data = data_of(size)
    file = os.open(tmp_path / "tree", os.O_RDWR | os.O_CREAT)
    tree = TreeBuilder(size, file)
    for start in range(0, size, 3 * 1_024):
        tree.add(data[start : start + 3 * 1_024])
    root = tree.root()
    assert root == ByteTree.of(data).root
    assert os.fstat(file).st_size == tree_bytes(size)
    for leaf in range(file_leaves(size)):
        path = path_in(file, size, leaf)
        assert holds_leaf(root, size, leaf, leaf_of(data, leaf), path)
        other = (leaf + 1) % file_leaves(size)
        if other != leaf:
            assert not holds_leaf(root, size, other, leaf_of(data, leaf), path)
    os.close(file)


def test_a_tree_takes_the_bytes_of_its_file_and_no_others() -> None:
    with pytest.raises(ValueError, match=r"^a file without bytes has no tree$"):
        TreeBuilder(0)
    tree = TreeBuilder(3_000)
    with pytest.raises(ValueError, match=r"^these are no whole leaves of the file$"):
        tree.add(bytes(1_000))
    tree = TreeBuilder(3_000)
    tree.add(bytes(2_048))
    with pytest.raises(ValueError, match=r"^952 bytes of the file are missing$"):
        tree.root()
    with pytest.raises(ValueError, match=r"^these are no whole leaves of the file$"):
        tree.add(bytes(953))


# Sealing


@pytest.mark.parametrize("size", [0, 1, PLAIN - 1, PLAIN, PLAIN + 1, 5 * PLAIN + 77])
def test_a_sealed_copy_opens_with_its_key_chunk_by_chunk(tmp_path: Path, size: int) -> None:
    data, key = data_of(size), new_key()
    (tmp_path / "file").write_bytes(data)
    found, root = seal_file(tmp_path / "file", tmp_path / "sealed", key)
    sealed = (tmp_path / "sealed").read_bytes()
    assert (found, len(sealed)) == (size, sealed_size(size))
    assert root == ByteTree.of(sealed).root
    seal = Seal(key, size)
    opened = [
        seal.open(number, sealed[number * CHUNK : (number + 1) * CHUNK])
        for number in range(chunks_of(size))
    ]
    assert b"".join(opened) == data


def test_two_copies_of_a_file_have_nothing_in_common(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(data_of(100_000))
    roots, leaves = set(), set[bytes]()
    for name in ("one", "two"):
        roots.add(seal_file(tmp_path / "file", tmp_path / name, new_key())[1])
        sealed = (tmp_path / name).read_bytes()
        leaves |= {leaf_of(sealed, leaf) for leaf in range(file_leaves(len(sealed)))}
    assert len(roots) == 2
    assert len(leaves) == 2 * file_leaves(sealed_size(100_000))


def test_a_chunk_that_is_altered_moved_cut_or_of_another_copy_is_not_opened() -> None:
    size = 2 * PLAIN + 5
    key, data = new_key(), data_of(size)
    seal = Seal(key, size)
    parts = [data[start : start + PLAIN] for start in range(0, size, PLAIN)]
    chunks = [seal.close(number, part) for number, part in enumerate(parts)]
    altered = bytes([chunks[0][0] ^ 1]) + chunks[0][1:]
    for number, wrong in ((0, altered), (0, chunks[1]), (1, chunks[1][:-1]), (2, b"")):
        with pytest.raises(Damaged, match=rf"^chunk {number} is not what was sealed$"):
            seal.open(number, wrong)
    with pytest.raises(Damaged):
        Seal(new_key(), size).open(0, chunks[0])
    with pytest.raises(Damaged):  # the file's end is where it was
        Seal(key, PLAIN).open(0, chunks[0])


def test_a_file_that_changes_while_it_is_sealed_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(2 * PLAIN))
    real = Seal.close

    def shorten(self: Seal, number: int, plain: bytes) -> bytes:
        os.truncate(path, PLAIN)
        return real(self, number, plain)

    monkeypatch.setattr(Seal, "close", shorten)
    with pytest.raises(LeaseError, match=r"became shorter while it was read: try again$"):
        seal_file(path, tmp_path / "sealed", new_key())
    with pytest.raises(LeaseError, match=r"^.*nothing can't be read: No such file or directory$"):
        seal_file(tmp_path / "nothing", tmp_path / "sealed", new_key())


def test_an_empty_file_is_sixteen_sealed_bytes() -> None:
    assert (chunks_of(0), sealed_size(0), sealed_size(1)) == (1, TAG, TAG + 1)


# The miner's folder


@pytest.mark.parametrize("size", [1, 1_025, 200_001])
def test_a_shelf_keeps_verified_bytes_and_proves_their_leaves(tmp_path: Path, size: int) -> None:
    shelf, data = Shelf(tmp_path, MOST), data_of(size)
    file = id_of(data)
    assert not shelf.whole(file)
    assert kept(shelf, data) == file
    assert shelf.whole(file)
    assert shelf.used == size + tree_bytes(size)
    for leaf in range(file_leaves(size)):
        proof = shelf.proof(file, leaf)
        assert holds_leaf(file.root, size, leaf, proof.data, proof.path)
    assert shelf.read(file, size - 1, 10) == data[-1:]
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".bytes", ".tree"]
    shelf.drop(file)
    assert (shelf.used, list(tmp_path.iterdir())) == (0, [])


def test_bytes_of_another_root_are_dropped(tmp_path: Path) -> None:
    shelf, data = Shelf(tmp_path, MOST), data_of(5_000)
    file = FileId(b"\x11" * 32, 5_000)
    with shelf.receive(file) as coming:
        coming.add(data)
        with pytest.raises(LeaseError, match=r"^the bytes have the root 0x[0-9a-f]{64}, not the"):
            coming.finish()
    assert (shelf.used, list(tmp_path.iterdir())) == (0, [])


def _cut_in_a_chunk(shelf: Shelf, data: bytes) -> int:
    with shelf.receive(id_of(data)) as coming:
        coming.add(data[: 2 * CHUNK])
    os.truncate(shelf.folder / f"{id_of(data).name}.part", 2 * CHUNK - 1)
    return CHUNK


def _all_but_finished(shelf: Shelf, data: bytes) -> int:
    with shelf.receive(id_of(data)) as coming:
        coming.add(data)
    return len(data)


def _before_the_last_name(shelf: Shelf, data: bytes) -> int:
    file = kept(shelf, data)
    (shelf.folder / f"{file.name}.bytes").rename(shelf.folder / f"{file.name}.part")
    return len(data)


@pytest.mark.parametrize("killed", [_cut_in_a_chunk, _all_but_finished, _before_the_last_name])
def test_a_killed_miner_goes_on_with_what_it_has(
    tmp_path: Path, killed: Callable[[Shelf, bytes], int]
) -> None:
    data = data_of(3 * CHUNK + 100)
    left = killed(Shelf(tmp_path, MOST), data)
    shelf, file = Shelf(tmp_path, MOST), id_of(data)
    assert not shelf.whole(file)
    with shelf.receive(file) as coming:
        assert coming.have == left
        coming.add(data[left:])
        coming.finish()
    assert shelf.whole(file)
    assert shelf.read(file, 0, len(data)) == data


def test_a_shelf_takes_no_more_than_its_bound_and_the_disk_have(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "small", 250_000)
    kept(shelf, data_of(200_001))
    more = id_of(data_of(50_000))
    with pytest.raises(
        NoRoom, match=r"^53,232 bytes are too many: 37,359 of 250,000 are free here$"
    ):
        shelf.receive(more)
    full = Shelf(tmp_path / "full", MOST, free=lambda path: 256 << 20)
    with pytest.raises(NoRoom, match=r"^the disk has no room for 53,232 more bytes$"):
        full.receive(more)
    assert full.used == 0


def test_a_disk_that_fills_while_bytes_come_is_said_and_they_may_come_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = data_of(2 * CHUNK)
    shelf, file = Shelf(tmp_path, MOST), id_of(data)

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with shelf.receive(file) as coming, monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", full)
        with pytest.raises(NoRoom, match=r"^the disk is full$"):
            coming.add(data)
    assert kept(shelf, data) == file


def test_a_disk_that_fails_as_bytes_are_to_come_is_said_and_leaves_no_file_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = data_of(2 * CHUNK)
    shelf, file = Shelf(tmp_path, MOST), id_of(data)
    real: Any = os.open
    opened: list[int] = []

    def few(path: Path, *how: int) -> int:
        if path.suffix == ".new":
            raise OSError(errno.EMFILE, "Too many open files")
        opened.append(real(path, *how))
        return opened[-1]

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", few)
        with pytest.raises(LeaseError, match=r"^the disk can't be written: Too many open files$"):
            shelf.receive(file)
    (left,) = opened
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(left)
    assert kept(shelf, data) == file


def test_bytes_come_by_one_connection_at_a_time(tmp_path: Path) -> None:
    shelf, data = Shelf(tmp_path, MOST), data_of(5_000)
    with (
        shelf.receive(id_of(data)),
        pytest.raises(LeaseError, match=r"^these bytes are coming already"),
    ):
        shelf.receive(id_of(data))
    assert shelf.whole(kept(shelf, data))


def test_what_nobody_pays_for_is_swept_after_a_while(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, MOST)
    paid, unpaid, young = (kept(shelf, data_of(size)) for size in (1_000, 2_000, 3_000))
    with shelf.receive(half := id_of(data_of(100_000))) as coming:
        coming.add(data_of(100_000)[:CHUNK])
        old = time.time() - 3_700
        for file in (paid, unpaid):
            os.utime(tmp_path / f"{file.name}.bytes", (old, old))
        os.utime(tmp_path / f"{half.name}.part", (old, old))
        assert shelf.sweep({paid}, 3_600) == [unpaid]  # what is coming stays
    assert set(shelf.sweep({paid}, 3_600)) == {half}
    assert shelf.whole(paid)
    assert shelf.whole(young)
    assert shelf.used == paid.space + young.space
