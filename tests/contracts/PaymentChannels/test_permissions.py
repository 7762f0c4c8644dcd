"""Who may do what with a channel, wherever it stands: one table, each cell tried on the contract.

A rule is the guards of a function in the order in which it asks them; the first that objects names
the error. What none objects to succeeds.
"""

import pytest

from tests.harness.channels import HOUR, NOTICE
from tests.harness.evm import Reverted
from tests.harness.market import (
    ALICE,
    BOB,
    DAVE,
    GUARDIAN,
    OWNER,
    PAYOUT,
    PRICE,
    STRANGER,
    TREASURY,
)

CALLERS = {
    "requester": ALICE,
    "miner": BOB,
    "other miner": DAVE,
    "payout": PAYOUT,
    "owner": OWNER,
    "guardian": GUARDIAN,
    "treasury": TREASURY,
    "stranger": STRANGER,
}
STATES = {"open": 0, "last second": HOUR, "ending": HOUR + 1, "closable": HOUR + NOTICE + 1}
RUNS = ("open", "last second", "ended now")
FUNCTIONS = {
    "topUp": lambda channel, voucher: (channel, 1, 0, 0),
    "redeem": lambda channel, voucher: (channel, 5, voucher),
    "closeByMiner": lambda channel, voucher: (channel, 5, voucher),
    "closeByRequester": lambda channel, voucher: (channel,),
    "close": lambda channel, voucher: (channel,),
}


def expected(function, caller, state):
    """The error's name, or None."""
    if state == "closed":
        return "UnknownChannel"
    if function in ("topUp", "closeByRequester"):
        if state not in RUNS:
            return "ChannelOver"
        return None if caller == "requester" else "NotChannelRequester"
    if function == "closeByMiner":
        return None if caller == "miner" else "NotChannelMiner"
    if function == "close":
        return None if state == "closable" else "NoticeNotOver"
    return None


@pytest.fixture
def channel(world):
    world.lessor(DAVE, 10)
    made = world.open(world.quote(), 10 * PRICE)
    world.market_call("set_payout", BOB, BOB, PAYOUT)
    return made


def bring(world, channel, state):
    """The channel into the state."""
    if state == "closed":
        world.call("close_by_miner", BOB, channel, 5, world.voucher(channel, 5))
    elif state == "ended now":
        world.call("close_by_requester", ALICE, channel)
    else:
        world.advance(STATES[state])


@pytest.mark.parametrize("state", [*STATES, "ended now", "closed"])
@pytest.mark.spec("18.5", "18.6", "18.8", "18.9", "18.10", "18.11")
def test_each_function_by_each_caller(world, channel, state):
    bring(world, channel, state)
    voucher = world.voucher(channel, 5).signature
    world.fund_here(ALICE, 1)
    for function, arguments in FUNCTIONS.items():
        for caller, address in CALLERS.items():
            refused = None
            with world.evm.rollback():
                try:
                    call = getattr(world.channels, function)
                    call(*arguments(channel, voucher), sender=address)
                except Reverted as error:
                    refused = error.name
            assert refused == expected(function, caller, state), (function, caller, state)
