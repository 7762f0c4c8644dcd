"""A plan is carried out once, whatever happens on the way."""

from dataclasses import replace
from typing import Any

import pytest

from suanli.deployment import (
    LOCAL_COURT,
    LOCAL_FUNDS,
    QUICK_COURT,
    QUICK_TERMS,
    TOKEN,
    AdaptiveParameters,
    Allocation,
    ClassParameters,
    ClassReward,
    CourtParameters,
    Deploy,
    DeploymentError,
    DeploymentPlan,
    DeploymentRecord,
    GovernanceParameters,
    IdentityParameters,
    Parameters,
    PlannedCheck,
    RewardParameters,
    TermsParameters,
    execute,
    local_parameters,
    plan_of,
)
from suanli.deployment.plan import ContractRef
from suanli.model import Adaptation
from tests.harness.evm import CHAIN_ID, Contract, Evm, account
from tests.harness.evm_chain import DEPLOYER, Died, EvmChain

ALICE, GUARDIAN, TREASURY, POOL = map(account, ("alice", "guardian", "treasury", "pool"))
PARAMETERS = local_parameters(
    CHAIN_ID, [DEPLOYER, ALICE, GUARDIAN, TREASURY, POOL], (b"\x01" * 32,)
)
GOVERNANCE = GovernanceParameters((Allocation(ALICE, TOKEN),))
PLAN = plan_of(PARAMETERS, DEPLOYER)
TRANSACTIONS = len(PLAN.steps)


def market_of(evm: Evm, addresses: dict[str, str]) -> Contract:
    return evm.at(addresses["ComputeMarket"], "ComputeMarket")


def test_local_market_is_complete() -> None:
    evm = Evm()

    addresses = execute(PLAN, EvmChain(evm))

    market = market_of(evm, dict(addresses))
    token = evm.at(addresses["Token"], "LocalToken")
    assert market.owner() == DEPLOYER
    assert market.guardian() == GUARDIAN
    assert market.termsOf(1).identityVerifier == addresses["IdentityRegistry"]
    registry = evm.at(addresses["IdentityRegistry"], "IdentityRegistry")
    assert (registry.owner(), registry.market()) == (DEPLOYER, market.address)
    assert [attestor.account for attestor in registry.attestors()] == [DEPLOYER]
    assert market.resourceCount() == 5
    assert [market.resourceClass(number).kind for number in range(1, 6)] == [0, 0, 1, 1, 1]
    assert market.runtimesOf(1) == (b"\x01" * 32,)
    assert token.balanceOf(ALICE) == token.balanceOf(DEPLOYER) == LOCAL_FUNDS
    assert token.balanceOf(TREASURY) == 0


def test_structs_carry_each_value_in_its_field() -> None:
    """The plan's tuples have no names: a field moved in a contract would go unnoticed."""
    evm = Evm()
    market = market_of(evm, dict(execute(PLAN, EvmChain(evm))))
    resource, terms = PARAMETERS.classes[0], PARAMETERS.terms
    found = market.resourceClass(1)
    assert found.floor == resource.floor
    assert found.stakePerUnit == resource.stake_per_unit
    assert found.maxTaskUnits == resource.max_task_units
    assert found.maxTaskMemory == resource.max_task_memory
    assert found.maxTaskBytes == resource.max_task_bytes
    leased = PARAMETERS.classes[2]
    assert market.resourceClass(3).unitSeconds == leased.unit_seconds == 3_600
    record = market.termsOf(1)
    assert (record.treasury, record.rewardPool) == (TREASURY, POOL)
    assert record.feeBps == terms.fee_bps
    assert record.challengeWindow == terms.challenge_window
    assert record.verdictBy == terms.verdict_by
    assert record.releaseBps == terms.release_bps
    assert record.defaultBps == terms.default_bps
    assert record.overturnBps == terms.overturn_bps
    assert record.compensationCap == terms.compensation_cap
    assert record.courtBps == terms.court_bps


def test_price_follows_the_parameters() -> None:
    evm = Evm()
    market = market_of(evm, dict(execute(PLAN, EvmChain(evm))))
    assert [market.priceOf(number) for number in range(1, 6)] == [
        resource.price.base for resource in PARAMETERS.classes
    ]


def adapting() -> Parameters:
    """The second class's price adapts."""
    first, second, *others = PARAMETERS.classes
    price = AdaptiveParameters(start=2 * TOKEN, floor=TOKEN // 50, cap=200 * TOKEN)
    return replace(PARAMETERS, classes=(first, replace(second, price=price), *others))


def test_a_price_that_adapts_follows_the_parameters() -> None:
    """Of this market and class, as the model has it."""
    evm, parameters = Evm(), adapting()
    addresses = execute(plan_of(parameters, DEPLOYER), EvmChain(evm))
    market = market_of(evm, dict(addresses))
    model = evm.at(market.resourceClass(2).priceModel, "AdaptivePriceModel")
    assert (model.market(), model.resource()) == (market.address, 2)
    own = Adaptation(800_000_000, 5_730_383_437_168, 3_600, 2 * TOKEN, TOKEN // 50, 200 * TOKEN)
    values = (model.target(), model.speed(), model.window(), model.floor(), model.cap())
    assert values == (own.target, own.speed, own.window, own.floor, own.cap)
    assert [market.priceOf(number) for number in range(1, 6)] == [
        TOKEN,
        own.start,
        5 * TOKEN,
        TOKEN,
        TOKEN // 10,
    ]


@pytest.mark.parametrize("window", [60, 3_600, 86_400])
@pytest.mark.parametrize("target_bps", [100, 8_000, 9_900])
def test_the_fastest_price_is_what_the_contract_takes(window: int, target_bps: int) -> None:
    """What the bounds let through, no constructor refuses."""
    shortest = AdaptiveParameters(TOKEN, target_bps, 3_650 * 86_400, window).shortest
    fastest = AdaptiveParameters(TOKEN, target_bps, shortest, window)
    assert fastest.speed <= 10**18 // window
    Adaptation(fastest.target, fastest.speed, window, TOKEN)
    with pytest.raises(DeploymentError, match=f"doubling is {shortest - 1}"):
        replace(fastest, doubling=shortest - 1)


def test_an_adaptive_price_of_another_class_is_noticed() -> None:
    plan = plan_of(adapting(), DEPLOYER)
    (check,) = (check for check in plan.checks if check.method == "resource")
    assert check.target == "PriceModel:cpu-wasm-large"
    wrong = replace(plan, checks=(replace(check, expected=1),))
    with pytest.raises(
        DeploymentError, match=r"PriceModel:cpu-wasm-large.resource\(\) is 2, not 1"
    ):
        execute(wrong, EvmChain(Evm()))


@pytest.mark.parametrize("lives", range(1, TRANSACTIONS + 1))
def test_dying_after_a_transaction_repeats_none(lives: int) -> None:
    """Killed after sending, before anything could be recorded."""
    evm, record = Evm(), DeploymentRecord()
    first = EvmChain(evm, lives)
    with pytest.raises(Died):
        execute(PLAN, first, record)
    second = EvmChain(evm)

    addresses = execute(PLAN, second, record)

    assert first.transactions + second.transactions == TRANSACTIONS
    assert market_of(evm, dict(addresses)).resourceCount() == 5


def test_a_second_run_does_nothing() -> None:
    evm, record = Evm(), DeploymentRecord()
    addresses = execute(PLAN, EvmChain(evm), record)
    again = EvmChain(evm)
    assert execute(PLAN, again, record) == addresses
    assert again.transactions == 0


def test_a_record_of_another_chain_is_refused() -> None:
    record = DeploymentRecord()
    execute(PLAN, EvmChain(Evm()), record)
    with pytest.raises(DeploymentError, match=r"Token is recorded at 0x\w+, but nothing is there"):
        execute(PLAN, EvmChain(Evm()), record)


def test_what_differs_in_the_end_is_named() -> None:
    market = Deploy("Model", "LinearPriceModel", (5, (0, 0, 0), 1, 9))
    plan = DeploymentPlan(
        {}, {"Model": "LinearPriceModel"}, (market,), (PlannedCheck("Model", "cap", (), 8),)
    )
    with pytest.raises(DeploymentError, match=r"Model\.cap\(\) is 9, not 8"):
        execute(plan, EvmChain(Evm()))


@pytest.mark.parametrize(
    ("target", "view", "method", "arguments"),
    [
        ("ComputeMarket", "termsCount", "addTerms", lambda m: (tuple(m.termsOf(1)),)),
        (
            "ComputeMarket",
            "resourceCount",
            "addResourceClass",
            lambda m: (m.resourceClass(1)._replace(runtimes=0), "a unit", ()),
        ),
        ("IdentityRegistry", "attestors", "addAttestor", lambda _: (account("mallory"),)),
    ],
)
def test_what_was_added_beside_the_plan_is_seen(
    target: str, view: str, method: str, arguments: Any
) -> None:
    """By the deployer, say, before it hands over."""
    chain, record = EvmChain(Evm()), DeploymentRecord()
    contract = chain.evm.at(execute(PLAN, chain, record)[target], target)
    found = len(contract.attestors()) if view == "attestors" else getattr(contract, view)()
    getattr(contract, method)(*arguments(contract), sender=DEPLOYER)
    with pytest.raises(DeploymentError) as refused:
        execute(PLAN, chain, record)
    assert str(refused.value).startswith(f"{target}.{view}() is {found + 1}, not {found}: what is")


def live(**changes: object) -> Parameters:
    usual = {
        "token": account("token"),
        "funded": (),
        "identity": None,
        "channels": None,
        "storage": None,
    }
    return replace(PARAMETERS, **usual | changes)


def test_a_live_plan_has_no_stand_ins() -> None:
    plan = plan_of(live(), DEPLOYER)
    contracts = {step.contract for step in plan.steps if isinstance(step, Deploy)}
    assert contracts == {"MarketExtension", "ComputeMarket", "LinearPriceModel"}
    assert plan.known == {"Token": account("token")}


def test_given_court_and_verifier_are_used() -> None:
    court, verifier = account("court"), account("verifier")
    plan = plan_of(live(court_address=court, identity_verifier=verifier), DEPLOYER)
    assert (plan.known["Court"], plan.known["IdentityVerifier"]) == (court, verifier)
    (record,) = next(s.arguments for s in plan.steps if s.name == "add terms 1")
    assert record[-1] == ContractRef("IdentityVerifier")
    (found,) = (check.expected for check in plan.checks if check.method == "termsOf")
    assert found == record


def test_terms_of_a_live_plan_name_no_verifier_unless_one_is_given() -> None:
    plan = plan_of(live(), DEPLOYER)
    (record,) = next(s.arguments for s in plan.steps if s.name == "add terms 1")
    assert record[-1] == "0x" + "00" * 20


def test_the_registry_is_there_before_the_terms_that_name_it() -> None:
    names = [step.name for step in PLAN.steps]
    assert (
        names.index("ComputeMarket") < names.index("IdentityRegistry") < names.index("add terms 1")
    )


@pytest.mark.parametrize(
    ("governance", "owner"), [(None, DEPLOYER), (GOVERNANCE, ContractRef("MarketTimelock"))]
)
def test_a_registry_is_its_owner_s_from_the_beginning(
    governance: GovernanceParameters | None, owner: str | ContractRef
) -> None:
    identity = IdentityParameters(attestors=(GUARDIAN, TREASURY), least_level=3)
    plan = plan_of(live(governance=governance, identity=identity), DEPLOYER)
    (made,) = (step for step in plan.steps if step.name == "IdentityRegistry")
    assert isinstance(made, Deploy)
    assert made.arguments == (ContractRef("ComputeMarket"), owner, 3, (GUARDIAN, TREASURY))
    (record,) = next(s.arguments for s in plan.steps if s.name == "add terms 1")
    assert record[-1] == ContractRef("IdentityRegistry")
    checked = {
        (check.method, *check.arguments): check.expected
        for check in plan.checks
        if check.target == "IdentityRegistry"
    }
    assert checked == {
        ("market",): ContractRef("ComputeMarket"),
        ("owner",): owner,
        ("leastLevel",): 3,
        ("attestorSince", GUARDIAN): 1,
        ("attestorSince", TREASURY): 1,
        ("attestors",): 2,
    }


@pytest.mark.parametrize(
    ("governance", "owner"), [(None, DEPLOYER), (GOVERNANCE, ContractRef("MarketTimelock"))]
)
@pytest.mark.spec("16.1")
def test_a_reward_pool_is_the_treasury_of_the_terms_but_not_their_reward_pool(
    governance: GovernanceParameters | None, owner: str | ContractRef
) -> None:
    """Slashed stake goes where it went: not to a pool that pays miners."""
    names = [resource.name for resource in PARAMETERS.classes]
    lines = ClassReward(names[1], 7), ClassReward(names[0], 40)
    plan = plan_of(live(governance=governance, rewards=RewardParameters(lines)), DEPLOYER)
    (made,) = (step for step in plan.steps if step.name == "RewardPool")
    assert isinstance(made, Deploy)
    expected = (ContractRef("ComputeMarket"), owner, TREASURY, 604_800, 2_500, ((1, 40), (2, 7)))
    assert made.arguments == expected
    (record,) = next(s.arguments for s in plan.steps if s.name == "add terms 1")
    assert record[0] == ContractRef("RewardPool")
    assert record[9] == PARAMETERS.reward_pool
    checks = [check for check in plan.checks if check.target == "RewardPool"]
    assert tuple(check.expected for check in checks) == expected


@pytest.mark.spec("18.1")
def test_payment_channels_are_deployed() -> None:
    """Their fees are the treasury's, also where a reward pool receives those of deals."""
    evm = Evm()
    rewards = RewardParameters((ClassReward(PARAMETERS.classes[0].name, 40),), epoch_length=3_600)
    plan = plan_of(replace(PARAMETERS, rewards=rewards), DEPLOYER)
    channels = evm.at(execute(plan, EvmChain(evm))["PaymentChannels"], "PaymentChannels")
    assert (channels.treasury(), channels.feeBps(), channels.notice()) == (TREASURY, 100, 60)
    without = plan_of(replace(PARAMETERS, channels=None), DEPLOYER)
    assert not [step for step in without.steps if step.name == "PaymentChannels"]


@pytest.mark.spec("19.1")
def test_storage_deals_are_deployed() -> None:
    """Their fees are the treasury's, also where a reward pool receives those of deals."""
    evm = Evm()
    rewards = RewardParameters((ClassReward(PARAMETERS.classes[0].name, 40),), epoch_length=3_600)
    plan = plan_of(replace(PARAMETERS, rewards=rewards), DEPLOYER)
    storage = evm.at(execute(plan, EvmChain(evm))["StorageDeals"], "StorageDeals")
    assert (storage.treasury(), storage.feeBps(), storage.window()) == (TREASURY, 100, 60)
    without = plan_of(replace(PARAMETERS, storage=None), DEPLOYER)
    assert not [step for step in without.steps if step.name == "StorageDeals"]


def test_a_reward_pool_is_deployed() -> None:
    evm = Evm()
    lines = (ClassReward(PARAMETERS.classes[0].name, 40),)
    rewards = RewardParameters(lines, epoch_length=3_600)
    plan = plan_of(replace(PARAMETERS, rewards=rewards), DEPLOYER)
    addresses = execute(plan, EvmChain(evm))
    pool = evm.at(addresses["RewardPool"], "RewardPool")
    market = evm.at(addresses["ComputeMarket"], "ComputeMarket")
    assert market.termsOf(1).treasury == pool.address
    assert pool.weights() == ((1, 40),)


@pytest.mark.parametrize(
    ("identity", "why"),
    [
        ({"attestors": tuple(account(str(n)) for n in range(9))}, "8 attestors at most, not 9"),
        ({"attestors": (ALICE, ALICE.upper())}, "stands twice"),
        ({"least_level": 0}, "from 1 to 255, not 0"),
        ({"least_level": 256}, "from 1 to 255, not 256"),
    ],
)
def test_what_no_registry_takes(identity: dict[str, Any], why: str) -> None:
    with pytest.raises(DeploymentError, match=why):
        IdentityParameters(**identity)


def test_one_verifier_is_enough() -> None:
    with pytest.raises(DeploymentError, match="the terms name one identity verifier"):
        live(identity=IdentityParameters(), identity_verifier=account("verifier"))


def test_classes_are_priced_in_tokens() -> None:
    cheapest: ClassParameters = min(PARAMETERS.classes, key=lambda item: item.price.base)
    assert cheapest.price.base == TOKEN // 10


# The court


def with_court(**changes: object) -> Parameters:
    return replace(PARAMETERS, **{"court": QUICK_COURT, "terms": QUICK_TERMS} | changes)


def test_a_court_is_there_before_the_terms_that_name_it() -> None:
    evm = Evm()
    plan = plan_of(with_court(), DEPLOYER)
    names = [step.name for step in plan.steps]
    assert names.index("CourtExtension") < names.index("Court") < names.index("add terms 1")
    addresses = dict(execute(plan, EvmChain(evm)))
    court, terms = evm.at(addresses["Court"], "Court"), market_of(evm, addresses).termsOf(1)
    assert terms.court == court.address
    assert (terms.challengeWindow, terms.verdictBy, terms.courtBps) == (60, 1_800, 10_000)
    assert court.market() == addresses["ComputeMarket"]


def test_a_court_has_each_parameter_in_its_field() -> None:
    """The plan's tuple has no names; and no two of these are alike."""
    different = replace(
        QUICK_COURT,
        inclusion=5,
        step=16,
        vote=17,
        cure=18,
        queue=19,
        filing=60,
        join_delay=61,
        leave_delay=62,
        cover_bps=14_000,
        penalty_bps=101,
        least_slash_bps=4_900,
        cure_slash_bps=900,
        slash_factor=4,
        delay_rate=12_345,
        seat_stake=70 * TOKEN,
        bond=20 * TOKEN,
        reward_cap=2 * TOKEN,
    )
    evm = Evm()
    addresses = dict(execute(plan_of(with_court(court=different), DEPLOYER), EvmChain(evm)))
    rules = evm.at(addresses["Court"], "Court").rules()
    assert rules.sink == POOL
    for name in (
        "inclusion",
        "step",
        "vote",
        "cure",
        "queue",
        "filing",
        "join_delay",
        "leave_delay",
        "jury",
        "large_jury",
        "appeal_jury",
        "cases_per_seat",
        "cover_bps",
        "penalty_bps",
        "least_slash_bps",
        "cure_slash_bps",
        "slash_factor",
        "delay_rate",
        "seat_stake",
        "seat_fee",
        "bond",
        "reward_cap",
    ):
        head, *rest = name.split("_")
        assert getattr(rules, head + "".join(map(str.title, rest))) == getattr(different, name)


@pytest.mark.parametrize("court", [QUICK_COURT, LOCAL_COURT])
def test_the_shortest_times_are_the_contracts(court: CourtParameters) -> None:
    evm = Evm()
    terms = TermsParameters(challenge_window=court.least_window, verdict_by=court.least_verdict)
    plan = plan_of(with_court(court=court, terms=terms), DEPLOYER)
    addresses = dict(execute(plan, EvmChain(evm)))
    found = evm.at(addresses["Court"], "Court").leastTimes()
    assert tuple(found) == (court.least_window, court.least_verdict)


def test_terms_too_short_for_their_court_are_refused() -> None:
    short = replace(QUICK_TERMS, verdict_by=QUICK_COURT.least_verdict - 1)
    with pytest.raises(DeploymentError, match=r"^terms.verdict_by is 1674, and the court needs"):
        with_court(terms=short)


def test_a_token_of_other_decimals_is_noticed() -> None:
    plan = plan_of(with_court(court=replace(QUICK_COURT, decimals=6)), DEPLOYER)
    with pytest.raises(DeploymentError, match=r"^Token.decimals\(\) is 18, not 6"):
        execute(plan, EvmChain(Evm()))


def test_a_governed_courts_sink_is_the_timelock() -> None:
    plan = plan_of(live(governance=GOVERNANCE, reward_pool=None, court=LOCAL_COURT), DEPLOYER)
    (made,) = (step for step in plan.steps if step.name == "CourtExtension")
    assert isinstance(made, Deploy)
    assert made.arguments[1][-1] == ContractRef("MarketTimelock")
