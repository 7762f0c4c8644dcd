"""`make demo-lease` fails when anything else happened than what it tells."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from suanli.chain import Event, events
from suanli.chain.event import Position
from suanli.protocol import StorageDeal, StorageQuote
from tools import lease_storage, lease_swarm
from tools.demo_lease import _require_balances
from tools.lease_part import PartFailed, payment, together

ALICE, BOB, CAROL, TREASURY = ("0x" + digit * 40 for digit in "1234")
PAY, FEE, COLLATERAL = 100, 1, 210
KEPT, LOST = b"\1" * 32, b"\2" * 32
SWARM, DEAL = b"\3" * 32, b"\4" * 32


def at(number: int) -> Position:
    return Position(number, 0, bytes(32), f"0x{number:064x}")


class Coins(SimpleNamespace):
    def worth(self) -> dict[str, int]:
        return dict(self.now)


def coins(**now: int) -> Any:
    """Bob is miner 1, Carol miner 2; each transaction takes 1,000 gas."""
    market = SimpleNamespace(
        terms_count=lambda: 1,
        terms_of=lambda _: SimpleNamespace(treasury=TREASURY),
        node=SimpleNamespace(receipt=lambda _: SimpleNamespace(gas_used=1_000)),
    )
    contract = SimpleNamespace(treasury=lambda: TREASURY)
    return Coins(
        names={ALICE: "requester", BOB: "miner-1", CAROL: "miner-2", TREASURY: "treasury"},
        miners={BOB: 1, CAROL: 2},
        market=market,
        channels=contract,
        deals=contract,
        token=SimpleNamespace(decimals=lambda: 18),
        before=dict.fromkeys((ALICE, BOB, CAROL, TREASURY), 1_000),
        now=now,
    )


def opened(deal: bytes, miner: int) -> events.StorageOpened:
    quote = StorageQuote(
        *("0x" + "5" * 40, ALICE, miner, 5, 1, bytes(32), 1_000, 60, 2, 4, COLLATERAL, 1, 1, 9)
    )
    return events.StorageOpened(at(miner), deal, miner, ALICE, StorageDeal(quote, PAY, 0))


def kept_file() -> list[Event]:
    """Miner 1 proves both periods of its deal, miner 2 one."""
    fees = 2 * FEE
    return [
        opened(KEPT, 1),
        opened(LOST, 2),
        events.PeriodProved(at(3), KEPT, 1, 0, PAY - FEE),
        events.PeriodProved(at(4), KEPT, 1, 1, PAY - FEE),
        events.PeriodProved(at(3), LOST, 2, 0, PAY - FEE),
        events.StorageEnded(at(4), KEPT, 1, ALICE, 2, 2 * PAY - fees, fees, 0, 0, 0),
        events.StorageEnded(at(5), LOST, 2, ALICE, 1, PAY - FEE, FEE, PAY, COLLATERAL, PAY),
    ]


def stored(happened: list[Event]) -> dict[str, int]:
    kept = lease_storage.Kept("file", "", [None] * 2, "miner-2")  # type: ignore[list-item]
    return lease_storage.require({}, kept, happened, coins())


def test_proofs_are_paid_and_who_proves_nothing_loses_its_collateral() -> None:
    assert stored(kept_file()) == {
        ALICE: -2 * PAY,
        BOB: 2 * (PAY - FEE),
        CAROL: PAY - FEE - COLLATERAL,
        TREASURY: 3 * FEE + COLLATERAL - PAY,
    }


@pytest.mark.parametrize(
    ("place", "changes", "why"),
    [
        (5, {"lost": COLLATERAL}, "the wrong collateral"),
        (6, {"lost": 0}, "the wrong collateral"),
        (6, {"compensation": COLLATERAL}, "the wrong part of the collateral"),
        (5, {"earned": 2 * PAY}, "sums are wrong"),
        (5, {"earned": PAY, "refunded": PAY - 2 * FEE}, "other periods"),
        (5, {"paid": 1}, "2 periods were proved, 1 paid"),
        (6, {"deal": KEPT}, "2 storage deals were opened, 1 are over"),
    ],
)
def test_storage_fails(place: int, changes: dict[str, Any], why: str) -> None:
    happened: list[Any] = kept_file()
    happened[place] = replace(happened[place], **changes)
    with pytest.raises(PartFailed, match=why):
        stored(happened)


def swarm() -> list[Event]:
    return [
        events.ChannelOpened(at(1), SWARM, 1, ALICE, None),  # type: ignore[arg-type]
        events.ChannelClosed(at(2), SWARM, 1, ALICE, PAY, PAY - FEE, FEE, 50),
        events.RequestConfirmed(at(3), DEAL, 2, ALICE, 1, 5, 20, 99),
        events.RequestSettled(at(4), DEAL, 2, PAY - FEE, FEE, 0),
    ]


def signed() -> dict[str, Any]:
    return {"signed": {"0x" + SWARM.hex(): str(PAY)}, "seconds": 2.0, "deals_seconds": 1.0}


def test_channels_and_deals_are_summed_and_their_gas() -> None:
    told = signed()
    changes = lease_swarm.require(told, swarm(), coins())
    paid = PAY - FEE
    assert changes == {ALICE: -2 * PAY, BOB: paid, CAROL: paid, TREASURY: 2 * FEE}
    one = {"count": 1, "transactions": 2, "gas": 2_000, "paid": str(PAY)}
    assert (told["channels"], told["deals"]) == (one, one)


@pytest.mark.parametrize(
    ("place", "changes", "why"),
    [
        (1, {"paid": PAY + 1, "earned": PAY}, "something else than its last voucher"),
        (1, {"fee": 0}, "something else than its last voucher"),
        (1, {"channel": DEAL}, "0 of 1 channels are closed"),
        (3, None, "0 of 1 deals are settled"),
    ],
)
def test_a_swarm_fails(place: int, changes: dict[str, Any] | None, why: str) -> None:
    happened: list[Any] = swarm()
    one = happened.pop(place)
    if changes is not None:
        happened.append(replace(one, **changes))
    told = signed()
    with pytest.raises(PartFailed, match=why):
        lease_swarm.require(told, happened, coins())


def test_a_base_unit_that_nobody_paid_fails() -> None:
    there = coins(**{ALICE: 899, BOB: 1_099, CAROL: 1_000, TREASURY: 1_002})
    changes = payment(there, ALICE, 1, 99, 2, TREASURY)
    assert changes == {ALICE: -101, BOB: 99, TREASURY: 2}
    _require_balances(there, changes)
    with pytest.raises(PartFailed, match="miner-2 has 0 base units more, and 1 by what was paid"):
        _require_balances(there, together([changes, {CAROL: 1}]))
