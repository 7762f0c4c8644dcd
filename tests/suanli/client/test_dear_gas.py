"""Gas above the bound is waited for, said once, and costs nobody a deal."""

from __future__ import annotations

import pytest

from suanli.base.config import ConfigError
from suanli.chain import GWEI, Fees
from suanli.client import Placed, TaskAccepted, Trouble
from suanli.client.connecting import fees_of
from tests.suanli.client.conftest import BOB, World, finish

MODEST = Fees(max_fee=50 * GWEI, tip=GWEI, how="--max-fee-gwei")


def set_base_fee(world: World, gwei: int) -> None:
    world.chain.anvil_setNextBlockBaseFeePerGas(hex(gwei * GWEI))
    world.chain.mine()


def test_nothing_is_placed_that_can_not_be_paid_for(world: World) -> None:
    world.miner(BOB).join()
    run = world.client(fees=MODEST).submit(world.job(), "100")
    set_base_fee(world, 200)
    dear: list[list[object]] = []

    def meanwhile() -> None:
        dear.append(list(run.ledger.deals()))
        set_base_fee(world, 200 if world.waits < 10 else 1)

    world.on_wait = meanwhile
    events = finish(run)
    (trouble,) = [event for event in events if isinstance(event, Trouble)]
    assert "gas costs 1" in trouble.why or "gas costs 2" in trouble.why
    assert trouble.why.endswith("raise the bound (--max-fee-gwei)")
    assert dear[:9] == [[]] * 9
    assert len([event for event in events if isinstance(event, TaskAccepted)]) == 6
    assert len([event for event in events if isinstance(event, Placed)]) == 1


@pytest.mark.parametrize(("given", "wei"), [("200", 200 * GWEI), ("0.5", GWEI // 2)])
def test_the_bound_is_a_flag_or_a_setting(
    monkeypatch: pytest.MonkeyPatch, given: str, wei: int
) -> None:
    assert fees_of(given).max_fee == wei
    monkeypatch.setenv("SUANLI_MAX_FEE_GWEI", given)
    assert fees_of(None).max_fee == wei
    assert fees_of("7").max_fee == 7 * GWEI


@pytest.mark.parametrize("given", ["much", "0", "-1", "", "NaN", "Infinity", "1e99"])
def test_what_is_no_bound(given: str) -> None:
    with pytest.raises(ConfigError, match="is a number of gwei above 0, such as 200"):
        fees_of(given)
