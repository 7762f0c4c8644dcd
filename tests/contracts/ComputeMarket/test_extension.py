"""The market and its extension: one storage, one interface, and no way around the market."""

import json
from functools import cache

import pytest

from tests.contracts.ComputeMarket.test_coverage import PARTS, interface, part
from tests.harness.evm import ROOT, Codec, Evm, account, reverts, sample, signature_of
from tests.harness.market import ALICE, BOB, OWNER, PAYOUT, UNBONDING_DELAY, ZERO, World
from tests.harness.solidity import compiled

DEPLOYER = account("deployer")
ROOM = 2_000
"""Bytes that either part must have left of the 24,576 that a contract may have."""


@cache
def layouts():
    """Slot by slot, by the compiler."""
    paths = tuple(f"contracts/{name}.sol" for name in PARTS)
    found = compiled(paths, {"*": ["storageLayout"]})["contracts"]
    return [found[path][name]["storageLayout"] for path, name in zip(paths, PARTS, strict=True)]


def same_for_both(value):
    """A part of a layout without what names the contract."""
    if isinstance(value, dict):
        return {
            key: same_for_both(item)
            for key, item in value.items()
            if key not in ("contract", "astId")
        }
    return list(map(same_for_both, value)) if isinstance(value, list) else value


def test_both_have_the_same_storage():
    market, extension = layouts()
    assert same_for_both(market) == same_for_both(extension)
    names = [item["label"] for item in market["storage"]]
    assert names == [
        "_status",
        "_accounts",
        "_office",
        "_classes",
        "_terms",
        "_miners",
        "_deals",
        "_leases",
    ]


def signatures(abi, kind):
    return {signature_of(entry) for entry in abi if entry["type"] == kind}


@pytest.mark.parametrize("kind", ["function", "error", "event"])
def test_together_they_are_the_interface(kind):
    market, extension = (signatures(part(name), kind) for name in PARTS)
    assert market | extension == signatures(interface("ComputeMarket"), kind)


def test_no_function_is_in_both():
    market, extension = (
        {Codec(entry).selector for entry in part(name) if entry["type"] == "function"}
        for name in PARTS
    )
    assert not market & extension


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.spec("2.8")
def test_nothing_is_payable(name):
    abi = part(name)
    assert not [entry for entry in abi if entry.get("stateMutability") == "payable"]
    kinds = [entry["type"] for entry in abi if entry["type"] in ("receive", "fallback")]
    assert kinds == (["fallback"] if name == "ComputeMarket" else [])


@pytest.mark.parametrize("data", [b"", b"\1\2\3", Codec(part("MarketExtension")[-1]).selector])
@pytest.mark.spec("2.8")
def test_ether_is_refused(world, data):
    world.evm.fund(ALICE, 10)
    with reverts("Empty"):
        world.evm.message(ALICE, world.market.address, data, value=1)


@pytest.mark.parametrize("data", [b"", b"\1\2\3", b"\1\2\3\4", b"\1\2\3\4" + bytes(32)])
def test_what_neither_knows_reverts(world, data):
    with reverts("Empty"):
        world.evm.message(ALICE, world.market.address, data)


@pytest.mark.parametrize("name", PARTS)
def test_there_is_room_left(name):
    built = json.loads((ROOT / "build" / "contracts" / f"{name}.json").read_text())
    assert len(bytes.fromhex(built["deployedBytecode"])) <= 24_576 - ROOM


FUNCTIONS = [
    entry
    for entry in part("MarketExtension")
    if entry["type"] == "function" and entry["name"] != "immutables"
]


@pytest.mark.spec("9.5")
@pytest.mark.parametrize("entry", FUNCTIONS, ids=lambda entry: entry["name"])
def test_the_extension_does_nothing_by_itself(world, entry):
    extension = world.evm.at(world.market.extension(), "MarketExtension")
    call = extension[signature_of(entry)]
    for sender in (OWNER, ZERO, DEPLOYER):
        with reverts("OnlyThroughMarket"):
            call(*map(sample, entry["inputs"]), sender=sender)


def test_the_extension_never_holds_tokens_for_anybody(world):
    """It has no way to take any: what is sent there by mistake is lost, as at any contract."""
    taking = ("deposit", "addStake", "withdraw", "collectEarnings")
    assert not {name for name in taking if name in str(part("MarketExtension"))}


@pytest.mark.parametrize(
    ("decimals", "delay"), [(18, UNBONDING_DELAY + 1), (6, UNBONDING_DELAY)], ids=["delay", "scale"]
)
def test_a_market_refuses_the_extension_of_another(decimals, delay):
    evm = Evm()
    ours, other = evm.deploy("LocalToken", 18), evm.deploy("LocalToken", decimals)
    extension = evm.deploy("MarketExtension", other.address, delay).address
    with reverts("ForeignExtension", extension):
        evm.deploy("ComputeMarket", ours.address, extension, OWNER, UNBONDING_DELAY)


@pytest.mark.spec("9.5")
def test_a_market_refuses_the_extension_of_a_token_alike():
    evm = Evm()
    ours, other = evm.deploy("LocalToken", 18), evm.deploy("LocalToken", 18)
    extension = evm.deploy("MarketExtension", other.address, UNBONDING_DELAY).address
    with reverts("ForeignExtension", extension):
        evm.deploy("ComputeMarket", ours.address, extension, OWNER, UNBONDING_DELAY)


@pytest.mark.spec("9.5")
@pytest.mark.parametrize("extension", [ZERO, ALICE])
def test_a_market_refuses_an_extension_without_code(extension):
    evm = Evm()
    token = evm.deploy("LocalToken", 18).address
    with reverts("NotAContract", extension):
        evm.deploy("ComputeMarket", token, extension, OWNER, UNBONDING_DELAY)


def test_errors_and_values_pass_through(world):
    """Also longer ones than a word, and those of whoever isn't allowed."""
    with reverts("NotRegistered", BOB):
        world.market.setPayout(BOB, PAYOUT, sender=BOB)
    world.register(BOB, payout=PAYOUT)
    with reverts("NotPayout", BOB, PAYOUT):
        world.market.setPayout(BOB, BOB, sender=BOB)
    assert world.market.owner() == OWNER


def test_the_caller_stays_the_caller(world):
    world.register(BOB, payout=PAYOUT)
    receipt = world.market.setPayout(BOB, ALICE, sender=PAYOUT)
    event = receipt.event("PayoutChanged")
    assert (event.address, event.args["payout"]) == (world.market.address, ALICE)
    assert world.market.minerAccount(BOB).payout == ALICE


def test_two_markets_may_share_an_extension():
    """It keeps nothing: what is set in one market is not in the other."""
    first = World()
    extension = first.market.extension()
    second = first.evm.deploy(
        "ComputeMarket", first.token.address, extension, ALICE, UNBONDING_DELAY
    )
    assert (first.market.owner(), second.owner()) == (OWNER, ALICE)
    assert (first.market.termsCount(), second.termsCount()) == (2, 0)
