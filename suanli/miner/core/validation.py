"""What holds of the core's state after every step; the tests ask for it each time."""

from __future__ import annotations

from suanli.miner.core.records import CoreState, MinerDeal
from suanli.miner.core.stages import LIVE, UNPAID, Stage


def validate_state(state: CoreState) -> None:
    """Raise AssertionError if the state could not come about by right steps."""
    assert not set(state.deals) & set(state.passed), "a deal is passed and alive"
    for deal in state.deals.values():
        _validate_deal(deal)
    for kind, keys in state.busy.items():
        assert all(key[0] in state.deals for key in keys), f"busy ({kind}) with unknown deals"
    for id_, first in state.handed.items():
        deal = state.deals[id_]
        done = {*deal.leaves, *(key[1] for key in state.busy.get("run", ()) if key[0] == id_)}
        assert done >= set(range(first)), f"tasks before {first} are neither done nor handed out"


def _validate_deal(deal: MinerDeal) -> None:
    # What a stranger's key or a lost journal left on chain is settled or released all the same.
    bound = deal.stage in LIVE - {Stage.SUBMITTED, Stage.SETTLING, Stage.RELEASING}
    assert deal.work is not None or not bound, f"{deal.stage} without a check"
    assert not deal.leaves or deal.work is not None
    tasks = deal.work.tasks if deal.work else 0
    assert all(0 <= i < tasks and leaf.index == i for i, leaf in deal.leaves.items())
    assert deal.stored <= set(deal.leaves)
    assert (deal.result is not None) == (tasks > 0 and len(deal.leaves) == tasks)
    if deal.result is not None:
        assert deal.result.units_used == sum(leaf.units for leaf in deal.leaves.values())
        assert deal.result.units_used <= deal.request.units, "bills more than was sold"
    assert deal.result is not None or deal.stage not in UNPAID, f"{deal.stage} without a result"
    assert not deal.listed or len(deal.stored) == tasks
    assert deal.acceptance or deal.stage is not Stage.ACCEPTED
    assert (deal.stage is Stage.ENDED) == (deal.ended > 0)
