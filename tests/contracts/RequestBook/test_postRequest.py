import pytest

from tests.harness.books import changes
from tests.harness.evm import Reverted, reverts
from tests.harness.market import (
    ALICE,
    BOB,
    CAROL,
    CPU,
    CPU_LARGE,
    GPU,
    GUARDIAN,
    MAX_UINT32,
    MAX_UINT64,
    MAX_UINT96,
    OWNER,
    PRICE,
    START_TIME,
    STRANGER,
    TERMS,
    State,
    World,
    value_up,
)

MONTH = 30 * 86_400


@pytest.mark.spec("5.2")
def test_locks_the_bid_and_counts_the_demand(world):
    request = world.request(units=100, maxPrice=2 * PRICE)
    with changes(world) as found:
        receipt = world.market.postRequest(request, sender=ALICE)
    assert found == {
        "alice available": -200 * world.unit,
        "alice locked": 200 * world.unit,
        "demanded": 100,
    }
    assert receipt.value == world.request_id(request)
    assert world.state(request) == State.POSTED


@pytest.mark.spec("6.5")
def test_says_so_with_the_whole_request(world):
    request = world.request(salt=7)
    receipt = world.market.postRequest(request, sender=ALICE)
    assert [event.name for event in receipt.events] == ["RequestPosted"]
    assert receipt.event("RequestPosted").args == {
        "id": world.request_id(request),
        "requester": ALICE,
        "resource": CPU,
        "request": request,
    }


@pytest.mark.parametrize("decimals", [6, 18, 24])
@pytest.mark.spec("1.4")
def test_rounds_the_lock_up(decimals):
    world = World(decimals=decimals)
    price = PRICE // 3
    request = world.request(units=1, maxPrice=price)
    amount = value_up(1, price, decimals)
    assert amount * 10**18 >= price * 10**decimals > (amount - 1) * 10**18
    world.fund(ALICE, amount)
    world.market.postRequest(request, sender=ALICE)
    assert world.account_of(ALICE) == (0, amount)


def test_requests_that_differ_in_their_salt_are_two(world):
    for salt in (1, 2):
        world.market.postRequest(world.request(salt=salt), sender=ALICE)
    assert world.market.supplyOf(CPU).demanded == 200


@pytest.mark.parametrize("caller", [BOB, OWNER, GUARDIAN, STRANGER])
@pytest.mark.spec("5.2")
def test_only_its_requester_posts_it(world, caller):
    with reverts("NotRequester", caller, ALICE):
        world.market.postRequest(world.request(), sender=caller)


@pytest.mark.spec("5.1")
def test_is_posted_once(world):
    request = world.request()
    world.market.postRequest(request, sender=ALICE)
    with reverts("WrongState", world.request_id(request), State.POSTED):
        world.market.postRequest(request, sender=ALICE)


@pytest.mark.spec("5.1")
def test_is_not_posted_again_after_its_end(world):
    request = world.request()
    world.market.postRequest(request, sender=ALICE)
    world.market.cancelRequest(request, sender=ALICE)
    with reverts("WrongState", world.request_id(request), State.CANCELLED):
        world.market.postRequest(request, sender=ALICE)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"units": 0}, ("ZeroAmount",)),
        ({"tasks": 0}, ("NoTasks",)),
        ({"units": 1_001, "tasks": 1}, ("UnitsAboveTasks", 1_001, 1_000)),
        ({"units": MAX_UINT64}, ("UnitsAboveTasks", MAX_UINT64, 4_000)),
        ({"runtime": 1}, ("UnknownRuntime", CPU, 1)),
        ({"runtime": 2**16 - 1}, ("UnknownRuntime", CPU, 2**16 - 1)),
        ({"job": bytes(32)}, ("NoJob",)),
        ({"flags": 2}, ("UnknownFlags", 2)),
        ({"flags": 0xFFFF}, ("UnknownFlags", 0xFFFF)),
        ({"resource": 0}, ("UnknownResource", 0)),
        ({"resource": 4}, ("UnknownResource", 4)),
        ({"resource": MAX_UINT32}, ("UnknownResource", MAX_UINT32)),
        ({"resource": GPU}, ("ResourceLeased", GPU)),
        ({"terms": 0}, ("UnknownTerms", 0)),
        ({"terms": 3}, ("UnknownTerms", 3)),
        ({"epoch": 1}, ("EpochMismatch", 1, 0)),
        ({"duration": 0}, ("DurationOutOfBounds", 0, 60, MONTH)),
        ({"duration": 59}, ("DurationOutOfBounds", 59, 60, MONTH)),
        ({"duration": MONTH + 1}, ("DurationOutOfBounds", MONTH + 1, 60, MONTH)),
        ({"duration": MAX_UINT32}, ("DurationOutOfBounds", MAX_UINT32, 60, MONTH)),
        ({"maxPrice": 0}, ("BidBelowFloor", 0, PRICE // 100)),
        ({"maxPrice": PRICE // 100 - 1}, ("BidBelowFloor", PRICE // 100 - 1, PRICE // 100)),
        ({"confirmBy": 0}, ("RequestExpired", 0)),
        ({"confirmBy": START_TIME - 1}, ("RequestExpired", START_TIME - 1)),
    ],
    ids=lambda value: "-".join(map(str, value)) if isinstance(value, dict) else "",
)
@pytest.mark.spec("5.3")
def test_refuses(world, change, error):
    with changes(world) as found, reverts(*error):
        world.market.postRequest(world.request(**change), sender=ALICE)
    assert found == {}


@pytest.mark.parametrize(
    "change",
    [
        {"duration": 60},
        {"duration": MONTH},
        {"units": 1, "tasks": MAX_UINT32},
        {"units": 1_000, "tasks": 1},
        {"units": 4_000, "tasks": 4},
        {"maxPrice": PRICE // 100},
        {"confirmBy": START_TIME},
        {"confirmBy": 2**40 - 1},
        {"flags": 1},
        {"miner": 1},
        {"miner": MAX_UINT32},
        {"salt": MAX_UINT64},
    ],
    ids=str,
)
@pytest.mark.spec("5.3")
def test_takes_values_at_their_bounds(world, change):
    request = world.request(**change)
    world.market.postRequest(request, sender=ALICE)
    assert world.state(request) == State.POSTED


def test_no_lock_overflows(world):
    """The largest units at the largest price: refused for lack of money."""
    resource = world.add_class(maxTaskUnits=MAX_UINT64)
    request = world.request(
        units=MAX_UINT64, maxPrice=MAX_UINT96, resource=resource, tasks=MAX_UINT32
    )
    needed = MAX_UINT64 * MAX_UINT96
    with reverts("InsufficientAvailable", ALICE, 10_000 * world.unit, needed):
        world.market.postRequest(request, sender=ALICE)


def test_the_largest_units_at_the_lowest_price(world):
    resource = world.add_class(floor=1, maxTaskUnits=MAX_UINT64)
    request = world.request(units=MAX_UINT64, maxPrice=1, resource=resource)
    world.market.postRequest(request, sender=ALICE)
    assert world.market.supplyOf(resource).demanded == MAX_UINT64
    assert world.account_of(ALICE)[1] == value_up(MAX_UINT64, 1)


@pytest.mark.deep
@pytest.mark.spec("1.6")
def test_demand_stops_at_the_end_of_its_slot(world):
    """A class's demand is below 2^80: 65,536 requests of the largest size fit, no more."""
    resource = world.add_class(floor=1, maxTaskUnits=MAX_UINT64)
    world.fund(ALICE, 2_000_000 * world.unit)
    largest = world.request(units=MAX_UINT64, maxPrice=1, resource=resource)
    for salt in range(2**16):
        world.market.postRequest(largest._replace(salt=salt), sender=ALICE)
    total = 2**16 * MAX_UINT64
    assert world.market.supplyOf(resource).demanded == total
    with reverts("SafeCastOverflowedUintDowncast", 80, total + MAX_UINT64):
        world.market.postRequest(largest._replace(salt=2**16), sender=ALICE)


@pytest.mark.spec("5.2")
def test_needs_the_money(world):
    request = world.request(requester=CAROL)
    needed = world.lock_of(request)
    world.fund(CAROL, needed - 1)
    with reverts("InsufficientAvailable", CAROL, needed - 1, needed):
        world.market.postRequest(request, sender=CAROL)
    world.fund(CAROL, 1)
    world.market.postRequest(request, sender=CAROL)
    assert world.account_of(CAROL) == (0, needed)


@pytest.mark.spec("4.3")
def test_a_retired_class_takes_no_request(world):
    world.market.retireResourceClass(CPU, sender=OWNER)
    with reverts("ResourceRetired", CPU):
        world.market.postRequest(world.request(), sender=ALICE)
    world.market.postRequest(world.request(resource=CPU_LARGE), sender=ALICE)


@pytest.mark.spec("4.3")
def test_retired_terms_take_no_request(world):
    world.market.retireTerms(TERMS, sender=OWNER)
    with reverts("RetiredTerms", TERMS):
        world.market.postRequest(world.request(), sender=ALICE)


def test_a_pause_stops_it(world):
    world.market.pause(sender=GUARDIAN)
    with reverts("EnforcedPause"):
        world.market.postRequest(world.request(), sender=ALICE)
    world.market.unpause(sender=OWNER)
    world.market.postRequest(world.request(), sender=ALICE)


def test_no_price_model_is_asked(world):
    """A class whose model reverts takes requests still; only confirmations wait for a new one."""
    broken = world.evm.deploy("Puppet")
    broken.instruct(b"", True)
    world.market.setPriceModel(CPU, broken.address, sender=OWNER)
    world.market.postRequest(world.request(), sender=ALICE)
    with reverts("Empty"):
        world.market.confirmRequest(world.request(), b"", sender=BOB)


@pytest.mark.parametrize("field", ["resource", "units", "maxPrice", "confirmBy", "terms", "flags"])
def test_fields_wider_than_their_type_do_not_decode(world, field):
    """Dirty upper bits would make two encodings of one request."""
    encoder = world.market.postRequest.codec
    data = bytearray(encoder.call_data((world.request(),)))
    position = 4 + 32 * world.request()._fields.index(field)
    data[position] = 1
    with pytest.raises(Reverted, match=r"^Empty\(\)$"):
        world.evm.message(ALICE, world.market.address, bytes(data))
