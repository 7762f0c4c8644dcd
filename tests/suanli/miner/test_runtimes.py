"""A miner sells all runtimes that its machine runs, and says which."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from suanli.engine import Runtime, runtime_id
from suanli.miner.core import Act, ChainRead
from tests.harness.bench import Bench
from tests.harness.local_chain import DEPLOYER
from tests.harness.simulation import OFFER, START, view
from tests.harness.world import World, lodged, manifest_of, reasons, send, settled
from tests.suanli.miner.test_stages import Way, acts

FAST, PORTABLE = runtime_id(Runtime.FAST), runtime_id(Runtime.PORTABLE)


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


def test_nothing_is_offered_while_all_are_suspended() -> None:
    ends = view(offer=replace(OFFER, valid_until=START + 100))
    none = replace(ends, classes={1: replace(ends.classes[1], suspended={0})})
    assert Act.PUBLISH in acts(Way().hear(ChainRead(START, ends, {})))
    assert acts(Way().hear(ChainRead(START, none, {}))) == []
