"""Data that strangers made to do harm: no deal but their own suffers."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from suanli.engine import Limits, Outcome, Result
from suanli.engine.host import Pool
from suanli.engine.task import MAX_PATH_BYTES, PAGE
from suanli.job import Outputs, TaskSpec
from suanli.job.bounds import MAX_FILES
from suanli.miner.core import Policy
from suanli.miner.holdings import Holdings
from suanli.miner.journal import Journal
from suanli.miner.ports.data import Data, Unfit
from suanli.miner.ports.store import LARGEST_RECORD
from suanli.protocol import State, canonical, refer
from suanli.store import BlobTooLarge, DirectoryStore, cid_of
from tests.harness.bench import Bench
from tests.harness.local_chain import BOB, CAROL, Controls
from tests.harness.simulation import CLASS
from tests.harness.simulation import request as request_of
from tests.harness.world import (
    ECHO,
    LITTLE,
    SALT,
    Requester,
    World,
    lodged,
    manifest_of,
    reasons,
    send,
    settled,
)


def test_a_check_that_fails_unexpectedly_ends_its_request_only(
    registered: World, bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    check = bench.daemon._data.fetch

    def fail(*_: object) -> None:
        bench.daemon._data.fetch = check
        raise RecursionError("deep")

    bench.daemon._data.fetch = fail
    _, bad = lodged(registered)
    bench.until(lambda: reasons(registered, bad))
    assert reasons(registered, bad) == ["data: can't be checked: RecursionError"]
    assert bad in bench.daemon.core.state.passed
    assert "Traceback" in caplog.text
    good, _ = lodged(registered)
    bench.until(lambda: registered.market.state_of(good) is State.CONFIRMED)


def test_a_task_that_fails_unexpectedly_ends_its_deal_only(
    registered: World, bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    task = bench.daemon._data.task

    def fail(job: bytes, index: int) -> Any:
        if job == request.job:
            raise KeyError("unforeseen")
        return task(job, index)

    bench.daemon._data.task = fail
    request, _ = lodged(registered)
    bench.until(lambda: registered.market.state_of(request) is State.RELEASED, rounds=130)
    assert "Traceback" in caplog.text


def test_tasks_that_would_be_invalid_are_not_taken(tmp_path: Path) -> None:
    """They would bill nothing, and bind capacity and collateral until the deal's end."""
    manifest = manifest_of(1, limits=Limits(fuel=50_000_000, memory=PAGE - 1))
    remote = DirectoryStore(tmp_path / "remote")
    remote.put(ECHO.code)
    job = remote.put(SALT + manifest.encode())
    with Pool(1, cache=tmp_path / "cache") as pool:
        data = Data(remote, DirectoryStore(tmp_path / "blobs"), pool, 1 << 20, Policy())
        request = request_of(job=job, tasks=1, units=50)
        fetched = data.fetch(request, CLASS, manifest.runtime, lambda digests: None)
        with pytest.raises(Unfit, match="starts with 65536 bytes of memory, above its limit"):
            data.compile(fetched, now=0)


def test_reasons_hold_nothing_that_a_terminal_obeys(registered: World, bench: Bench) -> None:
    value = json.loads(manifest_of(1).encode())
    value["inputs"] = {"\x1b[2J\x1b]0;owned\x07\u202e": {"digest": "x", "size": 1}}
    blob = SALT + canonical.encode(value)
    registered.requester.store.put(blob)
    job = hashlib.sha256(blob).digest()
    id_ = registered.requester.lodge(
        registered.requester.request(manifest_of(1), BOB.address, job=job)
    )
    bench.until(lambda: reasons(registered, id_))
    (reason,) = reasons(registered, id_)
    assert reason.isprintable()
    assert r"inputs.\x1b[2J\x1b]0;owned\x07\u202e" in reason


# Room


@pytest.fixture
def money_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requesters' money is looked at before their data; it may go elsewhere right after."""
    monkeypatch.setattr("suanli.miner.core.judge._money_objection", lambda *_: None)


def pauper_of(world: World) -> Requester:
    """Whose requests are checked, and then wait for money for ever."""
    return Requester(world.market, world.requester.relay, world.requester.store, CAROL)


def waiting(world: World, size: int, seconds: int) -> bytes:
    """A request with `size` bytes of data, whose requester has no money, and its time to live."""
    pauper, blob = pauper_of(world), b"x" * size
    manifest = manifest_of(2, inputs={"inputs/a": refer(SALT, [blob])}, limits=LITTLE)
    pauper.put(manifest, (SALT + blob,))
    confirm_by = world.market.node.head().time + seconds
    return pauper.lodge(pauper.request(manifest, BOB.address, confirm_by=confirm_by))


def pass_seconds(world: World, seconds: int) -> None:
    chain = Controls(world.market.node)
    chain.evm_increaseTime(seconds)
    chain.mine()


@pytest.mark.usefixtures("money_goes")
def test_inputs_leave_room_for_outputs(registered: World, bench: Bench) -> None:
    bench.daemon._local.max_bytes = 50_000
    large = waiting(registered, 45_001, 300)
    bench.until(lambda: reasons(registered, large))
    why = "limits: 45001 bytes of inputs, this miner has room for 45000"
    assert reasons(registered, large) == [why]
    first, second = waiting(registered, 30_000, 300), waiting(registered, 16_000, 600)
    deals = bench.daemon.core.state.deals
    bench.until(lambda: reasons(registered, second))
    assert first in deals
    assert reasons(registered, second)[0].startswith("disk: ")
    pass_seconds(registered, 301)
    bench.until(lambda: deals[second].work)


@pytest.mark.usefixtures("money_goes")
def test_what_makes_room_does_not_wait_behind_results(registered: World, bench: Bench) -> None:
    """The results of a deal find no room until data of somebody without money goes."""
    bench.daemon._local.max_bytes = 50_000
    bench.executor.holds, bench.executor.output = True, lambda task: b"y" * 20_000
    request, id_ = lodged(registered, manifest_of(1, limits=LITTLE), duration=3_600)
    bench.until(lambda: bench.executor.held)
    griefer = waiting(registered, 40_000, 300)
    deals = bench.daemon.core.state.deals
    bench.until(lambda: griefer in deals and deals[griefer].work)
    bench.executor.release()
    bench.until(lambda: "disk" in bench.daemon.away)
    pass_seconds(registered, 301)
    bench.until(settled(registered, request, id_))
    assert not bench.daemon.away


def test_an_output_above_the_largest_blob_fails_its_deal_only(
    registered: World, bench: Bench
) -> None:
    bench.daemon._local.max_blob = 10_000
    bench.executor.output = lambda task: b"y" * (10_000 if task.args == ("big",) else 10)
    big, _ = lodged(registered, replace(manifest_of(1), tasks=(TaskSpec(args=("big",)),)))
    good, id_ = lodged(registered)
    bench.until(settled(registered, good, id_))
    bench.until(lambda: registered.market.state_of(big) is State.RELEASED, rounds=130)
    assert not bench.daemon.away


def test_the_largest_record_can_be_read() -> None:
    """Of as many files as a task may leave, each with the longest path, all of it escaped."""
    path = "\x01" * MAX_PATH_BYTES
    result = Result(Outcome.EXITED, 0, files={path: b""})
    empty = Result(Outcome.EXITED, 0)
    one = len(Outputs.of(result, SALT).record) - len(Outputs.of(empty, SALT).record)
    assert len(Outputs.of(empty, SALT).record) + MAX_FILES * (one + 1) < LARGEST_RECORD


def test_what_was_found_right_is_not_read_again_while_the_rest_is_missing(
    registered: World, bench: Bench
) -> None:
    """Another requester's missing input costs a question each time, no reading of gigabytes."""
    blob = b"x" * 90_000
    inputs = {"inputs/a": refer(SALT, [blob]), "inputs/b": refer(SALT, [b"comes last"])}
    manifest = manifest_of(2, inputs=inputs)
    registered.requester.put(manifest, (SALT + blob,))
    bench.daemon._local.put(SALT + blob)  # not verified in this process: read once
    read, stream = [], bench.daemon._local.stream

    def counted(digest: bytes) -> Iterator[bytes]:
        read.append(digest)
        return stream(digest)

    bench.daemon._local.stream = counted
    request = registered.requester.request(manifest, BOB.address)
    id_ = registered.requester.lodge(request)
    for _ in range(60):
        bench.round()
        pass_seconds(registered, 1)
    assert read == [inputs["inputs/a"].digest]
    registered.requester.store.put(SALT + b"comes last")
    bench.until(settled(registered, request, id_))


# Data that nobody needs


def test_what_a_check_brings_for_a_request_that_went_meanwhile_is_deleted(
    registered: World, bench: Bench
) -> None:
    """Its requester cancels while the manifest comes."""
    remote, market = bench.daemon._data._remote, registered.market
    blob = b"x" * 3_000
    manifest = manifest_of(2, inputs={"inputs/a": refer(SALT, [blob])})
    registered.requester.put(manifest, (SALT + blob,))
    request = registered.requester.request(manifest, BOB.address)

    class Slow:
        def __getattr__(self, name: str) -> Any:
            return getattr(remote, name)

        def get(self, digest: bytes, limit: int) -> bytes:
            send(market, registered.requester.account, market.cancel_request(request))
            for _ in range(5):
                bench.round(without=bench.daemon._fetch_lane)
            return remote.get(digest, limit)

    bench.daemon._data._remote = Slow()
    id_ = registered.requester.lodge(request)
    bench.until(lambda: id_ in bench.daemon.core.state.passed)
    for _ in range(3):
        bench.round()
    assert bench.daemon._local.used == 0
    assert not bench.daemon.journal.owners()


def test_a_blob_is_not_deleted_under_a_new_owner(tmp_path: Path) -> None:
    """Who comes to own it while it is being deleted waits, and then sees that it is gone."""
    journal, local = Journal(tmp_path / "journal.sqlite"), DirectoryStore(tmp_path / "blobs")
    holdings = Holdings(journal, local)
    digest = local.put(b"module")
    holdings.own(b"first", [digest])
    delete, owned = local.delete, threading.Event()

    def own() -> None:
        holdings.own(b"second", [digest])
        owned.set()

    def slowly(blob: bytes) -> bool:
        thread.start()
        assert not owned.wait(0.05)
        return delete(blob)

    thread = threading.Thread(target=own)
    local.delete = slowly
    holdings.forget(b"first")
    thread.join()
    assert not local.has(digest)
    assert journal.owners() == {b"second"}
    journal.close()


def test_a_killed_daemon_goes_on_with_the_downloads_of_its_deals(tmp_path: Path) -> None:
    journal, local = Journal(tmp_path / "journal.sqlite"), DirectoryStore(tmp_path / "blobs")
    holdings = Holdings(journal, local)
    wanted, nobodys = (refer(SALT, [data]).digest for data in (b"wanted", b"nobody's"))
    holdings.own(b"deal", [wanted])
    for digest in (wanted, nobodys):
        (local.root / "incoming" / cid_of(digest)).write_bytes(SALT)
    holdings.tidy()
    assert [path.name for path in (local.root / "incoming").iterdir()] == [cid_of(wanted)]
    holdings.forget(b"deal")
    assert list((local.root / "incoming").iterdir()) == []
    journal.close()


def test_what_a_killed_daemon_left_behind_is_deleted(registered: World, bench: Bench) -> None:
    """Unfinished downloads, and blobs that no deal owns; what a deal needs stays."""
    request, id_ = lodged(registered)
    bench.until(lambda: id_ in bench.daemon.core.state.deals)
    bench.until(lambda: bench.daemon.core.state.deals[id_].work)
    part = bench.folder / "blobs" / "incoming" / "killed"
    part.write_bytes(b"x" * 1000)
    orphan = bench.daemon._local.put(b"nobody's")
    bench.restart()
    assert not part.exists()
    assert not bench.daemon._local.has(orphan)
    assert bench.daemon._local.has(request.job)
    bench.until(settled(registered, request, id_))


# The requesters' store


def test_a_blob_that_the_requesters_store_refuses_holds_up_no_other_deal(
    registered: World, bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """Its result goes to the chain in time, with its outputs where they are."""
    remote = bench.daemon._store._remote

    class Small:
        def put(self, data: Iterable[bytes], digest: bytes | None = None) -> bytes:
            whole = data if isinstance(data, bytes) else b"".join(data)
            if len(whole) > 5_000:
                raise BlobTooLarge("a blob may have 5000 bytes in this store")
            return remote.put(whole, digest)

        def put_many(self, blobs: Mapping[bytes, bytes]) -> None:
            for digest, data in blobs.items():
                self.put(data, digest)

    bench.daemon._store._remote = Small()
    bench.executor.output = lambda task: b"y" * (6_000 if "big" in task.args[0] else 10)
    tasks = (TaskSpec(args=("big",)), TaskSpec(args=("too big",)))
    big, _ = lodged(registered, replace(manifest_of(2), tasks=tasks))
    good, id_ = lodged(registered)
    bench.until(settled(registered, good, id_))
    assert not bench.daemon.away
    assert caplog.text.count("can't be uploaded") == 1
    pass_seconds(registered, 100)
    bench.until(lambda: registered.market.state_of(big) is State.SUBMITTED)


@pytest.fixture
def shared(registered: World, tmp_path: Path) -> Iterator[tuple[Bench, Requester]]:
    """A miner and a requester who share a folder, in which anybody may write."""
    folder = DirectoryStore(tmp_path / "shared")
    relay = registered.requester.relay
    made = Bench(registered.market, tmp_path, folder, relay)
    made.claims = folder.root / "claims"
    made.restart()
    yield made, Requester(registered.market, relay, folder)
    made.daemon.journal.close()


def goes_on(world: World, bench: Bench, requester: Requester) -> bool:
    """Whether another deal still gets to its end."""
    manifest = manifest_of(2)
    requester.put(manifest)
    request = requester.request(manifest, BOB.address)
    bench.until(settled(world, request, requester.lodge(request)))
    return not bench.daemon.away


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to(path)])
def test_what_is_in_the_place_of_a_blob_holds_up_nobody(
    registered: World, shared: tuple[Bench, Requester], make: Callable[[Path], None]
) -> None:
    bench, requester = shared
    place = requester.store._path(b"\x42" * 32)
    place.parent.mkdir()
    make(place)
    id_ = requester.lodge(requester.request(manifest_of(2), BOB.address, job=b"\x42" * 32))
    bench.until(lambda: reasons(registered, id_))
    assert reasons(registered, id_)[0].startswith("data: blob")
    assert goes_on(registered, bench, requester)


def test_a_folder_in_the_place_of_an_output_holds_up_nobody(
    registered: World, shared: tuple[Bench, Requester]
) -> None:
    bench, requester = shared
    bench.executor.output = lambda task: task.args[0].encode()
    requester.store._path(refer(SALT, [b"bad"]).digest).mkdir(parents=True)
    manifest = replace(manifest_of(1), tasks=(TaskSpec(args=("bad",)),))
    requester.put(manifest)
    request = requester.request(manifest, BOB.address)
    requester.lodge(request)
    assert goes_on(registered, bench, requester)
    pass_seconds(registered, 100)
    bench.until(lambda: registered.market.state_of(request) is State.SUBMITTED)


def test_a_folder_in_the_place_of_a_result_holds_up_nobody(
    registered: World, shared: tuple[Bench, Requester]
) -> None:
    bench, requester = shared
    manifest = manifest_of(2)
    requester.put(manifest)
    request = requester.request(manifest, BOB.address)
    id_ = registered.market.domain.request_id(request)
    (bench.claims / f"0x{id_.hex()}.json").mkdir(parents=True)
    bench.until(settled(registered, request, requester.lodge(request)))
    assert [path.suffix for path in bench.claims.iterdir()] == [".json"]


def test_a_full_disk_delays_the_board(
    registered: World, shared: tuple[Bench, Requester], monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, requester = shared
    full, opened = [True], os.open

    def fail_once(path: Any, *arguments: Any) -> int:
        if str(path).endswith(".new") and full:
            full.pop()
            raise OSError(errno.ENOSPC, "No space left on device")
        return opened(path, *arguments)

    monkeypatch.setattr(os, "open", fail_once)
    manifest = manifest_of(2)
    requester.put(manifest)
    request = requester.request(manifest, BOB.address)
    id_ = requester.lodge(request)
    bench.until(settled(registered, request, id_))
    assert not full
    assert [path.name for path in bench.claims.iterdir()] == [f"0x{id_.hex()}.json"]
