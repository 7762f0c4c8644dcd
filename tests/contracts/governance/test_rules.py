"""The rules of voting and the bounds that no vote can pass."""

import pytest

from tests.harness.evm import Evm, reverts
from tests.harness.governance import (
    ABSTAIN,
    AGAINST,
    DAY,
    DEPLOYER,
    MILLION,
    RULES,
    SMALL,
    SUCCEEDED,
    VOTERS,
    Polity,
)
from tests.harness.market import STRANGER

MAINNET = 1
LEAST = {
    "votingDelay": DAY,
    "votingPeriod": 3 * DAY,
    "proposalThreshold": 0,
    "quorumBps": 400,
    "lateQuorumExtension": DAY,
}
MOST = {
    "votingDelay": 30 * DAY,
    "votingPeriod": 30 * DAY,
    "proposalThreshold": 10 * MILLION,
    "quorumBps": 5_000,
    "lateQuorumExtension": 30 * DAY,
}
SETTERS = {
    "votingDelay": ("setVotingDelay", "votingDelay"),
    "votingPeriod": ("setVotingPeriod", "votingPeriod"),
    "proposalThreshold": ("setProposalThreshold", "proposalThreshold"),
    "quorumBps": ("updateQuorumNumerator", "quorumNumerator()"),
    "lateQuorumExtension": ("setLateQuorumVoteExtension", "lateQuorumVoteExtension"),
}
BEYOND = [(rule, value + 1) for rule, value in MOST.items()] + [
    (rule, value - 1) for rule, value in LEAST.items() if value
]


def found(polity, rule):
    name = SETTERS[rule][1]
    return (polity.governor[name] if "(" in name else getattr(polity.governor, name))()


@pytest.mark.parametrize("rules", [LEAST, MOST], ids=["least", "most"])
@pytest.mark.spec("14.8")
def test_bounds_themselves_are_allowed(rules):
    polity = Polity(Evm(MAINNET), **rules)
    assert {rule: found(polity, rule) for rule in rules} == rules
    assert polity.governor.quorumDenominator() == 10_000


@pytest.mark.parametrize(("rule", "value"), BEYOND)
@pytest.mark.spec("14.8")
def test_deployment_can_not_pass_them(rule, value):
    with reverts("OutOfBounds", value, LEAST[rule], MOST[rule]):
        Polity(Evm(MAINNET), **{rule: value})


@pytest.mark.parametrize(("rule", "value"), BEYOND)
@pytest.mark.spec("14.8")
def test_a_vote_can_not_pass_them(polity, rule, value):
    decided = polity.decide(polity.call(polity.governor, SETTERS[rule][0], value))
    with reverts("OutOfBounds", value, LEAST[rule], MOST[rule]):
        polity.execute(decided)
    assert found(polity, rule) == RULES[rule]


@pytest.mark.parametrize("bounds", [LEAST, MOST], ids=["least", "most"])
@pytest.mark.spec("14.8")
def test_a_vote_moves_each_within_them(polity, bounds):
    calls = [polity.call(polity.governor, SETTERS[rule][0], bounds[rule]) for rule in RULES]
    polity.enact(*calls)
    assert {rule: found(polity, rule) for rule in RULES} == bounds


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.spec("14.1")
def test_nobody_else_changes_a_rule(polity, rule):
    for caller in (DEPLOYER, VOTERS[0], STRANGER):
        with reverts("GovernorOnlyExecutor", caller):
            getattr(polity.governor, SETTERS[rule][0])(LEAST[rule], sender=caller)


@pytest.mark.parametrize("chain", [1337, 31337])
@pytest.mark.spec("14.10")
def test_times_are_short_on_local_chains_and_shares_are_not(chain):
    times = dict.fromkeys(("votingDelay", "votingPeriod", "lateQuorumExtension"), 1)
    polity = Polity(Evm(chain), delay=1, **times)
    assert {rule: found(polity, rule) for rule in times} == times
    with reverts("OutOfBounds", 0, 1, 30 * DAY):
        Polity(Evm(chain), votingPeriod=0)
    with reverts("OutOfBounds", 399, 400, 5_000):
        Polity(Evm(chain), quorumBps=399)


@pytest.mark.spec("14.9")
def test_the_timelock_is_the_governors_for_ever(polity):
    for caller in (DEPLOYER, STRANGER):
        with reverts("TimelockIsFixed"):
            polity.governor.updateTimelock(STRANGER, sender=caller)
    with reverts("TimelockIsFixed"):
        polity.enact(polity.call(polity.governor, "updateTimelock", STRANGER))
    assert polity.governor.timelock() == polity.timelock.address


@pytest.mark.spec("14.5")
def test_a_quorum_is_a_share_of_what_is_distributed(polity):
    """Not of all there is: the reserve can't vote."""
    distributed = 400 * MILLION + MILLION // 2
    assert polity.governor.quorum(polity.evm.time - 1) == distributed // 10
    polity.token.transfer(polity.timelock.address, 100 * MILLION, sender=VOTERS[0])
    polity.evm.advance()
    assert polity.governor.quorum(polity.evm.time - 1) == (distributed - 100 * MILLION) // 10


@pytest.mark.spec("14.8")
def test_a_proposal_keeps_the_rules_it_began_with(polity):
    old = polity.propose(polity.call(polity.token, "transfer", STRANGER, 1), text="old")
    deadline = polity.governor.proposalDeadline(old.id)
    polity.enact(
        polity.call(polity.governor, "setVotingPeriod", 30 * DAY),
        polity.call(polity.governor, "updateQuorumNumerator", 5_000),
        text="new rules",
    )
    snapshot = polity.governor.proposalSnapshot(old.id)
    assert polity.governor.proposalDeadline(old.id) == deadline
    assert polity.governor.quorum(snapshot) == (400 * MILLION + MILLION // 2) // 10


@pytest.mark.spec("14.8")
def test_which_proposals_new_rules_are_for(polity):
    """The quorum for a vote that begins later, the extension for a quorum that is reached later,
    also of what was proposed before."""
    governor = polity.governor
    changed = polity.decide(
        polity.call(governor, "updateQuorumNumerator", 5_000),
        polity.call(governor, "setLateQuorumVoteExtension", 30 * DAY),
        polity.call(governor, "setVotingPeriod", 30 * DAY),
    )
    proposed = polity.propose(polity.call(governor, "setVotingDelay", 2 * DAY))
    begins, ends = governor.proposalSnapshot(proposed.id), governor.proposalDeadline(proposed.id)
    polity.execute(changed)
    assert governor.proposalDeadline(proposed.id) == ends
    polity.evm.advance(DAY + 1)
    assert governor.quorum(begins) * 2 == polity.token.getPastTotalSupply(begins)
    polity.vote(proposed, *VOTERS)
    assert governor.proposalDeadline(proposed.id) == polity.evm.time + 30 * DAY


@pytest.mark.spec("14.6")
def test_votes_of_the_last_second_after_an_early_quorum_extend_nothing(polity):
    proposed = polity.open(polity.call(polity.governor, "setVotingDelay", 2 * DAY))
    ends = polity.governor.proposalDeadline(proposed.id)
    polity.vote(proposed, VOTERS[0], support=ABSTAIN)
    polity.vote(proposed, SMALL, support=AGAINST)
    polity.evm.advance(ends - polity.evm.time)
    polity.vote(proposed, VOTERS[1])
    assert polity.governor.proposalDeadline(proposed.id) == ends
    polity.close(proposed)
    assert polity.state(proposed) == SUCCEEDED
