"""A program that takes long to compile: before it is confirmed, in nobody else's way."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from suanli.daemon.lane import Lane
from suanli.engine import Compilations, program_id, runtime_id
from suanli.miner.core import machine
from suanli.miner.programs import LARGE, Programs
from suanli.protocol import Ref, State
from suanli.relay import HttpStore
from suanli.store import DirectoryStore
from tests.harness.bench import Bench
from tests.harness.world import World, lodged, manifest_of, reasons, settled

PROGRAM = bytes(2_000_000)
"""As the test's executor runs any bytes."""


def large(world: World) -> Ref:
    return Ref(world.requester.store.put(PROGRAM), len(PROGRAM))


def sent_in_three_rounds(bench: Bench, id_: bytes, compiler: Lane) -> None:
    """The confirmation, and mined: Anvil may take a moment for that."""
    for _ in range(3):
        bench.round(without=compiler)
    sender = bench.daemon.services.sender
    sent = sender.find(f"confirm:0x{id_.hex()}")
    assert sent is not None
    sender.wait(sent)


def test_others_do_not_wait_for_it(registered: World, bench: Bench) -> None:
    (compiler,) = (lane for lane in bench.daemon.lanes if lane.name == "compiler")
    slow, _ = lodged(registered, manifest_of(1, module=large(registered)))
    quick, id_ = lodged(registered, manifest_of(2))
    state_of = registered.market.state_of
    sent_in_three_rounds(bench, id_, compiler)
    assert (state_of(slow), state_of(quick)) == (State.NONE, State.CONFIRMED)
    bench.until(lambda: state_of(slow) is State.CONFIRMED)


def test_what_is_compiled_already_does_not_wait(registered: World, bench: Bench) -> None:
    (compiler,) = (lane for lane in bench.daemon.lanes if lane.name == "compiler")
    module = large(registered)
    bench.executor.has = Compilations((program_id(runtime_id(), module.digest),), 1)
    request, id_ = lodged(registered, manifest_of(1, module=module))
    sent_in_three_rounds(bench, id_, compiler)
    assert registered.market.state_of(request) is State.CONFIRMED


def test_it_comes_once_for_all_deals(
    registered: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a deal after the first one's data is gone, and after a restart."""
    asked: list[bytes] = []
    store = registered.requester.store
    stream = HttpStore.stream

    def told(self: HttpStore, digest: bytes, start: int = 0) -> Iterator[bytes]:
        asked.append(digest)
        return stream(self, digest, start)

    module = large(registered)
    monkeypatch.setattr(HttpStore, "stream", told)
    monkeypatch.setattr(machine, "KEPT", 0)
    bench = Bench(registered.market, tmp_path, HttpStore(store._relay), registered.requester.relay)
    for _ in range(3):
        bench.restart()
        request, id_ = lodged(registered, manifest_of(1, module=module))
        bench.until(settled(registered, request, id_))
        bench.until(lambda: not bench.daemon._local.has(module.digest))
    assert asked.count(module.digest) == 1
    bench.daemon.journal.close()


def test_programs_of_former_deals_go_by_their_use_and_where_the_disk_is_full(
    tmp_path: Path,
) -> None:
    local = DirectoryStore(tmp_path / "local")
    first, second, third = (local.put(bytes([n]) * LARGE) for n in range(3))
    small = local.put(bytes(LARGE - 1))
    kept = DirectoryStore(tmp_path / "programs")
    programs = Programs(tmp_path / "programs", 2 * LARGE)
    for digest in (first, second, small):
        programs.keep(digest, local)
    for age, digest in enumerate((second, first)):
        os.utime(kept.file(digest)[0], (age, age))
    programs.keep(third, local)
    assert set(kept) == {first, third}
    for digest in (first, third):
        local.delete(digest)
        programs.bring(digest, local)
        assert local.has(digest)
    kept.file(third)[0].write_bytes(bytes(LARGE))
    local.delete(third)
    programs.bring(third, local)
    assert not local.has(third), "what is damaged comes from elsewhere"
    programs.clear()
    assert set(kept) == set()


def test_it_is_not_begun_if_there_is_no_time(registered: World, bench: Bench) -> None:
    bench.executor.has = Compilations((), 100)
    _, id_ = lodged(registered, manifest_of(1, module=large(registered)))
    bench.until(lambda: reasons(registered, id_))
    (reason,) = reasons(registered, id_)
    assert reason.startswith("expired: compiling its program takes about 20000 s, ")
    assert reason.endswith(" s are left to confirm: allow longer (--confirm-within)")
