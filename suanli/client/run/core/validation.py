"""What holds of a job's state after every step; the tests ask for it each time."""

from __future__ import annotations

from suanli.client.records import DealRecord, DealStage
from suanli.client.run.core.state import RunState


def validate_state(state: RunState) -> None:
    """Raise AssertionError if the state could not come about by right steps."""
    numbers = list(state.records)
    assert numbers == list(range(len(numbers))), "deals are not numbered in a row"
    for number, record in state.records.items():
        assert record.number == number
        _validate(state, record)
    for task, kept in state.results.items():
        record = state.records[kept.deal]
        assert kept.task == task
        assert 0 <= task < state.setting.tasks
        assert record.tasks[kept.leaf.index] == task, f"task {task} is none of deal {kept.deal}"
        assert record.root, f"a result of deal {kept.deal}, which was never found right"
        assert kept.leaf.units <= state.setting.limits.units


def _validate(state: RunState, record: DealRecord) -> None:
    assert record.signature, "a request that nobody signed"
    assert record.request.requester == state.setting.requester
    assert record.request.tasks == len(record.tasks) == len(set(record.tasks)) > 0
    ended = record.stage is DealStage.ENDED
    assert ended == bool(record.end), f"{record.stage}, and it ended {record.end!r}"
    assert 0 <= record.cost <= record.lock, "costs more than it locked"
    assert ended or not record.cost
    assert record.acceptance or record.stage is not DealStage.ACCEPTED
    assert record.root or not record.acceptance
    assert not record.late or record.refused, "right, and neither accepted nor refused"
    assert record.units_used <= record.request.units, "bills more than was bought"
    assert record.refused or record.stage is not DealStage.REFUSED
    assert not record.refused or record.stage in (DealStage.REFUSED, DealStage.ENDED)
    if record.root:
        assert state.results.keys() >= set(record.tasks), "accepted, and not kept"
    if record.doubles is not None:
        assert record.doubles < record.number
        assert set(record.tasks) <= set(state.records[record.doubles].tasks)
