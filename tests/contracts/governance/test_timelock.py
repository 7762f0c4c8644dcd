"""MarketTimelock: whose it is, and that this stays so."""

import pytest
from eth_utils import keccak

from tests.harness.evm import Evm, account, reverts
from tests.harness.governance import DAY, DEPLOYER
from tests.harness.market import OWNER, STRANGER, ZERO, World

ADMIN = bytes(32)
PROPOSER, CANCELLER, EXECUTOR = (
    keccak(text=f"{name}_ROLE") for name in ("PROPOSER", "CANCELLER", "EXECUTOR")
)
ROLES = (ADMIN, PROPOSER, CANCELLER, EXECUTOR)
MAINNET = 1


@pytest.mark.spec("14.9")
def test_the_governor_alone_has_roles_and_nobody_gives_them(polity):
    timelock, governor = polity.timelock, polity.governor.address
    for who in (DEPLOYER, timelock.address, STRANGER, ZERO):
        assert not any(timelock.hasRole(role, who) for role in ROLES)
    assert [timelock.hasRole(role, governor) for role in ROLES] == [False, True, True, True]
    assert {timelock.getRoleAdmin(role) for role in ROLES} == {ADMIN}


@pytest.mark.parametrize("role", ROLES[1:], ids=["proposer", "canceller", "executor"])
@pytest.mark.parametrize("change", ["grantRole", "revokeRole", "renounceRole"])
@pytest.mark.spec("14.9")
def test_roles_are_fixed(polity, role, change):
    timelock, governor = polity.timelock, polity.governor
    call = getattr(timelock, change)
    for caller in (DEPLOYER, STRANGER):
        with reverts(*refusal(change, caller)):
            call(role, STRANGER, sender=caller)
    by_timelock = polity.call(timelock, change, role, governor.address)
    with reverts(*refusal(change, timelock.address)), polity.evm.rollback():
        polity.enact(by_timelock)
    by_governor = polity.call(governor, "relay", timelock.address, 0, by_timelock.data)
    with reverts(*refusal(change, governor.address)):
        polity.enact(by_governor)


def refusal(change, caller):
    if change == "renounceRole":
        return ("RolesAreFixed",)
    return "AccessControlUnauthorizedAccount", caller, ADMIN


def test_only_who_deployed_it_installs_and_once():
    evm = Evm(MAINNET)
    timelock = evm.deploy("MarketTimelock", 2 * DAY)
    contract = evm.deploy("Puppet").address
    with reverts("NotTheInstaller", STRANGER):
        timelock.install(contract, sender=STRANGER)
    with reverts("NotAGovernor", STRANGER):
        timelock.install(STRANGER, sender=DEPLOYER)
    assert timelock.install(contract, sender=DEPLOYER).event("GovernorInstalled").args == {
        "governor": contract
    }
    with reverts("AlreadyInstalled", contract):
        timelock.install(contract, sender=DEPLOYER)
    assert timelock.governor() == contract


@pytest.mark.parametrize("seconds", [2 * DAY - 1, 30 * DAY + 1, 0])
@pytest.mark.spec("14.8")
def test_its_delay_has_bounds(polity, seconds):
    error = "OutOfBounds", seconds, 2 * DAY, 30 * DAY
    with reverts(*error):
        Evm(MAINNET).deploy("MarketTimelock", seconds)
    with reverts(*error):
        polity.enact(polity.call(polity.timelock, "updateDelay", seconds))
    assert polity.timelock.getMinDelay() == 2 * DAY


@pytest.mark.parametrize("seconds", [2 * DAY, 30 * DAY])
@pytest.mark.spec("14.8")
def test_a_vote_moves_the_delay_within_them(polity, seconds):
    receipt = polity.enact(polity.call(polity.timelock, "updateDelay", seconds))
    assert receipt.event("MinDelayChange").args == {"oldDuration": 2 * DAY, "newDuration": seconds}
    assert polity.timelock.getMinDelay() == seconds


@pytest.mark.parametrize("chain", [1337, 31337])
@pytest.mark.spec("14.10")
def test_local_chains_need_not_wait(chain):
    Evm(chain).deploy("MarketTimelock", 1)
    with reverts("OutOfBounds", 0, 1, 30 * DAY):
        Evm(chain).deploy("MarketTimelock", 0)


def test_nobody_else_changes_the_delay(polity):
    for caller in (DEPLOYER, STRANGER):
        with reverts("TimelockUnauthorizedCaller", caller):
            polity.timelock.updateDelay(3 * DAY, sender=caller)
    call = polity.call(polity.timelock, "updateDelay", 3 * DAY)
    relayed = polity.call(polity.governor, "relay", call.target, 0, call.data)
    with reverts("TimelockUnauthorizedCaller", polity.governor.address):
        polity.enact(relayed)


@pytest.mark.spec("14.1")
def test_anybody_lets_it_take_what_was_offered_to_it():
    world = World()
    timelock = world.evm.deploy("MarketTimelock", 2 * DAY)
    with reverts("OwnableUnauthorizedAccount", timelock.address):
        timelock.takeOwnership(world.market.address, sender=STRANGER)
    world.market.transferOwnership(timelock.address, sender=OWNER)
    timelock.takeOwnership(world.market.address, sender=account("anybody"))
    assert world.market.owner() == timelock.address
    with reverts("OwnableUnauthorizedAccount", OWNER):
        world.market.unpause(sender=OWNER)


def test_what_is_queued_can_not_be_executed_past_the_governor(polity):
    """Or what has expired could be."""
    decided = polity.decide(polity.call(polity.token, "transfer", STRANGER, 1))
    salt = bytes.fromhex(polity.governor.address[2:]) + bytes(12)
    salt = bytes(a ^ b for a, b in zip(salt, decided.arguments[3], strict=True))
    batch = (decided.targets, decided.values, decided.calldatas, bytes(32), salt)
    assert polity.timelock.isOperationReady(polity.timelock.hashOperationBatch(*batch))
    with reverts("AccessControlUnauthorizedAccount", STRANGER, EXECUTOR):
        polity.timelock.executeBatch(*batch, sender=STRANGER)
    polity.execute(decided)
    assert polity.token.balanceOf(STRANGER) == 1
