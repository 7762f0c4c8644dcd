"""The gas snapshot: what counts as drift, and that the committed one meets the targets."""

import json

import pytest

from benchmarks import gas


def test_the_snapshot_meets_the_targets() -> None:
    snapshot = json.loads(gas.SNAPSHOT.read_text())
    assert snapshot["flows"].keys() == gas.FLOWS.keys() | gas.CALLS.keys()
    for flow, target in gas.MOST.items():
        assert snapshot["flows"][flow] <= target
    assert all(size < gas.SIZE_TARGET for size in snapshot["sizes"].values())


def test_half_a_percent_is_no_drift() -> None:
    assert gas.drifts({"settle": 100_000}, {"settle": 100_500}) == []
    assert gas.drifts({"settle": 100_000}, {"settle": 99_500}) == []
    assert gas.drifts({"further-task": 0}, {"further-task": 0}) == []


@pytest.mark.parametrize("now", [100_501, 99_499])
def test_more_is_named_with_its_share(now: int) -> None:
    (line,) = gas.drifts({"settle": 100_000}, {"settle": now})
    assert line.startswith(f"settle: 100,000 in the snapshot, {now:,} measured (")


def test_new_and_lost_figures_drift() -> None:
    assert len(gas.drifts({"settle": 1}, {"release": 1})) == 2
    assert len(gas.drifts({"further-task": 0}, {"further-task": 1})) == 1


def test_check_fails_on_drift_and_on_growth(capsys: pytest.CaptureFixture[str]) -> None:
    snapshot = json.loads(gas.SNAPSHOT.read_text())
    large = {flow: snapshot["flows"][flow] for flow in gas.FLOWS}
    assert gas.check(snapshot, large) == 0
    dearer = {**large, "posted-optimistic": round(1.01 * large["posted-optimistic"])}
    assert gas.check(snapshot, dearer) == 1
    assert "Dearer with 10,000 miners" in capsys.readouterr().out
    snapshot["sizes"]["ComputeMarket"] *= 2
    assert gas.check(snapshot, large) == 1
    assert "ComputeMarket: " in capsys.readouterr().out
