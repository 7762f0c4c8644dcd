import errno
import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanli.store import (
    BlobBlocked,
    BlobCorrupt,
    BlobMissing,
    BlobTooLarge,
    DirectoryStore,
    InvalidCid,
    Store,
    StoreFull,
    StoreUnavailable,
    cid_of,
    digest_of,
)

# `ipfs add --cid-version 1 --raw-leaves` of "hello world" without a newline.
HELLO = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"


def sha(data):
    return hashlib.sha256(data).digest()


@pytest.fixture
def store(tmp_path) -> Store:
    return DirectoryStore(tmp_path / "blobs")


def files_of(store):
    return sorted(path for path in store.root.rglob("*") if path.is_file())


def file_of(store, digest):
    return next(path for path in files_of(store) if path.name == cid_of(digest))


def test_cids_are_those_of_ipfs():
    assert cid_of(sha(b"hello world")) == HELLO
    assert digest_of(HELLO) == sha(b"hello world")


@given(st.binary(min_size=32, max_size=32))
def test_cids_come_back_as_their_digest(digest):
    assert digest_of(cid_of(digest)) == digest


@given(st.text(max_size=70) | st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=58, max_size=58))
def test_no_two_spellings_name_a_digest(text):
    for cid in (text, "b" + text, "bafkrei" + text[7:]):
        try:
            digest = digest_of(cid)
        except InvalidCid:
            continue
        assert cid_of(digest) == cid


@pytest.mark.parametrize(
    "cid",
    [
        "",
        HELLO.upper(),
        HELLO[:-1],
        HELLO + "a",
        HELLO[:-1] + "f",  # bits beyond the digest
        "bafybeifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e",  # codec dag-pb
        "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG",  # version 0
        "../../../etc/passwd",
    ],
)
def test_refuses_other_cids(cid):
    with pytest.raises(InvalidCid):
        digest_of(cid)


@given(data=st.binary(max_size=3000), cuts=st.lists(st.integers(0, 3000), max_size=5))
def test_what_goes_in_comes_out(tmp_path_factory, data, cuts):
    store = DirectoryStore(tmp_path_factory.mktemp("store"))
    cuts = sorted(cuts)
    chunks = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    digest = store.put(iter(chunks), sha(data))
    assert digest == sha(data) == store.put(data)
    assert store.get(digest) == data
    assert b"".join(store.stream(digest)) == data
    assert list(store) == [digest]
    assert store.used == store.size(digest) == len(data)
    assert store.has(digest)


def test_large_blobs_come_in_pieces(store):
    data = os.urandom(3 * 2**20 + 17)
    pieces = list(store.stream(store.put(data)))
    assert len(pieces) > 2
    assert b"".join(pieces) == data


def test_many_come_and_go_together(store, monkeypatch):
    """One sync of all for those that come, before and after they get their names."""
    blobs = {sha(data): data for data in (b"blob %d" % i for i in range(100))}
    synced = []
    monkeypatch.setattr("suanli.store.directory.sync_file_system", synced.append)
    monkeypatch.setattr(os, "fsync", lambda _: pytest.fail("one was synced alone"))
    store.put_many(blobs)
    assert synced == [store.root / "incoming", store.root]
    assert store.missing([*blobs, bytes(32)]) == {bytes(32)}
    assert store.get_many([*blobs, bytes(32)]) == blobs
    assert store.used == sum(map(len, blobs.values()))
    assert not list((store.root / "incoming").iterdir())


def test_the_system_is_asked_to_sync(store):
    store.put_many({sha(data): data for data in (b"blob %d" % i for i in range(100))})
    assert len(files_of(store)) == 100


def test_what_is_wrong_with_one_of_many_is_left_to_get(store):
    good, damaged, long = store.put(b"good"), store.put(b"damaged"), store.put(b"too long")
    file_of(store, damaged).write_bytes(b"changed")
    assert store.get_many([good, damaged, long, bytes(32)], limit=7) == {good: b"good"}


def test_many_with_one_wrong_leave_nothing(store):
    blobs = {sha(data): data for data in (b"blob %d" % i for i in range(9))}
    with pytest.raises(BlobCorrupt):
        store.put_many({**blobs, bytes(32): b"other"})
    assert files_of(store) == []
    assert (store.used, store._arriving) == (0, 0)


def test_many_with_one_blocked_keep_the_others(store):
    blobs = {sha(data): data for data in (b"blob %d" % i for i in range(9))}
    first = next(iter(blobs))
    store._path(first).mkdir(parents=True)
    with pytest.raises(BlobBlocked):
        store.put_many(blobs)
    assert store.missing(list(blobs)) == {first}
    assert store._arriving == 0


def test_missing_blobs_are_named(store):
    digest = sha(b"nowhere")
    for read in (store.get, store.size, lambda d: list(store.stream(d))):
        with pytest.raises(BlobMissing, match=cid_of(digest)) as caught:
            read(digest)
        assert caught.value.digest == digest
    assert not store.has(digest)
    assert not store.delete(digest)


@pytest.mark.parametrize(
    "damage", [lambda d: b"", lambda d: d[:-1], lambda d: d + b"x", lambda d: b"x" + d[1:]]
)
def test_damaged_blobs_are_named_and_mended_by_putting_them_again(store, damage):
    data = b"precious" * 300_000
    digest, other = store.put(data), store.put(b"sound")
    file_of(store, digest).write_bytes(damage(data))
    with pytest.raises(BlobCorrupt, match=cid_of(digest)):
        store.get(digest)
    received = []
    with pytest.raises(BlobCorrupt, match=cid_of(digest)):
        received.extend(store.stream(digest))
    assert len(b"".join(received)) < len(data)
    assert store.get(other) == b"sound"
    store.put(data)
    assert store.get(digest) == data
    assert store.get(other) == b"sound"


def test_data_with_another_digest_is_refused(store):
    wanted = sha(b"wanted")
    with pytest.raises(BlobCorrupt, match=cid_of(wanted)) as caught:
        store.put(b"something else", wanted)
    assert cid_of(sha(b"something else")) in str(caught.value)
    assert files_of(store) == []


def test_limits_on_a_blob(tmp_path):
    store = DirectoryStore(tmp_path, max_blob=10)
    digest = store.put(b"x" * 10)

    def endless():
        while True:
            yield b"y"

    for data in (b"x" * 11, endless()):
        with pytest.raises(BlobTooLarge, match="10 bytes"):
            store.put(data)
    assert files_of(store) == [file_of(store, digest)]
    with pytest.raises(BlobTooLarge, match="more than 9 bytes"):
        store.get(digest, limit=9)


def test_limit_on_all_blobs(tmp_path):
    store = DirectoryStore(tmp_path, max_bytes=10)
    first = store.put(b"123456")
    with pytest.raises(StoreFull, match="10 bytes"):
        store.put(b"12345")
    assert DirectoryStore(tmp_path).used == store.used == 6
    assert store.delete(first)
    assert store.put(b"12345")
    assert store.used == 5


def test_a_source_that_fails_leaves_nothing(store):
    def failing():
        yield b"half"
        raise ValueError("the source broke")

    with pytest.raises(ValueError, match="the source broke"):
        store.put(failing())
    assert files_of(store) == []


def test_collection_spares_what_is_kept_or_recent(store):
    kept, old, recent = (store.put(data) for data in (b"kept", b"old!!", b"recent"))
    leftover = store.root / "incoming" / "unfinished"
    leftover.write_bytes(b"1234567")
    for path in (file_of(store, kept), file_of(store, old), leftover):
        os.utime(path, (1000, 1000))
    assert store.collect([kept], before=2000) == len(b"old!!") + 7
    assert set(store) == {kept, recent}
    assert not leftover.exists()
    assert store.used == len(b"kept") + len(b"recent")


def test_putting_again_makes_a_blob_recent(store):
    digest = store.put(b"again")
    os.utime(file_of(store, digest), (1000, 1000))
    store.put(b"again")
    assert store.collect([], before=2000) == 0
    assert store.has(digest)


def test_many_writers_of_one_blob(store):
    data = os.urandom(200_000)
    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(store.put, [data] * 40)) == {sha(data)}
    assert store.get(sha(data)) == data
    assert len(files_of(store)) == 1


def test_touching_makes_a_blob_recent(store):
    digest = store.put(b"needed")
    os.utime(file_of(store, digest), (1000, 1000))
    assert store.touch(digest)
    assert store.collect([], before=2000) == 0
    assert not store.touch(sha(b"elsewhere"))


def test_what_arrives_counts(tmp_path):
    store = DirectoryStore(tmp_path, max_bytes=10)
    with store.receive() as first, store.receive() as second:
        first.write(b"123456")
        with pytest.raises(StoreFull):
            second.write(b"12345")
        second.write(b"1234")
        first.keep()
        with pytest.raises(StoreFull):
            store.put(b"x")
    assert store.used == 6
    store.put(b"abcd")


def test_what_is_put_by_many_at_once_counts_once(store):
    data = b"z" * 1000
    for _ in range(50):
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(store.put, [data] * 8))
        store.delete(sha(data))
    assert store.used == 0


def test_what_is_put_again_while_collecting_is_spared(store, monkeypatch):
    digest = store.put(b"needed")
    os.utime(file_of(store, digest), (1000, 1000))
    listed = list(store._files())

    def files():
        monkeypatch.undo()
        store.put(b"needed")
        return listed

    monkeypatch.setattr(store, "_files", files)
    store.collect([], before=2000)
    assert store.has(digest)


def test_collecting_what_goes_away_meanwhile(store, monkeypatch):
    """As when another process collects, or what arrived is complete."""
    paths = [file_of(store, store.put(data)) for data in (b"one", b"two")]
    leftover = store.root / "incoming" / "unfinished"
    leftover.write_bytes(b"")
    listed = [*store._files()]
    incoming = [leftover]
    for path in (*paths, leftover):
        path.unlink()
    monkeypatch.setattr(store, "_files", lambda: listed)
    monkeypatch.setattr(type(leftover), "iterdir", lambda _: iter(incoming))
    assert store.collect([], before=2**40) == 0


def test_foreign_files_are_left_alone(store):
    (store.root / "zz").mkdir()
    (store.root / "zz" / "bnotes.txt").write_text("mine")
    assert list(store) == []
    assert store.collect([], before=2**40) == 0
    assert (store.root / "zz" / "bnotes.txt").exists()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_named_and_leaves_nothing(store, monkeypatch, code):
    def full(_):
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StoreFull, match=os.strerror(code)):
            store.put(b"no room")
    assert files_of(store) == []
    assert store.used == 0


def test_a_real_write_that_fails_half_way_leaves_nothing(tmp_path):
    """The system refuses bytes beyond a limit, as a full disk would."""
    script = """
import resource, signal, sys
from pathlib import Path
from suanli.store import DirectoryStore, StoreFull
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = DirectoryStore(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    store.put(bytes(70_000) for _ in range(5))
except StoreFull as error:
    print(error, [path for path in Path(sys.argv[1]).rglob("*") if path.is_file()])
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("no room for the blob")
    assert done.stdout.rstrip().endswith("[]")


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to(path)])
def test_what_is_in_the_place_of_one_blob_is_that_blob_s_trouble(store, make):
    """Permissions do not stop root, these stop everybody."""
    digest = store.put(b"was here")
    path = file_of(store, digest)
    path.unlink()
    make(path)
    with pytest.raises(BlobMissing, match=r"in its place|can't be read"):
        store.get(digest)
    with pytest.raises(BlobMissing):
        list(store.stream(digest))
    assert not store.has(digest)
    assert store.get(store.put(b"another")) == b"another"


def test_a_folder_in_the_place_of_a_blob_stops_that_blob_only(store):
    digest = store.put(b"was here")
    path = file_of(store, digest)
    path.unlink()
    path.mkdir()
    with pytest.raises(BlobBlocked, match="its place can't be written"):
        store.put(b"was here")
    assert not list((store.root / "incoming").iterdir())


def test_a_failing_read_is_unavailable_and_damaged(store, monkeypatch):
    digest = store.put(b"on a broken disk")

    class Broken:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def fileno(self):
            return 0

        def read(self, _):
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(store, "_open", lambda _: Broken())
    with pytest.raises(StoreUnavailable, match=os.strerror(errno.EIO)):
        store.get(digest)


def test_a_store_that_can_not_be_used_says_why(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StoreUnavailable, match="Not a directory"):
        DirectoryStore(tmp_path / "file" / "store")
    store = DirectoryStore(tmp_path / "gone")
    (tmp_path / "gone" / "incoming").rmdir()
    with pytest.raises(StoreUnavailable, match="No such file"):
        store.put(b"data")
