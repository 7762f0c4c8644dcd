"""Who may do what governance does: each function, by each caller."""

import pytest

from tests.harness.evm import artifact, reverts
from tests.harness.market import (
    ALICE,
    BOB,
    CPU,
    GUARDIAN,
    OWNER,
    PAYOUT,
    STRANGER,
    TERMS,
    TREASURY,
    resource_class,
    terms_record,
)

PENDING_OWNER = STRANGER
POWERS = {
    "addResourceClass": lambda world: (
        {"priceModel": world.model.address} | resource_class(),
        "unit",
        [],
    ),
    "permitRuntime": lambda world: (CPU, b"\x09" * 32),
    "setRuntimeSuspended": lambda world: (CPU, 0, True),
    "setPriceModel": lambda world: (CPU, world.model.address),
    "retireResourceClass": lambda world: (CPU,),
    "addTerms": lambda world: (terms_record(),),
    "retireTerms": lambda world: (TERMS,),
    "setGuardian": lambda world: (ALICE,),
    "unpause": lambda world: (),
    "transferOwnership": lambda world: (ALICE,),
    "renounceOwnership": lambda world: (),
}
OTHERS = {
    "guardian": GUARDIAN,
    "pending owner": PENDING_OWNER,
    "requester": ALICE,
    "miner": BOB,
    "payout": PAYOUT,
    "treasury": TREASURY,
}


@pytest.fixture(autouse=True)
def roles(world):
    world.register(BOB, payout=PAYOUT)
    world.market.transferOwnership(PENDING_OWNER, sender=OWNER)


def call(world, name, sender):
    return getattr(world.market, name)(*POWERS[name](world), sender=sender)


@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize("caller", OTHERS)
@pytest.mark.parametrize("name", POWERS)
@pytest.mark.spec("9.2")
def test_others_may_not(world, name, caller, paused):
    if paused:
        world.market.pause(sender=OWNER)
    with reverts("OwnableUnauthorizedAccount", OTHERS[caller]):
        call(world, name, OTHERS[caller])


@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize("name", POWERS)
@pytest.mark.spec("9.2")
def test_the_owner_may(world, name, paused):
    if paused:
        world.market.pause(sender=OWNER)
    if name == "unpause" and not paused:
        with reverts("ExpectedPause"):
            call(world, name, OWNER)
    else:
        call(world, name, OWNER)


@pytest.mark.parametrize("name", POWERS)
@pytest.mark.spec("9.1")
def test_powers_move_with_ownership(world, name):
    world.market.pause(sender=OWNER)
    world.market.acceptOwnership(sender=PENDING_OWNER)
    with reverts("OwnableUnauthorizedAccount", OWNER):
        call(world, name, OWNER)
    call(world, name, PENDING_OWNER)


@pytest.mark.spec("9.2", "9.3")
def test_pausing_is_for_owner_and_guardian(world):
    for caller in (ALICE, BOB, PAYOUT, PENDING_OWNER, TREASURY):
        with reverts("NotOwnerOrGuardian", caller):
            world.market.pause(sender=caller)
    for caller in (OWNER, GUARDIAN):
        with world.evm.rollback():
            world.market.pause(sender=caller)


# Every function of the market that changes something, and isn't governance's.
PUBLIC = {
    "deposit",
    "depositWithPermit",
    "withdraw",
    "registerMiner",
    "setPayout",
    "nameSuccessor",
    "succeed",
    "addStake",
    "startUnbonding",
    "withdrawStake",
    "collectEarnings",
    "registerResource",
    "lowerCapacity",
    "publishOffer",
    "withdrawOffer",
    "pruneOffer",
    "postRequest",
    "cancelRequest",
    "advanceEpoch",
    "confirmRequest",
    "release",
    "releaseByAgreement",
    "submitResult",
    "acceptResult",
    "submitAccepted",
    "settle",
    "settleMany",
    "claimDefault",
    "freeze",
    "thaw",
    "noteReveal",
    "setDue",
    "resolve",
    "permitOperator",
    "takeLot",
    "extendLot",
    "freeLot",
    "pruneLots",
    "acceptOwnership",
    "multicall",
    "multicallSkip",
}


@pytest.mark.spec("9.2")
def test_there_are_no_other_functions():
    changing = {
        entry["name"]
        for entry in artifact("ComputeMarket").abi
        if entry["type"] == "function" and entry["stateMutability"] not in ("view", "pure")
    }
    assert changing == PUBLIC | set(POWERS) | {"pause"}


@pytest.mark.spec("2.8")
def test_the_market_takes_no_ether():
    entries = artifact("ComputeMarket").abi
    assert not [entry for entry in entries if entry.get("stateMutability") == "payable"]
    assert not [entry for entry in entries if entry["type"] in ("receive", "fallback")]
