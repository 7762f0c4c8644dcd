"""A miner sells all runtimes that its machine runs, and says which."""

from __future__ import annotations

from pathlib import Path

from suanli.engine import Runtime, runtime_id
from tests.harness.bench import Bench
from tests.harness.world import World, lodged, manifest_of, reasons, settled

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
