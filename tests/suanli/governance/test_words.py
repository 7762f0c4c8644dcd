"""What a person writes becomes calls, and calls become words."""

from dataclasses import replace

import pytest

from suanli.chain import artifact
from suanli.deployment.powers import Who, powers_of
from suanli.engine import Runtime, runtime_id
from suanli.governance import GovernanceError, PlannedChange, explain, planned
from suanli.governance.sentences import READING
from suanli.governance.texts import FIXED, SETTERS
from suanli.protocol import ZERO_ADDRESS
from tests.harness.local_chain import ALICE, BOB, OTHERS
from tests.suanli.governance.conftest import Council

GUARDIAN = OTHERS[0]
SOMEBODY = "0x" + "ab" * 20
MARKET, GOVERNOR, TIMELOCK, TOKEN = (
    "ComputeMarket",
    "MarketGovernor",
    "MarketTimelock",
    "MarketToken",
)


def decoded(call: PlannedChange, contract: str, function: str) -> tuple:
    entry = artifact(contract).abi.functions[function]
    assert call.data[:4] == entry.selector
    return tuple(entry.arguments(call.data[4:]).values())


@pytest.mark.parametrize(
    ("text", "contract", "function", "arguments"),
    [
        (f"setGuardian {SOMEBODY.upper().replace('X', 'x')}", MARKET, "setGuardian", (SOMEBODY,)),
        ("retireTerms 1", MARKET, "retireTerms", (1,)),
        ("setRuntimeSuspended 1 0 true", MARKET, "setRuntimeSuspended", (1, 0, True)),
        ("ComputeMarket.pause", MARKET, "pause", ()),
        ("updateDelay 86_400", TIMELOCK, "updateDelay", (86_400,)),
        ("MarketGovernor.setVotingPeriod 3600", GOVERNOR, "setVotingPeriod", (3_600,)),
        (f"MarketToken.transfer {SOMEBODY} 1.5e18", TOKEN, "transfer", (SOMEBODY, 15 * 10**17)),
        (f"transfer {SOMEBODY} 1,000", TOKEN, "transfer", (SOMEBODY, 1_000)),
        (f"permitRuntime 1 0x{'07' * 32}", MARKET, "permitRuntime", (1, b"\x07" * 32)),
        ("permitRuntime 1 fast", MARKET, "permitRuntime", (1, runtime_id(Runtime.FAST))),
        (
            f"ComputeMarket.withdraw {SOMEBODY} 5",
            MARKET,
            "withdraw",
            (SOMEBODY, 5),
        ),
    ],
)
def test_calls(council: Council, text: str, contract: str, function: str, arguments: tuple) -> None:
    call = planned(text, council.governor)
    assert call.target == council.governor.addresses[contract]
    assert decoded(call, contract, function) == arguments


def test_a_contract_at_an_address(council: Council) -> None:
    call = planned(f"LocalToken@{SOMEBODY}.transfer {SOMEBODY} 5", council.governor)
    assert call.target == SOMEBODY
    assert decoded(call, "LocalToken", "transfer") == (SOMEBODY, 5)


def test_terms_are_the_newest_but_for_what_is_said(council: Council) -> None:
    call = planned(f"addTerms fee_bps=250 treasury={SOMEBODY}", council.governor)
    old = council.market.terms_of(1)
    expected = tuple(old._replace(fee_bps=250, treasury=SOMEBODY))
    assert decoded(call, MARKET, "addTerms") == (expected,)


def test_the_newest_terms_are_those_that_hold(council: Council) -> None:
    made = council.decide("addTerms fee_bps=300", "retireTerms 2")
    council.send(council.governor.execute(made))
    assert council.market.terms_of(2).retired
    ((found, *_),) = (decoded(planned("addTerms", council.governor), MARKET, "addTerms"),)
    assert found == tuple(council.market.terms_of(1))


def test_a_class_like_another(council: Council) -> None:
    text = "addResourceClass like=2 unit='a unit' floor=5 kind=leased unit_seconds=60"
    record, unit, runtimes = decoded(planned(text, council.governor), MARKET, "addResourceClass")
    old = council.market.resource_class(2)
    assert record == tuple(old._replace(floor=5, kind=1, runtimes=0, unit_seconds=60))
    assert (unit, runtimes) == ("a unit", council.market.runtimes_of(2))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is no call"),
        ("'", "is no call"),
        ("frobnicate", "no function frobnicate of ComputeMarket, .* changes anything"),
        ("owner", "no function owner of ComputeMarket, .* changes anything"),
        ("transferOwnership 1", "write ComputeMarket.transferOwnership or IdentityRegistry.trans"),
        ("set-guardian 1", "'set-guardian' is no function"),
        ("Treasury.withdraw 1", "it is not known where Treasury is: write Treasury@0x"),
        (f"Nothing@{SOMEBODY}.go", "there is no contract Nothing"),
        ("setGuardian", r"setGuardian takes guardian_? \(address\): not 0 arguments"),
        ("setGuardian bob", "can't be 'bob': it is an address"),
        ("setRules", r"setRules takes feeShareBps_ .uint16.*: not 0 arguments"),
        ("setRules 2500 cpu", "class=units of each class .* such as 1=1000: not 'cpu'"),
        ("setRules half 1=5", "can't be 'half': it is uint16"),
        ("retireTerms one", "terms can't be 'one': it is uint32"),
        ("retireTerms 1.5", "can't be '1.5'"),
        ("retireTerms -1", "retireTerms"),
        ("retireTerms 1e99", "can't be '1e99'"),
        ("retireTerms 5e9", "retireTerms"),
        ("setRuntimeSuspended 1 0 maybe", "can't be 'maybe': it is true or false"),
        ("permitRuntime 1 slow", "can't be 'slow': it is 32 bytes"),
        ("permitRuntime 1 0x12", "can't be '0x12': it is 32 bytes"),
        ("addTerms fee=3", "addTerms takes name=value, not 'fee=3': of treasury, fee_bps"),
        ("addTerms retired=1", "addTerms takes name=value"),
        ("addTerms 250", "addTerms takes name=value"),
        ("addTerms court=nobody", "court can't be 'nobody': it is an address"),
        ("addTerms fee_bps=70000", "addTerms"),
        ("addResourceClass unit=x like=9", "there is no class 9 to be like"),
        ("addResourceClass unit=x like=one", "like names a class by its number"),
        ("addResourceClass like=1", "say what a unit of the class is"),
        ("addResourceClass unit=x kind=lent", "kind is judged or leased"),
        ("setVotingPeriod 0", "setVotingPeriod takes 1 to 2592000, not 0"),
        ("updateQuorumNumerator 399", "takes 400 to 5000, not 399"),
        ("updateDelay 2592001", "updateDelay takes 1 to 2592000"),
        ("setProposalThreshold 1e26", "takes 0 to 10000000000000000000000000"),
    ],
)
def test_mistakes(council: Council, text: str, says: str) -> None:
    with pytest.raises(GovernanceError, match=says):
        planned(text, council.governor)


@pytest.mark.parametrize(
    ("text", "told", "differs"),
    [
        (
            "addTerms fee_bps=250",
            "adds terms 2, as terms 1 but for:",
            [("the fee on payments", "1 %", "2.5 %")],
        ),
        ("addTerms", "adds terms 2, as 1", []),
        (
            f"addTerms court={ZERO_ADDRESS} challenge_window=7200",
            "adds terms 2, as terms 1 but for:",
            [("the time to challenge a result", "1 day", "2 hours"), ("the court", "?", "nobody")],
        ),
        ("retireTerms 1", "retires terms 1", []),
        (
            f"setGuardian {ZERO_ADDRESS}",
            "changes the guardian",
            [("the guardian", GUARDIAN, "nobody")],
        ),
        (
            "updateDelay 86400",
            "changes the time from a vote to its effect",
            [("the time from a vote to its effect", "20 s", "1 day")],
        ),
        ("updateQuorumNumerator 500", "changes the quorum", [("the quorum", "4 %", "5 %")]),
        (
            "setProposalThreshold 5e23",
            "changes the votes needed to propose",
            [("the votes needed to propose", "100,000", "500,000")],
        ),
        ("retireResourceClass 1", "retires class 1, of which 0 units are on offer now", []),
        (
            "setRuntimeSuspended 1 0 true",
            f"suspends runtime 0 of class 1, 0x{'01' * 32}",
            [("runtime 0 of class 1", "permitted", "suspended")],
        ),
        (
            f"permitRuntime 1 0x{'07' * 32}",
            f"lets jobs of class 1 run on runtime 0x{'07' * 32}, as its number 1",
            [],
        ),
        (
            f"transfer {SOMEBODY} 1e24",
            f"gives 1,000,000 voting tokens of the reserve to {SOMEBODY}",
            [("the reserve", "700,000,000", "699,000,000")],
        ),
        (
            f"ComputeMarket.withdraw {SOMEBODY} 0",
            f"takes 0 SLT of the timelock's money in the market, for {SOMEBODY}",
            [("the timelock's money there", "0 SLT", "0 SLT")],
        ),
        (
            f"ComputeMarket.transferOwnership {SOMEBODY}",
            "changes who is offered the market, with all that votes decide",
            [("who is offered the market, with all that votes decide", "nobody", SOMEBODY)],
        ),
        (f"addAttestor {SOMEBODY}", f"lets {SOMEBODY} say who is verified", []),
        (
            f"removeAttestor {SOMEBODY}",
            f"takes from {SOMEBODY} its office of saying who is verified",
            [],
        ),
        (
            "setRules 1000 1=2e3 2=50",
            "sets the rules of the reward pool",
            [
                ("the share of fees kept", "25 %", "10 %"),
                (
                    "what is rewarded",
                    "1,000 units of class 1",
                    "2,000 units of class 1, 50 units of class 2",
                ),
            ],
        ),
        (
            "setRules 2500",
            "sets the rules of the reward pool",
            [("what is rewarded", "1,000 units of class 1", "nothing")],
        ),
        (
            f"IdentityRegistry.transferOwnership {SOMEBODY}",
            "changes who is offered the identity registry, and the choice of attestors",
            [
                (
                    "who is offered the identity registry, and the choice of attestors",
                    "nobody",
                    SOMEBODY,
                )
            ],
        ),
        (
            f"revokeMiner {SOMEBODY} 7 2",
            f"revokes what {SOMEBODY} attested of miner 7 in tenure 2",
            [],
        ),
        (
            "RewardPool.renounceOwnership",
            "gives up the ownership of the reward pool, for ever",
            [],
        ),
        (
            f"relay {SOMEBODY} 0 0x12",
            f"lets the governor itself call {SOMEBODY}, which owns nothing",
            [],
        ),
        ("pause", "stops new business for 14 days", []),
        ("unpause", "ends a pause", []),
        ("ComputeMarket.renounceOwnership", "gives up the ownership of the market, for ever", []),
        (
            f"MarketToken.approve {SOMEBODY} 5",
            f"calls MarketToken.approve(spender = {SOMEBODY}, value = 5)",
            [],
        ),
    ],
)
def test_words(council: Council, text: str, told: str, differs: list) -> None:
    (change,) = explain([planned(text, council.governor)], council.governor)
    assert change.told == told
    assert change.affects
    assert len(change.differs) == len(differs)
    for (what, old, new), (wanted, before, after) in zip(change.differs, differs, strict=True):
        assert (what, new) == (wanted, after)
        assert before in ("?", old)


def test_prices_of_another_model(council: Council) -> None:
    """And that a contract is no model."""
    old, other = (council.market.resource_class(n).price_model for n in (1, 2))
    (change,) = explain([planned(f"setPriceModel 1 {other}", council.governor)], council.governor)
    assert change.differs == (
        ("the price model of class 1", old, other),
        ("its price of a unit now", "1", "2"),
    )
    text = f"setPriceModel 1 {council.market.address}"
    (change,) = explain([planned(text, council.governor)], council.governor)
    assert change.differs[1][2] == "none: it gives no price, so nobody could trade"


def test_a_new_class(council: Council) -> None:
    """Everything that a vote would fix for ever."""
    fast, other = runtime_id(Runtime.FAST).hex(), "07" * 32
    text = f"addResourceClass like=1 unit='a day' runtimes=0x{fast},0x{other}"
    (change,) = explain([planned(text, council.governor)], council.governor)
    like, shown = council.market.resource_class(1), dict(enumerate(change.differs))
    assert change.told == "adds class 6"
    assert list(shown.values()) == [
        ("a unit", "", "a day"),
        ("sold", "", "by deals"),
        ("the floor of bids", "", "0.01"),
        ("the stake for a unit", "", "2"),
        ("the price model", "", like.price_model),
        ("the most units of a task", "", f"{like.max_task_units:,}"),
        ("the most memory of a task", "", f"{like.max_task_memory:,} bytes"),
        ("how long a unit lasts", "", "no time"),
        ("the most that a task reads, and writes", "", f"{like.max_task_bytes:,} bytes"),
        ("a runtime", "", f"0x{fast} (fast)"),
        ("a runtime", "", f"0x{other}"),
    ]
    nobody = ("runtimes", "", "none: no deal can be made until a vote permits one")
    for kind, sold in (("judged", "by deals"), ("leased", "by lots")):
        none = planned(f"addResourceClass like=3 unit='a day' kind={kind}", council.governor)
        (change,) = explain([none], council.governor)
        assert change.differs[1] == ("sold", "", sold)
        assert (nobody in change.differs) is (kind == "judged"), "lots need no runtime"


def test_all_that_a_vote_decides_has_words() -> None:
    """Each function of the governed contracts that not everybody may call."""
    by_vote = (Who.OWNER, Who.OWNER_OR_GUARDIAN, Who.TIMELOCK, Who.ATTESTOR)
    told = {*FIXED, *SETTERS, *READING}
    for contract in (MARKET, GOVERNOR, TIMELOCK, TOKEN, "IdentityRegistry", "RewardPool"):
        for function, who in powers_of(contract).items():
            assert who not in by_vote or (contract, function) in told, (contract, function)


def test_a_stranger_contract_is_said_to_be_one(council: Council) -> None:
    call = PlannedChange(SOMEBODY, b"\1\2\3\4", 5)
    (change,) = explain([call], council.governor)
    assert change.told == (
        f"calls {SOMEBODY}, which is none of the market's contracts, with 0x01020304, and sends"
        " 0.000000000000000005 of the chain's coin"
    )
    unknown = PlannedChange(council.market.address, b"\1\2\3\4")
    (change,) = explain([unknown], council.governor)
    assert change.told == "calls ComputeMarket by no function of its, with 0x01020304"


@pytest.mark.parametrize(
    ("rule", "affects"),
    [
        ("updateDelay 172800", "everybody: all that is queued later"),
        ("updateQuorumNumerator 500", "everybody who votes: all votes that begin later"),
        ("setLateQuorumVoteExtension 86400", "everybody who votes: wherever a quorum is reached"),
        ("setVotingPeriod 259200", "everybody who votes, from the next proposal on"),
    ],
)
def test_from_when_on_rules_hold(council: Council, rule: str, affects: str) -> None:
    (change,) = explain([planned(rule, council.governor)], council.governor)
    assert change.affects.startswith(affects)


def test_coins_that_a_call_sends_are_told(council: Council) -> None:
    call = planned("retireTerms 1", council.governor)
    (change,) = explain([replace(call, value=10**18)], council.governor)
    assert change.told == "retires terms 1, and sends 1 of the chain's coin"


def test_old_values_are_those_of_the_block(council: Council) -> None:
    made = council.decide(f"setGuardian {BOB.address}")
    council.send(council.governor.execute(made), ALICE)
    (then,) = explain(made.calls, council.governor, made.block)
    (now,) = explain(made.calls, council.governor)
    assert then.differs == (("the guardian", GUARDIAN, BOB.address),)
    assert now.differs == (("the guardian", BOB.address, BOB.address),)
