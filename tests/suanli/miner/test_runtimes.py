"""A miner sells all runtimes that its machine runs, and says which."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

from suanli.engine import Runtime, runtime_id
from suanli.engine.host import Pool, packages, packing
from suanli.miner.core import Act, ChainRead
from suanli.miner.runtimes import owed, runs_here
from tests.harness.bench import Bench, PythonExecutor
from tests.harness.local_chain import DEPLOYER
from tests.harness.older import Older
from tests.harness.simulation import OFFER, START, view
from tests.harness.world import World, lodged, manifest_of, reasons, send, settled
from tests.suanli.miner.test_stages import Way, acts

FAST, PORTABLE = runtime_id(Runtime.FAST), runtime_id(Runtime.PORTABLE)
PATIENCE = 120.0
"""Seconds of this machine's for anything."""
STEP = 0.2


def test_jobs_of_both_are_run_by_what_they_name(registered: World, bench: Bench) -> None:
    for runtime in (PORTABLE, FAST):
        bench.executor.asked.clear()
        request, id_ = lodged(registered, manifest_of(2, runtime=runtime))
        bench.until(settled(registered, request, id_))
        assert set(bench.executor.asked) == {runtime}


def test_what_is_run_is_announced(registered: World, bench: Bench) -> None:
    relay = registered.requester.relay
    bench.until(lambda: relay.announcements(1))
    (made,) = relay.announcements(1)
    assert made.runtimes == (FAST, PORTABLE)


def test_a_machine_that_runs_the_portable_one_only(registered: World, tmp_path: Path) -> None:
    requester = registered.requester
    bench = Bench(
        registered.market, tmp_path, requester.store, requester.relay, runtimes=(PORTABLE,)
    )
    bench.restart()
    _, refused = lodged(registered, manifest_of(2, runtime=FAST))
    bench.until(lambda: reasons(registered, refused))
    assert reasons(registered, refused) == [
        "runtime: names the class's runtime 1; this miner runs portable"
    ]
    (made,) = requester.relay.announcements(1)
    assert made.runtimes == (PORTABLE,)
    request, id_ = lodged(registered, manifest_of(2, runtime=PORTABLE))
    bench.until(settled(registered, request, id_))
    assert set(bench.executor.asked) == {PORTABLE}


def test_a_suspended_one_is_not_taken_until_it_is_permitted_again(
    registered: World, bench: Bench
) -> None:
    """A deal that there is goes on."""
    place = registered.market.runtimes_of(1).index(FAST)
    bench.executor.holds = True
    request, id_ = lodged(registered, manifest_of(2, runtime=FAST))
    bench.until(lambda: bench.executor.held)
    send(registered.market, DEPLOYER, registered.market.set_runtime_suspended(1, place, True))
    late, refused = lodged(registered, manifest_of(3, runtime=FAST))
    other, done = lodged(registered, manifest_of(2, runtime=PORTABLE))
    bench.until(lambda: reasons(registered, refused))
    assert reasons(registered, refused) == [
        "runtime: class 1 makes no new deals with fast: a vote has suspended it"
    ]
    bench.executor.release()
    bench.until(settled(registered, request, id_))
    bench.until(settled(registered, other, done))
    send(registered.market, DEPLOYER, registered.market.set_runtime_suspended(1, place, False))
    bench.until(settled(registered, late, refused), rounds=120)


def test_one_that_leaves_ends_its_deals_and_takes_no_new_ones(
    registered: World, bench: Bench
) -> None:
    """Also after a restart, which is when it begins to leave."""
    relay = registered.requester.relay
    bench.executor.holds = True
    request, id_ = lodged(registered, manifest_of(2, runtime=FAST))
    bench.until(lambda: bench.executor.held)
    bench.executor = PythonExecutor()
    bench.settings = replace(bench.settings, leaving=frozenset({FAST}))
    bench.restart()
    bench.until(settled(registered, request, id_))
    _, refused = lodged(registered, manifest_of(3, runtime=FAST))
    bench.until(lambda: reasons(registered, refused))
    assert reasons(registered, refused) == [
        "runtime: this miner makes no new deals with fast any more"
    ]
    bench.until(lambda: relay.announcements(1)[0].runtimes == (PORTABLE,))


def test_deals_that_are_not_final_are_counted_by_runtime(registered: World, bench: Bench) -> None:
    bench.executor.holds = True
    lodged(registered, manifest_of(2, runtime=FAST))
    bench.until(lambda: bench.executor.held)
    assert owed(bench.daemon.journal) == {FAST: 1}
    bench.daemon.journal.note(listed=None)
    assert owed(bench.daemon.journal) == {b"": 1}, "its class was never read"
    bench.restart()
    bench.until(lambda: owed(bench.daemon.journal) == {FAST: 1})
    bench.executor.release()


def test_former_runtimes_are_sold_beside_todays_and_serve_at_once(
    registered: World, former: Older, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both really installed: two jobs, one by each, in the same places."""
    monkeypatch.setenv("SUANLI_RUNTIMES", str(former.root))
    theirs = {one.runtime: one.id for one in former.package.runtimes}[Runtime.FAST]
    send(registered.market, DEPLOYER, registered.market.permit_runtime(1, theirs))
    runs = runs_here(pytest.fail)
    assert runs.ids == (FAST, PORTABLE, *former.package.ids)
    relay = registered.requester.relay
    bench = Bench(registered.market, tmp_path, registered.requester.store, relay, runtimes=runs.ids)
    with Pool(2, cache=tmp_path / "modules") as pool:
        bench.executor = pool
        bench.restart()
        bench.until(lambda: relay.announcements(1))
        (made,) = relay.announcements(1)
        assert made.runtimes == runs.ids
        both = [lodged(registered, manifest_of(2, runtime=one)) for one in (FAST, theirs)]
        assert both[0][0].runtime != both[1][0].runtime
        done = [settled(registered, *one) for one in both]
        ends = time.monotonic() + PATIENCE
        while not all(look() for look in done):
            assert time.monotonic() < ends
            bench.daemon.work(timeout=STEP)  # programs run in this machine's time
            bench.round(seconds=STEP)
        assert len(pool.pids()) >= 2


def test_what_is_to_go_is_run_but_not_sold(
    former: Older, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(former.root, tmp_path / "runtimes")
    monkeypatch.setenv("SUANLI_RUNTIMES", str(tmp_path / "runtimes"))
    (package,) = packages()
    packing.leave(package)
    runs = runs_here(pytest.fail)
    assert (set(runs.ids), runs.sold) == ({FAST, PORTABLE, *package.ids}, (FAST, PORTABLE))
    assert runs.leaving == set(package.ids)
    (package.folder / "suanli" / "more.py").write_text("")
    told: list[str] = []
    assert runs_here(told.append).ids == (FAST, PORTABLE)
    assert "is not of it" in told[0]


def test_nothing_is_offered_while_all_are_suspended() -> None:
    ends = view(offer=replace(OFFER, valid_until=START + 100))
    none = replace(ends, classes={1: replace(ends.classes[1], suspended={0})})
    assert Act.PUBLISH in acts(Way().hear(ChainRead(START, ends, {})))
    assert acts(Way().hear(ChainRead(START, none, {}))) == []
