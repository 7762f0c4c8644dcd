import pytest

from tests.harness.evm import reverts
from tests.harness.market import ALICE, BOB, CPU, CPU_LARGE, GUARDIAN, OWNER, ROOT, STRANGER, State


@pytest.mark.spec("4.2")
def test_stops_new_requests_and_deals_that_name_it(world):
    world.register(BOB)
    world.market.permitRuntime(CPU, b"\x09" * 32, sender=OWNER)
    posted, signed = world.request(salt=1), world.request(salt=2)
    world.post(posted)
    receipt = world.market.setRuntimeSuspended(CPU, 0, True, sender=OWNER)
    assert [event.name for event in receipt.events] == ["RuntimeSuspended"]
    assert receipt.events[0].args == {"resource": CPU, "runtime": 0, "suspended": True}
    with reverts("RuntimeUnavailable", CPU, 0):
        world.market.confirmRequest(posted, b"", sender=BOB)
    with reverts("RuntimeUnavailable", CPU, 0):
        world.market.confirmRequest(signed, world.sign(signed), sender=BOB)
    with reverts("RuntimeUnavailable", CPU, 0):
        world.market.postRequest(signed, sender=ALICE)
    world.confirm(world.request(runtime=1, salt=3), BOB)
    world.market.cancelRequest(posted, sender=ALICE)


@pytest.mark.spec("4.2", "4.5")
def test_live_deals_go_on(world):
    world.register(BOB)
    request = world.request()
    world.confirm(request, BOB)
    world.market.setRuntimeSuspended(CPU, 0, True, sender=OWNER)
    world.market.submitResult(request, ROOT, 80, sender=BOB)
    world.accept(request)
    assert world.state(request) == State.SETTLED


@pytest.mark.spec("4.2")
def test_until_it_is_ended(world):
    world.register(BOB)
    for _ in range(2):
        world.market.setRuntimeSuspended(CPU, 0, True, sender=OWNER)
        world.market.setRuntimeSuspended(CPU, 0, True, sender=OWNER)
        world.market.setRuntimeSuspended(CPU, 0, False, sender=OWNER)
        world.market.setRuntimeSuspended(CPU, 0, False, sender=OWNER)
    request = world.request()
    world.confirm(request, BOB)
    assert world.state(request) == State.CONFIRMED


def test_of_one_class_only(world):
    world.register(BOB)
    world.market.setRuntimeSuspended(CPU_LARGE, 0, True, sender=OWNER)
    world.confirm(world.request(), BOB)


def test_of_a_runtime_that_the_class_has(world):
    with reverts("UnknownRuntime", CPU, 1):
        world.market.setRuntimeSuspended(CPU, 1, True, sender=OWNER)
    with reverts("UnknownResource", 9):
        world.market.setRuntimeSuspended(9, 0, True, sender=OWNER)


@pytest.mark.parametrize("caller", [ALICE, BOB, GUARDIAN, STRANGER])
@pytest.mark.spec("9.2")
def test_by_the_owner_only(world, caller):
    with reverts("OwnableUnauthorizedAccount", caller):
        world.market.setRuntimeSuspended(CPU, 0, True, sender=caller)
