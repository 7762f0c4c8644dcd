"""addTerms: the owner adds a record; nobody ever edits one."""

import pytest

from tests.harness.evm import account, reverts
from tests.harness.market import ALICE, OWNER, STRANGER, ZERO, terms_record

DAY = 86_400
BOUNDS = {
    "feeBps": (0, 1_000, 2**16 - 1),
    "challengeWindow": (60, 30 * DAY, 2**32 - 1),
    "verdictBy": (0, 90 * DAY, 2**32 - 1),  # without a court
    "releaseBps": (0, 10_000, 2**16 - 1),
    "defaultBps": (0, 10_000, 2**16 - 1),
    "overturnBps": (0, 10_000, 2**16 - 1),
    "courtBps": (0, 10_000, 2**16 - 1),
}
# A default may not cost less than a release, nor a lie less than a default: each leaves room.
ROOM = {
    "releaseBps": {"defaultBps": 10_000},
    "defaultBps": {"releaseBps": 0},
    "overturnBps": {"releaseBps": 0, "defaultBps": 0},
}


def add(world, sender=OWNER, **changes):
    return world.market.addTerms(terms_record(**changes), sender=sender)


def cases():
    for name, (minimum, maximum, largest) in BOUNDS.items():
        below = [minimum - 1] if minimum else []
        yield from ((name, value, True) for value in (minimum, maximum))
        yield from ((name, value, False) for value in (*below, maximum + 1, largest))


@pytest.mark.spec("4.1")
def test_numbers_records_in_order(world):
    receipt = add(world, court=world.court.address)
    assert receipt.value == 3 == world.market.termsCount()
    assert receipt.event("TermsAdded").args == {"terms": 3}
    assert world.market.termsOf(3)._asdict() == terms_record(court=world.court.address)


@pytest.mark.spec("4.1")
def test_leaves_other_records_alone(world):
    before = [world.market.termsOf(terms) for terms in (1, 2)]
    add(world, feeBps=1)
    assert [world.market.termsOf(terms) for terms in (1, 2)] == before


@pytest.mark.parametrize(("name", "value", "good"), cases())
@pytest.mark.spec("10.1")
def test_bounds(world, name, value, good):
    changes = ROOM.get(name, {}) | {name: value}
    if good:
        terms = add(world, **changes).value
        assert getattr(world.market.termsOf(terms), name) == value
    else:
        minimum, maximum, _ = BOUNDS[name]
        with reverts("OutOfBounds", value, minimum, maximum):
            add(world, **changes)
        assert world.market.termsCount() == 2


@pytest.mark.spec("10.1")
def test_a_default_may_not_cost_less_than_a_release(world):
    with reverts("OutOfBounds", 499, 500, 10_000):
        add(world, releaseBps=500, defaultBps=499)
    add(world, releaseBps=500, defaultBps=500)


@pytest.mark.spec("10.1")
def test_lying_may_not_cost_less_than_a_default(world):
    with reverts("OutOfBounds", 4_999, 5_000, 10_000):
        add(world, defaultBps=5_000, overturnBps=4_999)
    add(world, defaultBps=5_000, overturnBps=5_000)


@pytest.mark.parametrize("seconds", [0, 59, 90 * DAY + 1])
@pytest.mark.spec("10.1")
def test_a_court_has_time(world, seconds):
    with reverts("OutOfBounds", seconds, 60, 90 * DAY):
        add(world, court=world.court.address, verdictBy=seconds)
    add(world, court=world.court.address, verdictBy=60)


@pytest.fixture
def court(world):
    """A court that needs a window of two days, and three for its verdict."""
    puppet = world.evm.deploy("Puppet")
    puppet.instruct((2 * DAY).to_bytes(32, "big") + (3 * DAY).to_bytes(32, "big"), False)
    return puppet.address


@pytest.mark.spec("10.3")
def test_a_court_has_the_time_that_it_needs(world, court):
    with reverts("OutOfBounds", 2 * DAY - 1, 2 * DAY, 30 * DAY):
        add(world, court=court, challengeWindow=2 * DAY - 1, verdictBy=3 * DAY)
    with reverts("OutOfBounds", 3 * DAY - 1, 3 * DAY, 90 * DAY):
        add(world, court=court, challengeWindow=2 * DAY, verdictBy=3 * DAY - 1)
    add(world, court=court, challengeWindow=2 * DAY, verdictBy=3 * DAY)
    # Without it the same times are long enough.
    add(world, challengeWindow=60, verdictBy=0)


@pytest.mark.spec("10.1")
def test_a_court_that_names_no_times_has_the_least(world):
    hasty = world.evm.deploy("Puppet")
    hasty.instruct(bytes(64), False)
    for court in (STRANGER, hasty.address):
        with reverts("OutOfBounds", 59, 60, 90 * DAY):
            add(world, court=court, verdictBy=59)
        with reverts("OutOfBounds", 59, 60, 30 * DAY):
            add(world, court=court, challengeWindow=59, verdictBy=60)
        add(world, court=court, challengeWindow=60, verdictBy=60)


@pytest.mark.spec("10.3")
def test_a_court_that_is_an_account_is_not_asked(world):
    terms = add(world, court=STRANGER, challengeWindow=60, verdictBy=60).value
    assert world.market.termsOf(terms).court == STRANGER


@pytest.mark.parametrize("contract", ["token", "verifier"])
@pytest.mark.spec("10.3")
def test_a_contract_that_is_no_court_can_not_be_one(world, contract):
    with reverts("Empty"):
        add(world, court=getattr(world, contract).address)


@pytest.mark.parametrize("name", ["treasury", "rewardPool"])
@pytest.mark.spec("2.8")
def test_refuses_accounts_of_nobody(world, name):
    with reverts("ZeroAddress"):
        add(world, **{name: ZERO})


@pytest.mark.parametrize("name", ["treasury", "rewardPool"])
@pytest.mark.parametrize("contract", ["market", "token"])
@pytest.mark.spec("2.8")
def test_refuses_accounts_from_which_nothing_comes_back(world, name, contract):
    address = getattr(world, contract).address
    with reverts("InvalidRecipient", address):
        add(world, **{name: address})


@pytest.mark.spec("10.1")
def test_the_market_is_no_court(world):
    with reverts("InvalidRecipient", world.market.address):
        add(world, court=world.market.address)


@pytest.mark.parametrize("cap", [0, 1, 2**80 - 1])
@pytest.mark.spec("10.1")
def test_any_compensation_can_be_the_most(world, cap):
    assert world.market.termsOf(add(world, compensationCap=cap).value).compensationCap == cap


def test_a_record_may_have_no_court(world):
    assert world.market.termsOf(add(world, court=ZERO).value).court == ZERO


def test_a_record_may_be_retired_from_the_start(world):
    terms = add(world, retired=True).value
    request = world.request(terms=terms)
    world.fund(ALICE, world.lock_of(request))
    with reverts("RetiredTerms", terms):
        world.market.postRequest(request, sender=ALICE)


def test_only_the_owner_may(world):
    with reverts("OwnableUnauthorizedAccount", STRANGER):
        add(world, sender=STRANGER)


@pytest.mark.parametrize("address", [ALICE, account("nobody's")])
@pytest.mark.spec("10.1")
def test_a_verifier_has_code(world, address):
    with reverts("NotAContract", address):
        add(world, identityVerifier=address)


@pytest.mark.spec("10.1")
def test_a_record_may_have_no_verifier(world):
    assert world.market.termsOf(add(world, identityVerifier=ZERO).value).identityVerifier == ZERO
