from tests.harness.market import BOB, PRICE, ROOT, State, Trial

EMPTY = (State.NONE, 0, 0, 0, 0, Trial.NONE, False, bytes(32), 0)


def test_of_an_unknown_request_is_empty(world):
    assert tuple(world.market.dealOf(b"\x01" * 32)) == EMPTY


def test_of_a_posted_request_is_its_state(world):
    request = world.request()
    world.market.postRequest(request, sender=request.requester)
    assert tuple(world.deal(request)) == (State.POSTED, *EMPTY[1:])


def test_follows_the_deal(world):
    request = world.request()
    world.confirm(request, BOB)
    start = world.evm.time
    miner_id = world.market.minerAccount(BOB).minerId
    price = PRICE * 3 // 2
    assert tuple(world.deal(request)) == (
        State.CONFIRMED,
        miner_id,
        price,
        start + request.duration,
        *EMPTY[4:],
    )
    world.evm.advance(60)
    world.market.submitResult(request, ROOT, 80, sender=BOB)
    submitted = start + 60
    assert tuple(world.deal(request)) == (
        State.SUBMITTED,
        miner_id,
        price,
        submitted,
        80,
        Trial.NONE,
        False,
        ROOT,
        0,
    )
    world.court.freeze(request)
    world.court.setDue(request, 70)
    world.court.noteReveal(request)
    assert tuple(world.deal(request))[5:] == (Trial.REVEALED, True, ROOT, 70)
    world.court.resolve(request, 60, 0)
    assert tuple(world.deal(request)) == (
        State.OVERTURNED,
        miner_id,
        price,
        submitted,
        80,
        Trial.DECIDED,
        True,
        ROOT,
        60,
    )


def test_keeps_no_derived_state(world):
    request = world.request()
    world.confirm(request, BOB)
    world.evm.advance(request.duration + 1)
    assert world.state(request) == State.OVERDUE
    assert world.deal(request).state == State.CONFIRMED
