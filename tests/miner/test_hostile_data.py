"""Data that strangers made to do harm: no deal but their own suffers."""

from __future__ import annotations

import pytest

from suanli.chain import State
from tests.miner.bench import Bench
from tests.miner.world import World, lodged, reasons


def test_a_check_that_fails_unexpectedly_ends_its_request_only(
    registered: World, bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    check = bench.daemon._data.check

    def fail(*_: object) -> None:
        bench.daemon._data.check = check
        raise RecursionError("deep")

    bench.daemon._data.check = fail
    _, bad = lodged(registered)
    bench.until(lambda: reasons(registered, bad))
    assert reasons(registered, bad) == ["data: can't be checked: RecursionError"]
    assert bad in bench.daemon.core.state.passed
    assert "Traceback" in caplog.text
    good, _ = lodged(registered)
    bench.until(lambda: registered.market.state_of(good) is State.CONFIRMED)
