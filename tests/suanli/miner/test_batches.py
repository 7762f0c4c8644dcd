"""Many small things are one call, one sync and one line in the journal; large ones go side by
side."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from suanli.engine import Limits, Outcome, Result
from suanli.job import Outputs, TaskSpec, leaf_of
from suanli.miner.ports import store as stores
from suanli.miner.ports.store import StorePort
from suanli.protocol import Leaf, refer
from suanli.relay import HttpStore, RelayClient
from suanli.store import BlobTooLarge, DirectoryStore
from tests.harness.bench import Bench
from tests.harness.world import SALT, World, lodged, manifest_of, settled

DEAL = b"\x0d" * 32
LARGE = 300_000


class Recorded(httpx.HTTPTransport):
    """What the miner asks of the relay's blobs."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path = re.sub("/b[a-z2-7]{58}", "/…", request.url.path)
        self.calls.append(f"{request.method} {path}")
        return super().handle_request(request)


@pytest.fixture
def calls(registered: World, tmp_path: Path) -> Iterator[tuple[Bench, list[str]]]:
    relay = registered.requester.relay
    recorded = Recorded()
    with closing(RelayClient(relay.url, relay.domain, transport=recorded)) as client:
        bench = Bench(registered.market, tmp_path, HttpStore(client), relay)
        bench.restart()
        yield bench, recorded.calls
        bench.daemon.journal.close()


def test_a_deal_of_many_tiny_tasks_takes_few_calls(
    registered: World, calls: tuple[Bench, list[str]]
) -> None:
    bench, asked = calls
    inputs = [b"input %d" % number for number in range(40)]
    for data in inputs:
        registered.requester.store.put(SALT + data)
    tasks = tuple(
        TaskSpec(args=(str(number),), stdin=refer(SALT, [data]))
        for number, data in enumerate(inputs)
    )
    limits = Limits(fuel=5_000_000, memory=1 << 20)
    manifest = replace(manifest_of(40, limits=limits), tasks=tasks)
    request, id_ = lodged(registered, manifest)
    bench.executor.holds = True
    bench.until(lambda: len(bench.executor.held) == 40)
    bench.executor.release()
    bench.until(settled(registered, request, id_))
    manifest_and_module = ["GET /v1/blobs/…", "GET /v1/blobs/…"]
    outputs_and_leaves = ["PUT /v1/blobs", "PUT /v1/blobs/…"]
    assert asked == [*manifest_and_module, "POST /v1/blobs/fetch", *outputs_and_leaves]
    assert bench.executor.runs.total() == 40


# The shelf


@pytest.fixture
def local(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path / "local")


@pytest.fixture
def remote(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path / "remote", max_blob=LARGE + 32)


def kept(local: DirectoryStore, index: int, stdout: bytes) -> Leaf:
    """The leaf of a task that was done here."""
    result = Result(Outcome.EXITED, 0, stdout, fuel=1_000_000)
    for digest, data in Outputs.of(result, SALT).plaintexts.items():
        local.put(SALT + data, digest)
    return leaf_of(index, result, SALT)


def test_small_and_large_outputs_of_many_tasks(
    local: DirectoryStore, remote: DirectoryStore
) -> None:
    leaves = [kept(local, i, b"%d" % i * size) for i, size in enumerate((1, 5_000, LARGE, 2))]
    tasks = [(DEAL, leaf) for leaf in leaves]
    assert StorePort(local, remote, None).put_outputs(tasks) == tasks
    assert set(remote) == set(local)


def test_what_is_wrong_with_one_of_many_is_raised_and_alone_given_up(
    local: DirectoryStore, remote: DirectoryStore
) -> None:
    shelf, other = StorePort(local, remote, None), b"\x0e" * 32
    good, large = kept(local, 0, b"good"), kept(local, 1, b"x" * (LARGE + 1))
    with pytest.raises(BlobTooLarge):
        shelf.put_outputs([(DEAL, good), (other, large)])
    assert shelf.put_outputs([(other, large)]) == []
    assert shelf.put_outputs([(DEAL, good), (other, large)]) == [(DEAL, good)]
    assert remote.has(good.digest)


def test_what_was_lost_here_gives_its_deal_up(
    local: DirectoryStore, remote: DirectoryStore
) -> None:
    good, lost = kept(local, 0, b"good"), kept(local, 1, b"x" * LARGE)
    local.delete(hashlib.sha256(SALT + b"x" * LARGE).digest())
    other = b"\x0e" * 32
    found = StorePort(local, remote, None).put_outputs([(DEAL, good), (other, lost)])
    assert found == [(DEAL, good)]


def test_deals_given_up_are_remembered_within_a_bound(
    local: DirectoryStore, remote: DirectoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "MOST_GIVEN_UP", 2)
    shelf, large = StorePort(local, remote, None), kept(local, 0, b"x" * (LARGE + 1))
    for number in range(5):
        assert shelf.put_outputs([(bytes([number]) * 32, large)]) == []
        assert len(shelf._given_up) <= 2


def test_jurors_are_shown_what_is_only_in_another_store(
    local: DirectoryStore, remote: DirectoryStore, tmp_path: Path
) -> None:
    leaves = [kept(local, i, b"%d" % i * size) for i, size in enumerate((1, 5_000, LARGE))]
    jurors = DirectoryStore(tmp_path / "jurors")
    shelf = StorePort(local, remote, None, jurors)
    assert len(shelf.put_outputs([(DEAL, leaf) for leaf in leaves])) == 3
    assert set(jurors) == set()
    for digest in list(local):  # as it gives way once it is in the requesters' store
        local.delete(digest)
    data = local.put(SALT + b"input")
    assert shelf.serve(DEAL, [data], leaves) == []
    assert set(jurors) == set(remote) > {data, *(leaf.digest for leaf in leaves)}


def test_a_store_of_jurors_that_is_full_is_told_of(
    local: DirectoryStore, remote: DirectoryStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    leaf = kept(local, 0, b"x" * LARGE)
    full = DirectoryStore(tmp_path / "jurors", max_bytes=LARGE)
    assert StorePort(local, remote, None, full).serve(DEAL, [], [leaf]) == []
    assert set(remote) > {leaf.digest}
    assert "jurors can't be shown the data of 0x" in caplog.text
