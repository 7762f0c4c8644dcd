"""A governed deployment: nobody keeps a power, and it is seen if somebody does."""

from dataclasses import replace

import pytest

from suanli.deployment import (
    Allocation,
    DeploymentError,
    DeploymentRecord,
    GovernanceParameters,
    Holder,
    Power,
    execute,
    local_governance,
    local_parameters,
    plan_of,
    power_map,
    top_holders,
)
from suanli.deployment.parameters import VOTING_BOUNDS
from tests.harness.evm import CHAIN_ID, Evm, account, reverts
from tests.harness.evm_chain import DEPLOYER, Died, EvmChain

GUARDIAN, TREASURY, POOL = map(account, ("guardian", "treasury", "pool"))
VOTERS = [account(f"voter {number}") for number in range(3)]
MILLION = 10**24
PARAMETERS = local_parameters(
    CHAIN_ID,
    [DEPLOYER, *VOTERS, GUARDIAN, TREASURY, POOL],
    (b"\x01" * 32,),
    local_governance(VOTERS),
)
PLAN = plan_of(PARAMETERS, DEPLOYER)
OWNED = ("addTerms", "setGuardian", "transferOwnership", "unpause")


def done(plan=PLAN):
    chain = EvmChain(Evm())
    return chain, execute(plan, chain)


def test_the_market_is_the_timelocks():
    chain, addresses = done()
    market = chain.evm.at(addresses["ComputeMarket"], "ComputeMarket")
    assert market.owner() == addresses["MarketTimelock"]
    with reverts("OwnableUnauthorizedAccount", DEPLOYER):
        market.setGuardian(DEPLOYER, sender=DEPLOYER)


@pytest.mark.parametrize("lives", range(1, len(PLAN.steps) + 1))
def test_dying_after_a_transaction_repeats_none(lives):
    evm, record = Evm(), DeploymentRecord()
    first, second = EvmChain(evm, lives), EvmChain(evm)
    with pytest.raises(Died):
        execute(PLAN, first, record)
    addresses = execute(PLAN, second, record)
    assert first.transactions + second.transactions == len(PLAN.steps)
    again = EvmChain(evm)
    assert execute(PLAN, again, record) == addresses
    assert again.transactions == 0


def test_the_map_names_the_timelock_alone():
    chain, addresses = done()
    found = power_map(PLAN, PARAMETERS, DEPLOYER, addresses, chain)
    assert {Power("ComputeMarket", name, "MarketTimelock") for name in OWNED} <= set(found)
    pause = f"MarketTimelock, and the guardian {GUARDIAN} once"
    assert Power("ComputeMarket", "pause", pause) in found
    assert Power("MarketExtension", "everything", "nobody") in found
    assert {power.holder for power in found} == {
        "MarketGovernor",
        "MarketTimelock",
        "MarketTimelock, and each attestor its own word",
        "nobody",
        "nobody: no ownership is on offer",
        pause,
    }


def test_an_owner_that_stayed_is_seen():
    """The plan of a market that nobody handed over."""
    chain = EvmChain(Evm())
    kept = replace(
        PLAN,
        steps=tuple(s for s in PLAN.steps if "the timelock" not in s.name),
        checks=tuple(check for check in PLAN.checks if check.method != "owner"),
    )
    addresses = execute(kept, chain)
    with pytest.raises(
        DeploymentError, match=rf"{DEPLOYER} has a power that belongs to the owner: ComputeMarket"
    ):
        power_map(PLAN, PARAMETERS, DEPLOYER, addresses, chain)


def test_a_guardian_that_is_not_in_the_parameters_is_seen():
    chain, addresses = done()
    without = replace(PARAMETERS, guardian=None, treasury=GUARDIAN)
    with pytest.raises(DeploymentError, match=rf"{GUARDIAN} has a power .*ComputeMarket\.pause"):
        power_map(PLAN, without, DEPLOYER, addresses, chain)


def test_the_largest_holders_are_told():
    chain, addresses = done()
    holders = list(top_holders(PARAMETERS.governance, addresses, chain))
    assert holders == [
        *(Holder(voter, 100 * MILLION, 3_333) for voter in VOTERS),
        Holder(addresses["MarketTimelock"], 700 * MILLION, 0),
    ]


def test_fees_are_the_timelocks_unless_somebody_else_is_named():
    plan = plan_of(replace(PARAMETERS, treasury=None, reward_pool=None), DEPLOYER)
    chain, addresses = done(plan)
    record = chain.evm.at(addresses["ComputeMarket"], "ComputeMarket").termsOf(1)
    assert {record.treasury, record.rewardPool} == {addresses["MarketTimelock"]}
    with pytest.raises(DeploymentError, match="without governance nobody receives fees"):
        replace(PARAMETERS, treasury=None, governance=None)


def spread(*tokens, **rules):
    lines = (Allocation(account(str(n)), amount) for n, amount in enumerate(tokens))
    return GovernanceParameters(tuple(lines), **rules)


def test_nobody_may_decide_alone():
    spread(*[MILLION] * 26).require_sound()
    with pytest.raises(
        DeploymentError, match=rf"{account('0')} alone would make a quorum: it gets 4 %"
    ):
        spread(*[MILLION] * 25).require_sound()
    with pytest.raises(
        DeploymentError, match=rf"{account('1')} alone .* 33\.34 %.* and 33\.34 % decide"
    ):
        spread(3_333, 3_334, 3_333, quorum_bps=3_334).require_sound()
    spread(3_333, 3_334, 3_333, quorum_bps=3_335).require_sound()


def test_lines_of_one_holder_are_added():
    lines = tuple(Allocation(account(str(n % 13)), MILLION) for n in range(26))
    with pytest.raises(DeploymentError, match=r"alone would make a quorum: it gets 7\.69 %"):
        GovernanceParameters(lines).require_sound()


@pytest.mark.parametrize("name", VOTING_BOUNDS)
def test_the_bounds_are_the_contracts(name):
    for value, beyond in zip(VOTING_BOUNDS[name], (-1, 1), strict=True):
        sound = spread(*[MILLION] * 26, quorum_bps=3_000)
        replace(sound, **{name: value}).require_sound() if name != "quorum_bps" else None
        deploy(replace(sound, **{name: value}))
        wrong = replace(sound, **{name: value + beyond})
        with pytest.raises(
            DeploymentError, match=f"governance.{name} is {value + beyond}: it must"
        ):
            wrong.require_sound()
        if value + beyond >= 0:
            with reverts("OutOfBounds", value + beyond, *VOTING_BOUNDS[name]):
                deploy(wrong)


def deploy(governance):
    """On a chain that is not local, whose token somebody else made."""
    evm = Evm(1)
    token = evm.deploy("FixedToken")
    own = {"token": token.address, "funded": (), "channels": None, "storage": None}
    parameters = replace(PARAMETERS, governance=governance, **own)
    execute(plan_of(parameters, DEPLOYER), EvmChain(evm))


def test_a_table_gives_something_and_no_more_than_there_is():
    with pytest.raises(DeploymentError, match="nobody could vote"):
        spread()
    with pytest.raises(DeploymentError, match="gives away 1,000,000,001 voting tokens"):
        spread(1_000 * MILLION, 10**18)
