"""How results come: many small ones at once, large ones piece by piece."""

from __future__ import annotations

import hashlib
import re
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import httpx
import pytest

from suanli.client import TaskAccepted
from suanli.protocol import Ref
from suanli.store import (
    SMALL,
    BlobMissing,
    BlobTooLarge,
    DirectoryStore,
    StoreUnavailable,
    cid_of,
)
from suanli.verify import Fetching, FolderFailed
from tests.harness.doubles import FakeExecutor, exited
from tests.suanli.client.conftest import BOB, World, finish

LARGE = 16 << 20
PIECES = 2 << 20
"""Bytes in memory at a time, at most, of a large output."""
JOB = """
module = "program.wasm"
limits = { fuel = 10_000_000, file_bytes = 1024, stdout_bytes = "32 MiB" }
tasks = { count = 3, args = ["{index}"] }
gather = { kind = "concat", to = "all.txt" }
"""


class Counted(DirectoryStore):
    """Counts what is asked for; breaks off in the middle of `broken`."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.asked: list[str] = []
        self.broken: set[bytes] = set()
        self.starts: list[int] = []

    def get(self, digest: bytes, limit: int = LARGE) -> bytes:
        self.asked.append("get")
        return super().get(digest, limit)

    def get_many(self, digests: Sequence[bytes], limit: int = SMALL) -> dict[bytes, bytes]:
        before = len(self.asked)
        found = super().get_many(digests, limit)
        self.asked[before:] = [f"{len(digests)} small"]
        return found

    def stream(self, digest: bytes, start: int = 0) -> Iterator[bytes]:
        self.asked.append("large")
        self.starts.append(start)
        pieces = super().stream(digest, start)
        if digest in self.broken:
            yield next(pieces)
            raise StoreUnavailable("the line broke")
        yield from pieces


@pytest.fixture
def there(tmp_path: Path) -> Counted:
    return Counted(tmp_path / "there")


@pytest.fixture
def here(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path / "here")


@pytest.fixture
def fetching(there: Counted, here: DirectoryStore) -> Fetching:
    return Fetching(there, here, lambda seconds: None)


def small(there: Counted, count: int) -> list[bytes]:
    blobs = {hashlib.sha256(data).digest(): data for data in (b"%d" % i for i in range(count))}
    there.put_many(blobs)
    return list(blobs)


def large(there: Counted, size: int = LARGE) -> Ref:
    """As of a plaintext with a salt of 32 bytes before it."""
    return Ref(there.put(bytes(1 << 16) for _ in range(size >> 16)), size - 32)


@contextmanager
def peak() -> Iterator[Callable[[], int]]:
    """Bytes that Python allocated at a time, at most."""
    tracemalloc.start()
    try:
        yield lambda: tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_small_ones_come_in_thousands(there: Counted, fetching: Fetching) -> None:
    digests = small(there, 1_200)
    fetching.bring(digests)
    assert there.asked == ["1000 small", "200 small"]
    assert fetching.fetched == 1_200
    assert [fetching.get(digest) for digest in digests] == [b"%d" % i for i in range(1_200)]
    fetching.bring(digests)
    assert there.asked == ["1000 small", "200 small"]


def test_what_came_before_is_not_asked_for(
    there: Counted, here: DirectoryStore, fetching: Fetching
) -> None:
    """Unless it was damaged meanwhile."""
    digests = small(there, 10)
    fetching.bring(digests[:5])
    here._path(digests[0]).write_bytes(b"torn")
    again = Fetching(there, here, lambda seconds: None)
    again.bring(digests)
    assert there.asked == ["5 small", "6 small"]
    assert again.get(digests[0]) == b"0"


def test_one_that_is_missing_does_not_keep_the_others(there: Counted, fetching: Fetching) -> None:
    digests = small(there, 3)
    fetching.bring([bytes(32), *digests])
    assert fetching.fetched == 3
    with pytest.raises(BlobMissing):
        fetching.get(bytes(32))


def test_large_ones_are_never_whole_in_memory(
    there: Counted, here: DirectoryStore, fetching: Fetching
) -> None:
    ref = large(there)
    with peak() as most:
        fetching.bring_parts([ref])
        assert most() < PIECES
    assert here.has(ref.digest)
    assert fetching.size(ref.digest) == LARGE


def test_a_large_one_that_breaks_off_does_not_keep_the_others(
    there: Counted, here: DirectoryStore, fetching: Fetching
) -> None:
    whole, broken = large(there), large(there, LARGE // 2)
    there.broken = {broken.digest}
    with pytest.raises(StoreUnavailable, match="the line broke"):
        fetching.bring_parts([broken, whole])
    assert (here.has(whole.digest), here.has(broken.digest)) == (True, False)
    there.broken = set()
    fetching.bring_parts([broken, whole])
    assert Counter(there.asked)["large"] == 3
    assert here.has(broken.digest)


def test_a_full_disk_is_told_and_only_the_rest_is_asked_for_once_there_is_room(
    there: Counted, here: DirectoryStore, fetching: Fetching
) -> None:
    ref = large(there)
    here.max_bytes = LARGE // 2
    with pytest.raises(
        FolderFailed,
        match=r"the job's folder can't be written: all blobs .*; make room, then resume the job",
    ):
        fetching.bring_parts([ref])
    came = (here.root / "incoming" / cid_of(ref.digest)).stat().st_size
    here.max_bytes = None
    fetching.bring_parts([ref])
    assert (came, there.starts) == (LARGE // 2, [0, came])
    assert here.has(ref.digest)


def test_more_bytes_than_told_are_not_taken(there: Counted, fetching: Fetching) -> None:
    ref = large(there)
    with pytest.raises(BlobTooLarge):
        fetching.bring_parts([Ref(ref.digest, LARGE // 2)])


def test_a_deal_of_many_tiny_tasks_takes_few_answers(world: World) -> None:
    world.miner(BOB).join()
    asked: list[str] = []

    def hear(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if request.url.path.startswith("/v1/blobs") and request.method in ("GET", "POST"):
            path = re.sub("b[a-z2-7]{58}", "…", request.url.path)
            asked.append(f"{request.method} {path}")
        return answer

    world.wire.change = hear
    run = world.client().submit(world.job(40), budget="1000")
    finish(run)
    with closing(world.client().run(run.id)) as reopened:
        assert reopened.done
    assert asked == ["POST /v1/blobs/missing", "GET /v1/blobs/…", "POST /v1/blobs/fetch"]


def test_large_results_are_gathered_piece_by_piece(world: World) -> None:
    def program(task: Any) -> Any:
        return exited(task.args[0].encode() * LARGE)

    world.miner(BOB, program=program).join()
    file = world.job()
    file.write_text(JOB)
    client = world.client(executor=lambda _: nullcontext(FakeExecutor(program=program)))
    run = client.submit(file, budget="1000")
    done = [event for event in run.events() if isinstance(event, TaskAccepted)]
    assert done[1].result.stdout == b"%d" % done[1].task * LARGE
    with peak() as most:
        (path,) = run.save(world.folder / "out")
        assert most() < PIECES
    assert path.stat().st_size == 3 * LARGE
    with path.open("rb") as saved:
        for number in range(3):
            saved.seek(number * LARGE)
            assert saved.read(3) == b"%d" % number * 3
