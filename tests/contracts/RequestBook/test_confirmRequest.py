import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.harness.books import changes
from tests.harness.evm import Reverted, reverts
from tests.harness.market import (
    ALICE,
    BOB,
    CAROL,
    CPU,
    CPU_LARGE,
    DAVE,
    GPU,
    GUARDIAN,
    MAX_UINT32,
    MAX_UINT96,
    OWNER,
    PAYOUT,
    PRICE,
    STRANGER,
    TERMS,
    ZERO,
    State,
    Trial,
    World,
)

ASK = PRICE * 3 // 2
YEAR = 365 * 86_400


@pytest.fixture
def posted(world):
    request = world.request()
    world.market.postRequest(request, sender=ALICE)
    return request


def word(number):
    return number.to_bytes(32, "big")


@pytest.fixture
def model(world):
    """A price model that says what it is told to."""
    puppet = world.evm.deploy("Puppet")
    world.market.setPriceModel(CPU, puppet.address, sender=OWNER)
    return puppet


@pytest.mark.spec("5.6", "5.7")
def test_of_a_posted_request_reserves_capacity(world, posted):
    with changes(world) as found:
        receipt = world.market.confirmRequest(posted, b"", sender=BOB)
    assert found == {"bob reserved": 100}
    assert receipt.value == ASK
    assert world.state(posted) == State.CONFIRMED


@pytest.mark.spec("5.6")
def test_of_a_signed_request_locks_and_counts_too(world):
    request = world.request()
    with changes(world) as found:
        receipt = world.market.confirmRequest(request, world.sign(request), sender=BOB)
    assert found == {
        "alice available": -200 * world.unit,
        "alice locked": 200 * world.unit,
        "demanded": 100,
        "bob reserved": 100,
    }
    assert receipt.value == ASK


@pytest.mark.spec("5.8")
def test_records_the_deal(world, posted):
    world.market.confirmRequest(posted, b"", sender=BOB)
    assert world.deal(posted)._asdict() == {
        "state": State.CONFIRMED,
        "minerId": world.market.minerAccount(BOB).minerId,
        "price": ASK,
        "time": world.evm.time + posted.duration,
        "unitsUsed": 0,
        "trial": Trial.NONE,
        "dueSet": False,
        "root": bytes(32),
        "unitsDue": 0,
    }


@pytest.mark.spec("6.5")
def test_says_so(world, posted):
    confirmed = {
        "minerId": world.market.minerAccount(BOB).minerId,
        "requester": ALICE,
        "resource": CPU,
        "units": 100,
        "price": ASK,
        "deadline": world.evm.time + posted.duration,
    }
    receipt = world.market.confirmRequest(posted, b"", sender=BOB)
    assert [event.name for event in receipt.events] == ["RequestConfirmed"]
    assert receipt.events[0].args == {"id": world.request_id(posted)} | confirmed

    signed = world.request(salt=1)
    receipt = world.market.confirmRequest(signed, world.sign(signed), sender=BOB)
    assert [event.name for event in receipt.events] == ["RequestConfirmed"]
    assert receipt.events[0].args == {"id": world.request_id(signed)} | confirmed


@pytest.mark.spec("5.1")
def test_happens_once(world, posted):
    world.market.confirmRequest(posted, b"", sender=BOB)
    for miner in (BOB, DAVE):
        with reverts("WrongState", world.request_id(posted), State.CONFIRMED):
            world.market.confirmRequest(posted, world.sign(posted), sender=miner)


def test_a_signature_next_to_a_posted_request_is_not_read(world, posted):
    world.market.confirmRequest(posted, b"no signature at all", sender=BOB)
    assert world.account_of(ALICE)[1] == world.lock_of(posted)


def test_a_posted_and_signed_request_locks_once(world, posted):
    world.market.confirmRequest(posted, world.sign(posted), sender=BOB)
    assert world.account_of(ALICE)[1] == world.lock_of(posted)
    assert world.market.supplyOf(CPU).demanded == posted.units


def test_a_posted_request_stays_good_in_another_epoch(world, posted):
    world.market.advanceEpoch(sender=ALICE)
    world.market.confirmRequest(posted, b"", sender=BOB)


# Who


@pytest.mark.parametrize("caller", [ALICE, PAYOUT, OWNER, GUARDIAN, STRANGER])
@pytest.mark.spec("5.6")
def test_only_miners_confirm(world, posted, caller):
    with reverts("NotRegistered", caller):
        world.market.confirmRequest(posted, b"", sender=caller)


@pytest.mark.spec("5.6")
def test_only_the_named_miner_confirms(world):
    request = world.request(miner=BOB)
    with reverts("NotNamedMiner", DAVE, request.miner):
        world.market.confirmRequest(request, world.sign(request), sender=DAVE)
    world.market.confirmRequest(request, world.sign(request), sender=BOB)


def test_a_number_that_no_miner_has_is_for_nobody(world):
    request = world.request(miner=3)
    for miner in (BOB, DAVE):
        with reverts("NotNamedMiner", miner, 3):
            world.market.confirmRequest(request, world.sign(request), sender=miner)


@pytest.mark.spec("12.3")
def test_a_miner_may_confirm_its_own_request(world):
    """It pays itself and the fee; nothing forbids it, and the money adds up."""
    request = world.request(requester=BOB, miner=BOB)
    world.fund(BOB, world.lock_of(request))
    with changes(world) as found:
        world.market.confirmRequest(request, world.sign(request, BOB), sender=BOB)
    assert found == {
        "bob available": -200 * world.unit,
        "bob locked": 200 * world.unit,
        "bob reserved": 100,
        "demanded": 100,
    }


@pytest.mark.spec("3.12", "5.6")
def test_verified_miners_only(world):
    request = world.request(flags=1)
    world.market.postRequest(request, sender=ALICE)
    with reverts("MinerNotVerified", 1, 0):
        world.market.confirmRequest(request, b"", sender=BOB)
    world.verifier.setMinerVerified(1, 0, True)
    with reverts("MinerNotVerified", 2, 0):
        world.market.confirmRequest(request, b"", sender=DAVE)
    world.market.confirmRequest(request, b"", sender=BOB)


@pytest.mark.spec("5.6")
def test_an_offer_for_verified_requesters_only(world):
    world.market.publishOffer(CPU, 500, ASK, MAX_UINT32, True, sender=BOB)
    request = world.request()
    world.market.postRequest(request, sender=ALICE)
    with reverts("RequesterNotVerified", ALICE):
        world.market.confirmRequest(request, b"", sender=BOB)
    world.verifier.setVerified(ALICE, True)
    world.market.confirmRequest(request, b"", sender=BOB)


@pytest.mark.spec("5.6", "5.9")
def test_nobody_is_verified_without_a_verifier(world):
    world.verifier.setMinerVerified(1, 0, True)
    request = world.request(flags=1, terms=world.add_terms(identityVerifier=ZERO))
    with reverts("MinerNotVerified", 1, 0):
        world.market.confirmRequest(request, world.sign(request), sender=BOB)


@pytest.mark.spec("5.6")
def test_the_verifier_of_the_requests_terms_is_asked(world):
    other = world.evm.deploy("MockIdentityVerifier")
    other.setMinerVerified(1, 0, True)
    terms = world.add_terms(identityVerifier=other.address)
    old, new = (world.request(flags=1, terms=number) for number in (TERMS, terms))
    with reverts("MinerNotVerified", 1, 0):
        world.market.confirmRequest(old, world.sign(old), sender=BOB)
    world.market.confirmRequest(new, world.sign(new), sender=BOB)


@pytest.mark.spec("3.12")
def test_an_attestation_does_not_pass_on_with_the_payout(world):
    world.verifier.setMinerVerified(1, 0, True)
    world.market.setPayout(BOB, DAVE, sender=PAYOUT)
    request = world.request(flags=1)
    with reverts("MinerNotVerified", 1, 1):
        world.market.confirmRequest(request, world.sign(request), sender=BOB)
    world.verifier.setMinerVerified(1, 1, True)
    world.market.confirmRequest(request, world.sign(request), sender=BOB)


NO_PLAIN_YES = {
    "reverts": (b"", True),
    "reverts with a yes": (word(1), True),
    "answers nothing": (b"", False),
    "answers too little": (word(1)[:31], False),
    "answers two": (word(2), False),
    "answers with dirt above its yes": (b"\x80" + word(1)[1:], False),
}


@pytest.mark.parametrize(("answer", "failing"), NO_PLAIN_YES.values(), ids=NO_PLAIN_YES)
@pytest.mark.spec("5.9")
def test_a_broken_verifier_has_verified_nobody_and_harms_no_others(world, answer, failing):
    puppet = world.evm.deploy("Puppet")
    puppet.instruct(answer, failing)
    terms = world.add_terms(identityVerifier=puppet.address)
    plain, wanting = (world.request(flags=flags, terms=terms) for flags in (0, 1))
    world.market.confirmRequest(plain, world.sign(plain), sender=BOB)
    with reverts("MinerNotVerified", 1, 0):
        world.market.confirmRequest(wanting, world.sign(wanting), sender=BOB)
    world.market.publishOffer(CPU, 500, ASK, MAX_UINT32, True, sender=BOB)
    plain = plain._replace(salt=1)
    with reverts("RequesterNotVerified", ALICE):
        world.market.confirmRequest(plain, world.sign(plain), sender=BOB)


def confirm_with(world, request, gas):
    data = world.market.confirmRequest.codec.call_data((request, world.sign(request)))
    world.evm.message(BOB, world.market.address, data, gas=gas)


@pytest.mark.spec("5.9")
def test_a_verifier_gets_a_hundred_thousand_gas_and_no_more(world):
    glutton = world.evm.deploy("Glutton")
    request = world.request(flags=1, terms=world.add_terms(identityVerifier=glutton.address))
    with reverts("MinerNotVerified", 1, 0):
        confirm_with(world, request, gas=400_000)
    assert 100_000 < world.evm.gas_used() < 200_000


@pytest.mark.spec("5.9")
def test_starving_the_verifier_gives_no_yes(world):
    """Who confirms chooses the gas; also of a verifier that says yes where it runs short."""
    lenient = world.evm.deploy("LenientVerifier")
    terms = world.add_terms(identityVerifier=lenient.address)
    unknown, known = (world.request(flags=1, salt=salt) for salt in range(2))
    for request in (unknown, unknown._replace(terms=terms)):
        for gas in range(40_000, 300_000, 5_000):
            with pytest.raises(Reverted):
                confirm_with(world, request, gas)
    world.verifier.setMinerVerified(1, 0, True)
    confirm_with(world, known, 300_000)


# What


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"units": 0}, ("ZeroAmount",)),
        ({"tasks": 0}, ("NoTasks",)),
        ({"units": 1_001, "tasks": 1}, ("UnitsAboveTasks", 1_001, 1_000)),
        ({"runtime": 1}, ("UnknownRuntime", CPU, 1)),
        ({"job": bytes(32)}, ("NoJob",)),
        ({"flags": 2}, ("UnknownFlags", 2)),
        ({"resource": 99}, ("UnknownResource", 99)),
        ({"resource": GPU}, ("ResourceLeased", GPU)),
        ({"terms": 99}, ("UnknownTerms", 99)),
        ({"epoch": 1}, ("EpochMismatch", 1, 0)),
        ({"duration": 59}, ("DurationOutOfBounds", 59, 60, 30 * 86_400)),
        ({"maxPrice": PRICE // 100 - 1}, ("BidBelowFloor", PRICE // 100 - 1, PRICE // 100)),
        ({"confirmBy": 1}, ("RequestExpired", 1)),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
@pytest.mark.spec("4.4", "5.6")
def test_a_signed_request_is_checked_like_a_posted_one(world, change, error):
    request = world.request(**change)
    with changes(world) as found, reverts(*error):
        world.market.confirmRequest(request, world.sign(request), sender=BOB)
    assert found == {}


@pytest.mark.parametrize("posting", [True, False])
@pytest.mark.spec("5.6", "6.4")
def test_confirm_by_is_its_last_second(world, posting):
    request = world.request()
    if posting:
        world.market.postRequest(request, sender=ALICE)
    signature = b"" if posting else world.sign(request)
    with world.evm.rollback():
        world.evm.advance(3_601)
        with reverts("RequestExpired", request.confirmBy):
            world.market.confirmRequest(request, signature, sender=BOB)
    world.evm.advance(3_600)
    world.market.confirmRequest(request, signature, sender=BOB)


@pytest.mark.spec("5.3")
def test_a_runtime_added_since_may_be_named(world):
    request = world.request(runtime=1)
    signature = world.sign(request)
    with reverts("UnknownRuntime", CPU, 1):
        world.market.confirmRequest(request, signature, sender=BOB)
    world.market.permitRuntime(CPU, b"\x02" * 32, sender=OWNER)
    world.market.confirmRequest(request, signature, sender=BOB)


def test_a_signed_request_needs_the_requesters_money(world):
    request = world.request(requester=CAROL)
    with changes(world) as found, reverts("InsufficientAvailable", CAROL, 0, 200 * world.unit):
        world.market.confirmRequest(request, world.sign(request, CAROL), sender=BOB)
    assert found == {}


@pytest.mark.spec("4.3")
def test_a_class_retired_since_is_not_confirmed(world, posted):
    world.market.retireResourceClass(CPU, sender=OWNER)
    with reverts("ResourceRetired", CPU):
        world.market.confirmRequest(posted, b"", sender=BOB)
    signed = world.request(salt=1)
    with reverts("ResourceRetired", CPU):
        world.market.confirmRequest(signed, world.sign(signed), sender=BOB)


@pytest.mark.spec("4.3")
def test_terms_retired_since_are_not_confirmed(world, posted):
    world.market.retireTerms(TERMS, sender=OWNER)
    with reverts("RetiredTerms", TERMS):
        world.market.confirmRequest(posted, b"", sender=BOB)
    signed = world.request(salt=1)
    with reverts("RetiredTerms", TERMS):
        world.market.confirmRequest(signed, world.sign(signed), sender=BOB)


def test_a_pause_stops_it(world, posted):
    world.market.pause(sender=GUARDIAN)
    with reverts("EnforcedPause"):
        world.market.confirmRequest(posted, b"", sender=BOB)
    world.market.unpause(sender=OWNER)
    world.market.confirmRequest(posted, b"", sender=BOB)


# From what


@pytest.mark.spec("5.7")
def test_the_published_units_are_the_limit(world):
    first, second, third = (world.request(units=n, salt=n) for n in (900, 100, 1))
    for request in (first, second, third):
        world.market.postRequest(request, sender=ALICE)
    world.market.confirmRequest(first, b"", sender=BOB)
    world.market.confirmRequest(second, b"", sender=BOB)
    with reverts("InsufficientCapacity", 0, 1):
        world.market.confirmRequest(third, b"", sender=BOB)


def test_what_is_registered_but_not_published_is_not_taken(world, posted):
    world.market.publishOffer(CPU, 99, ASK, world.evm.time + YEAR, False, sender=BOB)
    with reverts("InsufficientCapacity", 99, 100):
        world.market.confirmRequest(posted, b"", sender=BOB)


def test_a_miner_without_an_offer_in_the_class(world):
    request = world.request(resource=CPU_LARGE)
    with reverts("OfferExpired", 0):
        world.market.confirmRequest(request, world.sign(request), sender=BOB)


def test_an_offer_withdrawn(world, posted):
    world.market.withdrawOffer(CPU, sender=BOB)
    with reverts("OfferExpired", 0):
        world.market.confirmRequest(posted, b"", sender=BOB)


@pytest.mark.spec("5.7")
def test_an_offer_is_good_to_its_last_second(world, posted):
    ends = world.evm.time + 60
    world.market.publishOffer(CPU, 1_000, ASK, ends, False, sender=BOB)
    with world.evm.rollback():
        world.evm.advance(61)
        with reverts("OfferExpired", ends):
            world.market.confirmRequest(posted, b"", sender=BOB)
        world.market.pruneOffer(BOB, CPU, sender=STRANGER)
        with reverts("OfferExpired", 0):
            world.market.confirmRequest(posted, b"", sender=BOB)
    world.evm.advance(60)
    world.market.confirmRequest(posted, b"", sender=BOB)


# At which price


@pytest.mark.spec("5.7")
def test_the_ask_must_not_exceed_the_bid(world, posted):
    world.market.publishOffer(CPU, 1_000, 2 * PRICE + 1, world.evm.time + YEAR, False, sender=BOB)
    with reverts("AskAboveBid", 2 * PRICE + 1, 2 * PRICE):
        world.market.confirmRequest(posted, b"", sender=BOB)
    world.market.publishOffer(CPU, 1_000, 2 * PRICE, world.evm.time + YEAR, False, sender=BOB)
    assert world.market.confirmRequest(posted, b"", sender=BOB).value == 2 * PRICE


@pytest.mark.parametrize(
    ("modelled", "price"),
    [
        (0, ASK),
        (ASK - 1, ASK),
        (ASK, ASK),
        (ASK + 1, ASK + 1),
        (2 * PRICE - 1, 2 * PRICE - 1),
        (2 * PRICE, 2 * PRICE),
        (2 * PRICE + 1, 2 * PRICE),
        (MAX_UINT96, 2 * PRICE),
    ],
)
@pytest.mark.spec("5.7")
def test_the_models_price_is_clamped(world, posted, model, modelled, price):
    model.instruct(word(modelled), False)
    assert world.market.confirmRequest(posted, b"", sender=BOB).value == price
    assert world.deal(posted).price == price


@given(st.integers(0, MAX_UINT96), st.integers(0, 2**88 - 1), st.integers(PRICE // 100, MAX_UINT96))
def test_the_price_is_between_ask_and_bid(shared_world, modelled, ask, bid):
    world = shared_world
    with world.evm.rollback():
        puppet = world.evm.deploy("Puppet")
        puppet.instruct(word(modelled), False)
        world.market.setPriceModel(CPU, puppet.address, sender=OWNER)
        world.register(BOB, ask=ask)
        request = world.request(maxPrice=bid, units=1)
        world.post(request)
        if ask > bid:
            with reverts("AskAboveBid", ask, bid):
                world.market.confirmRequest(request, b"", sender=BOB)
            return
        price = world.market.confirmRequest(request, b"", sender=BOB).value
        assert price == max(ask, min(bid, modelled))


@pytest.mark.spec("5.7")
def test_own_units_are_no_demand_for_its_price(world):
    """Posted and signed give the same price: the model's on the demand of the others."""
    bystander = world.request(units=900, salt=1, maxPrice=2 * PRICE)
    world.market.postRequest(bystander, sender=ALICE)
    world.market.publishOffer(CPU, 100, 0, world.evm.time + YEAR, False, sender=DAVE)
    world.market.publishOffer(CPU, 500, 0, world.evm.time + YEAR, False, sender=BOB)
    expected = PRICE + (900 - 600) * PRICE // 1_000
    request = world.request(units=400, salt=2)
    with world.evm.rollback():
        confirmed = world.market.confirmRequest(request, world.sign(request), sender=BOB)
        assert confirmed.value == expected
    world.market.postRequest(request, sender=ALICE)
    assert world.market.confirmRequest(request, b"", sender=BOB).value == expected


def test_later_deals_pay_for_the_demand_of_earlier_ones(world):
    world.market.publishOffer(CPU, 1_000, 0, world.evm.time + YEAR, False, sender=BOB)
    world.market.withdrawOffer(CPU, sender=DAVE)
    prices = []
    for salt in range(3):
        request = world.request(units=300, salt=salt)
        confirmed = world.market.confirmRequest(request, world.sign(request), sender=BOB)
        prices.append(confirmed.value)
    assert prices == [0, PRICE * 3 // 10, PRICE * 6 // 10]


@pytest.mark.spec("11.3")
def test_a_reverting_model_stops_confirmations_until_replaced(world, posted, model):
    model.instruct(b"", True)
    with reverts("Empty"):
        world.market.confirmRequest(posted, b"", sender=BOB)
    world.market.setPriceModel(CPU, world.model.address, sender=OWNER)
    world.market.confirmRequest(posted, b"", sender=BOB)


@pytest.mark.parametrize("answer", [b"", bytes(31), word(MAX_UINT96 + 1), b"\xff" * 32])
def test_a_model_that_answers_no_price_stops_confirmations(world, posted, model, answer):
    model.instruct(answer, False)
    with changes(world) as found, reverts("Empty"):
        world.market.confirmRequest(posted, b"", sender=BOB)
    assert found == {}


def test_a_model_can_not_enter_the_market(world, posted, model):
    """Nor any other callee: they are called without the right to write."""
    expired = world.request(confirmBy=world.evm.time, salt=1)
    world.market.postRequest(expired, sender=ALICE)
    world.evm.advance(1)
    model.instruct(word(PRICE), False)
    cancel = world.market.cancelRequest.codec.call_data((expired,))
    model.reenter(world.market.address, cancel)
    with changes(world) as found, reverts("Empty"):
        world.market.confirmRequest(posted, b"", sender=BOB)
    assert found == {}
    model.send(world.market.address, cancel)  # what failed was entering, not the call itself
    assert world.state(expired) == State.CANCELLED


def test_a_verifier_can_not_enter_the_market(world):
    puppet = world.evm.deploy("Puppet")
    puppet.instruct(word(1), False)
    puppet.reenter(world.market.address, world.market.advanceEpoch.codec.call_data(()))
    request = world.request(flags=1, terms=world.add_terms(identityVerifier=puppet.address))
    with reverts("MinerNotVerified", 1, 0):
        world.market.confirmRequest(request, world.sign(request), sender=BOB)


@pytest.mark.parametrize("decimals", [6, 18, 24])
def test_prices_do_not_depend_on_the_decimals(decimals):
    world = World(decimals=decimals)
    world.register(BOB, ask=ASK)
    request = world.request()
    world.fund(ALICE, world.lock_of(request))
    assert world.market.confirmRequest(request, world.sign(request), sender=BOB).value == ASK
    assert world.account_of(ALICE) == (0, 200 * 10**decimals)
