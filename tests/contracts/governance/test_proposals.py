"""A proposal's whole life, in all its ways to end."""

import pytest

from tests.harness.evm import reverts
from tests.harness.governance import (
    ABSTAIN,
    ACTIVE,
    AGAINST,
    CANCELED,
    DAY,
    DEFEATED,
    EXECUTED,
    EXPIRED,
    FOR,
    MILLION,
    PENDING,
    QUEUED,
    SMALL,
    SUCCEEDED,
    TIMELOCK_DELAY,
    VOTERS,
)
from tests.harness.market import ALICE, BOB, CPU, OWNER, PRICE, ROOT, STRANGER, terms_record

ONE, TWO, THREE, FOUR = VOTERS
QUORUM = (400 * MILLION + MILLION // 2) // 10
GRACE = 14 * DAY


def bitmap(*states):
    """What a proposal's state should have been."""
    return sum(1 << state for state in states).to_bytes(32, "big")


@pytest.fixture
def grant(polity):
    """Something to decide on: a token for a stranger, out of the reserve."""
    return polity.call(polity.token, "transfer", STRANGER, MILLION)


def granted(polity):
    return polity.token.balanceOf(STRANGER)


@pytest.mark.spec("14.4", "14.5", "14.7")
def test_from_proposal_to_effect(polity, grant):
    made = polity.propose(grant, text="Thank the stranger", sender=ONE)
    assert polity.state(made) == PENDING
    with reverts("GovernorUnexpectedProposalState", made.id, PENDING, bitmap(ACTIVE)):
        polity.vote(made, ONE)
    polity.evm.advance(DAY)
    assert polity.state(made) == PENDING, "to the second"
    polity.evm.advance(1)
    assert polity.state(made) == ACTIVE
    polity.vote(made, ONE)
    polity.vote(made, TWO, support=AGAINST)
    polity.vote(made, THREE)
    with reverts("GovernorUnexpectedProposalState", made.id, ACTIVE, bitmap(SUCCEEDED)):
        polity.queue(made)
    polity.close(made)
    assert polity.state(made) == SUCCEEDED
    with reverts("GovernorUnexpectedProposalState", made.id, SUCCEEDED, bitmap(ACTIVE)):
        polity.vote(made, FOUR)
    polity.queue(made, sender=STRANGER)
    assert polity.state(made) == QUEUED
    assert polity.governor.proposalEta(made.id) == polity.evm.time + TIMELOCK_DELAY
    polity.evm.advance(TIMELOCK_DELAY - 1)
    with reverts("TimelockUnexpectedOperationState", operation(polity, made), bitmap(2)):
        polity.execute(made)
    polity.evm.advance(1)
    assert granted(polity) == 0
    polity.execute(made, sender=STRANGER)
    assert polity.state(made) == EXECUTED
    assert granted(polity) == MILLION
    with reverts("GovernorUnexpectedProposalState", made.id, EXECUTED, bitmap(SUCCEEDED, QUEUED)):
        polity.execute(made)


def operation(polity, made):
    """The timelock's number of a queued proposal."""
    address = bytes.fromhex(polity.governor.address[2:]) + bytes(12)
    salt = bytes(a ^ b for a, b in zip(address, made.arguments[3], strict=True))
    batch = (made.targets, made.values, made.calldatas, bytes(32), salt)
    return polity.timelock.hashOperationBatch(*batch)


@pytest.mark.spec("14.4")
def test_who_has_too_few_votes_proposes_nothing(polity, grant):
    for who, votes in ((SMALL, MILLION // 2), (STRANGER, 0)):
        with reverts("GovernorInsufficientProposerVotes", who, votes, MILLION):
            polity.propose(grant, sender=who)
    polity.token.delegate(SMALL, sender=ONE)
    with reverts("GovernorInsufficientProposerVotes", SMALL, MILLION // 2, MILLION):
        polity.propose(grant, sender=SMALL)
    polity.evm.advance(1)
    polity.propose(grant, sender=SMALL)


@pytest.mark.spec("14.5")
@pytest.mark.parametrize(
    ("votes", "outcome"),
    [
        ({ONE: FOR}, SUCCEEDED),
        ({ONE: FOR, TWO: AGAINST}, DEFEATED),
        ({ONE: FOR, TWO: FOR, THREE: AGAINST, SMALL: AGAINST}, SUCCEEDED),
        ({ONE: FOR, TWO: AGAINST, SMALL: FOR}, SUCCEEDED),
        ({ONE: ABSTAIN}, DEFEATED),
        ({ONE: ABSTAIN, SMALL: FOR}, SUCCEEDED),
        ({SMALL: FOR}, DEFEATED),
        ({ONE: AGAINST, SMALL: FOR}, DEFEATED),
        ({}, DEFEATED),
    ],
)
def test_the_outcome(polity, grant, votes, outcome):
    """By quorum and by majority: a quarter of the votes is a quorum, the small holder's is none."""
    made = polity.open(grant)
    for voter, support in votes.items():
        polity.vote(made, voter, support=support)
    polity.close(made)
    assert polity.state(made) == outcome
    if outcome == DEFEATED:
        with reverts("GovernorUnexpectedProposalState", made.id, DEFEATED, bitmap(SUCCEEDED)):
            polity.queue(made)
        with reverts(
            "GovernorUnexpectedProposalState", made.id, DEFEATED, bitmap(SUCCEEDED, QUEUED)
        ):
            polity.execute(made)


@pytest.mark.parametrize(("short", "outcome"), [(0, SUCCEEDED), (1, DEFEATED)])
@pytest.mark.spec("14.5")
def test_a_quorum_to_the_base_unit(polity, grant, short, outcome):
    polity.token.transfer(TWO, 100 * MILLION - QUORUM + short, sender=ONE)
    made = polity.open(grant)
    polity.vote(made, ONE)
    polity.close(made)
    assert polity.state(made) == outcome


@pytest.mark.spec("14.5")
def test_everybody_votes_once_with_what_it_had_when_the_vote_began(polity, grant):
    made = polity.propose(grant)
    polity.evm.advance(DAY + 1)
    polity.token.transfer(STRANGER, 100 * MILLION, sender=ONE)
    polity.token.delegate(STRANGER, sender=STRANGER)
    polity.vote(made, ONE, STRANGER)
    assert polity.governor.proposalVotes(made.id) == (0, 100 * MILLION, 0)
    with reverts("GovernorAlreadyCastVote", ONE):
        polity.vote(made, ONE, support=AGAINST)
    with reverts("GovernorInvalidVoteType"):
        polity.vote(made, TWO, support=3)


@pytest.mark.spec("14.7")
def test_failing_in_execution_loses_nothing(polity, grant):
    """All or nothing, and again as long as it has not expired."""
    too_much = polity.call(polity.token, "transfer", STRANGER, 600 * MILLION)
    decided = polity.decide(grant, too_much)
    held = polity.token.balanceOf(polity.timelock.address)
    with reverts(
        "ERC20InsufficientBalance", polity.timelock.address, held - MILLION, 600 * MILLION
    ):
        polity.execute(decided)
    assert polity.state(decided) == QUEUED
    assert granted(polity) == 0
    polity.token.transfer(polity.timelock.address, 100 * MILLION, sender=TWO)
    polity.execute(decided)
    assert granted(polity) == 601 * MILLION


@pytest.mark.spec("14.4")
def test_its_proposer_cancels_it_until_the_vote_begins(polity, grant):
    made = polity.propose(grant, sender=ONE)
    with reverts("GovernorUnableToCancel", made.id, TWO):
        polity.governor.cancel(*made.arguments, sender=TWO)
    with polity.evm.rollback():
        polity.evm.advance(DAY + 1)
        with reverts("GovernorUnableToCancel", made.id, ONE):
            polity.governor.cancel(*made.arguments, sender=ONE)
    polity.evm.advance(DAY)
    polity.governor.cancel(*made.arguments, sender=ONE)
    assert polity.state(made) == CANCELED
    with reverts("GovernorUnexpectedProposalState", made.id, CANCELED, bitmap(ACTIVE)):
        polity.vote(made, ONE)
    with reverts("GovernorUnexpectedProposalState", made.id, CANCELED, bytes(32)):
        polity.propose(grant)


@pytest.mark.spec("14.7")
def test_what_is_not_queued_in_time_expires(polity, grant):
    made = polity.open(grant)
    polity.vote(made, *VOTERS)
    polity.close(made)
    polity.evm.advance(GRACE - 1)
    assert polity.state(made) == SUCCEEDED
    polity.evm.advance(1)
    assert polity.state(made) == EXPIRED
    with reverts("GovernorUnexpectedProposalState", made.id, EXPIRED, bitmap(SUCCEEDED)):
        polity.queue(made)


@pytest.mark.spec("14.7")
def test_what_is_not_executed_in_time_expires(polity, grant):
    decided = polity.decide(grant)
    polity.evm.advance(GRACE)
    with polity.evm.rollback():
        polity.execute(decided)
    polity.evm.advance(1)
    assert polity.state(decided) == EXPIRED
    with reverts("GovernorUnexpectedProposalState", decided.id, EXPIRED, bitmap(SUCCEEDED, QUEUED)):
        polity.execute(decided)


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.spec("14.6")
def test_a_late_quorum_leaves_a_day_to_answer(polity, grant, late):
    made = polity.open(grant)
    begins = polity.governor.proposalSnapshot(made.id)
    ends = begins + 3 * DAY
    reached = ends if late else ends - DAY
    polity.evm.advance(reached - polity.evm.time)
    receipt = polity.governor.castVote(made.id, FOR, sender=ONE)
    expected = reached + DAY
    assert polity.governor.proposalDeadline(made.id) == expected
    assert ("ProposalExtended" in [event.name for event in receipt.events]) is late
    polity.evm.advance(expected - polity.evm.time)
    polity.vote(made, TWO, THREE, support=AGAINST)
    assert polity.governor.proposalDeadline(made.id) == expected, "once"
    polity.evm.advance(1)
    assert polity.state(made) == DEFEATED


@pytest.mark.spec("14.4")
def test_a_description_may_say_who_alone_proposes_it(polity, grant):
    """Or who sees a proposal coming could make it first, and cancel it for ever."""
    text = f"Thank the stranger\n#proposer={ONE}"
    with reverts("GovernorRestrictedProposer", TWO):
        polity.propose(grant, text=text, sender=TWO)
    polity.propose(grant, text=text, sender=ONE)


def test_proposals_have_their_calls(polity, grant):
    made = polity.proposal(grant)
    for targets, values, calldatas in (
        ((), (), ()),
        (made.targets, (), made.calldatas),
        (made.targets, made.values, ()),
    ):
        lengths = len(targets), len(calldatas), len(values)
        with reverts("GovernorInvalidProposalLength", *lengths):
            polity.governor.propose(targets, values, calldatas, "", sender=ONE)
    with reverts("GovernorNonexistentProposal", made.id):
        polity.governor.state(made.id)


# On the market


@pytest.mark.spec("14.1")
def test_a_fee_changes_for_new_deals_and_for_no_live_one(governed):
    world, polity = governed, governed.polity
    world.register(BOB, ask=PRICE)
    world.fund(ALICE, 1_000 * world.unit)
    live = world.request(maxPrice=PRICE, salt=1)
    signed = world.request(maxPrice=PRICE, salt=2, confirmBy=world.evm.time + 60 * DAY)
    signature = world.sign(signed)
    world.confirm(live, BOB)
    world.market.submitResult(live, ROOT, 100, sender=BOB)
    deal, record = world.deal(live), world.market.termsOf(1)

    raised = terms_record(feeBps=500)
    polity.enact(polity.call(world.market, "addTerms", raised), text="A fee of 5 %")

    assert world.deal(live) == deal
    assert world.market.termsOf(1) == record
    assert world.market.settle(live).event("RequestSettled").args["fee"] == fee(world, 250)
    world.market.confirmRequest(signed, signature, sender=BOB)
    assert accepted(world, signed)["fee"] == fee(world, 250), "signed before"
    new = world.request(maxPrice=PRICE, salt=3, terms=3)
    world.confirm(new, BOB)
    assert accepted(world, new)["fee"] == fee(world, 500)


def fee(world, bps):
    return 100 * world.unit * bps // 10_000


def accepted(world, request):
    """What the settlement of 100 units tells."""
    world.market.submitResult(request, ROOT, 100, sender=BOB)
    return world.accept(request).event("RequestSettled").args


@pytest.mark.spec("9.2", "14.1")
def test_the_former_owner_changes_nothing_any_more(governed):
    with reverts("OwnableUnauthorizedAccount", OWNER):
        governed.market.addTerms(terms_record(), sender=OWNER)
    with reverts("OwnableUnauthorizedAccount", OWNER):
        governed.market.setGuardian(OWNER, sender=OWNER)


@pytest.mark.spec("9.3", "14.1")
def test_a_vote_removes_the_guardian_and_ends_its_pause(governed):
    world, polity = governed, governed.polity
    guardian = world.market.guardian()
    decided = polity.decide(
        polity.call(world.market, "unpause"), polity.call(world.market, "setGuardian", STRANGER)
    )
    world.market.pause(sender=guardian)
    polity.execute(decided)
    assert not world.market.paused()
    with reverts("NotOwnerOrGuardian", guardian):
        world.market.pause(sender=guardian)


@pytest.mark.spec("14.9")
def test_a_vote_hands_the_market_on(governed):
    """The only way to another governance: with a vote, a delay and the heir's consent."""
    world, polity = governed, governed.polity
    polity.enact(polity.call(world.market, "transferOwnership", STRANGER))
    assert world.market.owner() == polity.timelock.address
    world.market.acceptOwnership(sender=STRANGER)
    world.market.retireResourceClass(CPU, sender=STRANGER)
    assert world.market.resourceClass(CPU).retired
