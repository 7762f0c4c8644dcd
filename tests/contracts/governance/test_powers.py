"""The power map: every function that changes something, of every contract, by every caller."""

import json
from functools import cache

import pytest

from suanli.chain import artifact as shipped
from suanli.deployment.powers import STAND_INS, UnknownPower, Who, powers_of
from tests.contracts.stateful.governance import OFTEN, SELDOM
from tests.harness.courtroom import RULES
from tests.harness.evm import ROOT, Reverted, account, sample, signature_of
from tests.harness.governance import DEPLOYER, EXECUTED, VOTERS
from tests.harness.market import ALICE, BOB, GUARDIAN, OWNER, PAYOUT, STRANGER, TREASURY, ZERO

OTHERS = {
    "deployer": DEPLOYER,
    "former owner": OWNER,
    "guardian": GUARDIAN,
    "attestor": account("attestor"),
    "voter": VOTERS[0],
    "miner": BOB,
    "payout": PAYOUT,
    "treasury": TREASURY,
    "stranger": STRANGER,
}
FOLDERS = ("contracts/mocks/", "contracts/periphery/")
"""What is not deployed for anybody to rely on, and what only reads."""


def changing(entries):
    return [
        entry
        for entry in entries
        if entry["type"] == "function" and entry["stateMutability"] not in ("view", "pure")
    ]


@cache
def contracts():
    """All that can be deployed of ours, with the ABIs as compiled."""
    found = {}
    for path in (ROOT / "build" / "contracts").glob("*.json"):
        built = json.loads(path.read_text())
        source = built["sourcePath"]
        ours = source.startswith("contracts/") and not source.startswith(FOLDERS)
        if ours and built["bytecode"] and built["type"] == "contract":
            found[built["contractName"]] = built["abi"]
    return found


NAMES = sorted(contracts())


def test_these_are_all_that_there_are():
    assert {
        "AdaptivePriceModel",
        "ComputeMarket",
        "Court",
        "CourtExtension",
        "IdentityRegistry",
        "LinearPriceModel",
        "MarketExtension",
        "MarketGovernor",
        "MarketTimelock",
        "MarketToken",
        "PaymentChannels",
        "StorageDeals",
        "RewardPool",
    } == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.spec("14.1")
def test_of_each_function_it_is_written_who_may_call_it(name):
    """Also of those that the market's ABI has from its extension."""
    whole, abi = ROOT / "build" / "interfaces" / f"I{name}.json", contracts()[name]
    if any(entry["type"] == "fallback" for entry in abi):
        abi = json.loads(whole.read_text())["abi"]
    assert {entry["name"] for entry in changing(abi)} == set(powers_of(name))


def test_a_function_that_was_forgotten_is_named(monkeypatch):
    functions = shipped("MarketToken").abi.functions
    monkeypatch.setitem(functions, "mint", functions["transfer"])
    with pytest.raises(UnknownPower, match=r"who may call mint of MarketToken"):
        powers_of("MarketToken")
    with pytest.raises(UnknownPower, match=r"who may call .* of LocalToken"):
        powers_of(STAND_INS[0])


def deployed(world):
    """Each contract that has functions which change something."""
    polity = world.polity
    prices = 10**8, 10**9, 3_600, 10**18, 10**18, 10**18
    rewards = world.market.address, polity.timelock.address, TREASURY, 86_400, 5_000, []
    identity = world.market.address, polity.timelock.address, 1, [OTHERS["attestor"]]
    extension = world.evm.deploy("CourtExtension", world.market.address, RULES)
    made = {
        "AdaptivePriceModel": world.evm.deploy(
            "AdaptivePriceModel", world.market.address, 1, *prices
        ),
        "ComputeMarket": world.market,
        "Court": world.evm.deploy("Court", extension.address),
        "CourtExtension": extension,
        "IdentityRegistry": world.evm.deploy("IdentityRegistry", *identity),
        "MarketExtension": world.evm.at(world.market.extension(), "MarketExtension"),
        "MarketGovernor": polity.governor,
        "MarketTimelock": polity.timelock,
        "MarketToken": polity.token,
        "PaymentChannels": world.evm.deploy(
            "PaymentChannels", world.market.address, TREASURY, 100, 3_600
        ),
        "StorageDeals": world.evm.deploy(
            "StorageDeals", world.market.address, TREASURY, 100, 3_600
        ),
        "RewardPool": world.evm.deploy("RewardPool", *rewards),
    }
    assert {name for name in NAMES if powers_of(name)} == made.keys()
    return made


RESTRICTED = [
    (name, function, who)
    for name in NAMES
    for function, who in powers_of(name).items()
    if who is not Who.ANYBODY
]


@pytest.mark.parametrize(("name", "function", "who"), RESTRICTED)
@pytest.mark.spec("9.2", "9.3", "14.1")
def test_nobody_else_has_a_power(governed, name, function, who):
    contract = deployed(governed)[name]
    (entry,) = [e for e in changing(contract.evm.learn(name)) if e["name"] == function]
    call, arguments = contract[signature_of(entry)], list(map(sample, entry["inputs"]))
    for role, caller in OTHERS.items():
        if (who, role) == (Who.OWNER_OR_GUARDIAN, "guardian"):
            with governed.evm.rollback():
                call(*arguments, sender=caller)
            continue
        with pytest.raises(Reverted) as refused:
            call(*arguments, sender=caller)
        assert refused.value.name in who.refusals, role


OWNERS = {
    "addTerms": lambda world: (tuple_of_terms(world),),
    "retireTerms": lambda world: (1,),
    "permitRuntime": lambda world: (1, b"\7" * 32),
    "setRuntimeSuspended": lambda world: (1, 0, True),
    "setPriceModel": lambda world: (1, world.model.address),
    "retireResourceClass": lambda world: (1,),
    "addResourceClass": lambda world: (tuple_of_class(world), "unit", []),
    "setGuardian": lambda world: (ZERO,),
    "pause": lambda world: (),
    "unpause": lambda world: (),
    "transferOwnership": lambda world: (ALICE,),
    "renounceOwnership": lambda world: (),
}


def tuple_of_terms(world):
    return tuple(world.market.termsOf(1))


def tuple_of_class(world):
    found = world.market.resourceClass(1)._asdict()
    return tuple((found | {"runtimes": 0}).values())


def test_the_owners_powers_are_all_listed():
    owners = {
        name for name, who in powers_of("ComputeMarket").items() if "owner," in who.text + ","
    }
    assert owners == set(OWNERS)


@pytest.mark.parametrize("function", OWNERS)
@pytest.mark.spec("9.2", "14.1")
def test_a_vote_has_all_powers_of_the_owner(governed, function):
    polity, market = governed.polity, governed.market
    calls = [polity.call(market, function, *OWNERS[function](governed))]
    if function == "unpause":
        calls.insert(0, polity.call(market, "pause"))
    decided = polity.decide(*calls)
    polity.execute(decided)
    assert polity.state(decided) == EXECUTED


def test_the_state_machine_tries_all_of_the_owners_powers():
    """At random, between market steps, and checks that no deal and no balance changes."""
    tried = {SHORT.get(name, camel(name)) for name in (*OFTEN, *SELDOM)}
    assert set(OWNERS) | {"acceptOwnership"} == tried - {"verify"}


SHORT = {"add_class": "addResourceClass"}


def camel(name):
    first, *rest = name.split("_")
    return first + "".join(map(str.title, rest))
