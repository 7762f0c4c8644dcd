"""A program that takes long to compile: before it is confirmed, in nobody else's way."""

from __future__ import annotations

from suanli.engine import Compilations, program_id, runtime_id
from suanli.protocol import Ref, State
from tests.harness.bench import Bench
from tests.harness.world import World, lodged, manifest_of, reasons

LARGE = bytes(2_000_000)
"""As the test's executor runs any bytes."""


def large(world: World) -> Ref:
    return Ref(world.requester.store.put(LARGE), len(LARGE))


def test_others_do_not_wait_for_it(registered: World, bench: Bench) -> None:
    (compiler,) = (lane for lane in bench.daemon.lanes if lane.name == "compiler")
    slow, _ = lodged(registered, manifest_of(1, module=large(registered)))
    quick, _ = lodged(registered, manifest_of(2))
    for _ in range(3):
        bench.round(without=compiler)
    state_of = registered.market.state_of
    assert (state_of(slow), state_of(quick)) == (State.NONE, State.CONFIRMED)
    bench.until(lambda: state_of(slow) is State.CONFIRMED)


def test_what_is_compiled_already_does_not_wait(registered: World, bench: Bench) -> None:
    (compiler,) = (lane for lane in bench.daemon.lanes if lane.name == "compiler")
    module = large(registered)
    bench.executor.has = Compilations((program_id(runtime_id(), module.digest),), 1)
    request, _ = lodged(registered, manifest_of(1, module=module))
    for _ in range(3):
        bench.round(without=compiler)
    assert registered.market.state_of(request) is State.CONFIRMED


def test_it_is_not_begun_if_there_is_no_time(registered: World, bench: Bench) -> None:
    bench.executor.has = Compilations((), 100)
    _, id_ = lodged(registered, manifest_of(1, module=large(registered)))
    bench.until(lambda: reasons(registered, id_))
    (reason,) = reasons(registered, id_)
    assert reason.startswith("expired: compiling its program takes about 20000 s, ")
    assert reason.endswith(" s are left to confirm: allow longer (--confirm-within)")
