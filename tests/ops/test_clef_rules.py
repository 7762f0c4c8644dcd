"""The rules by which Clef signs for a miner without a person, run by Node.js on requests as Clef
shows them to rules."""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from eth_utils.crypto import keccak

from suanli.chain import GWEI, ClefAccount, Fees, Sender, artifact, shipped_functions
from suanli.miner.config import Config
from suanli.miner.opening import MOST_GAS
from suanli.miner.ports import calls
from suanli.protocol.messages import MESSAGES
from tests.harness.clef import StandInClef
from tests.harness.local_chain import ALICE

ROOT = Path(__file__).parents[2]
FILE, DOCUMENT = ROOT / "ops" / "clef" / "miner.js", ROOT / "docs" / "wallets.md"
MARKET, COURT, OTHER, OWN = ("0x" + byte * 20 for byte in ("12", "13", "14", "15"))
FUNCTIONS = {
    "0x" + selector.hex(): entry.name
    for selector, entry in shipped_functions().items()
    if not entry.reads_only
}
RUN = """
require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
    const asked = JSON.parse(line);
    console.log(JSON.stringify(asked.requests.map((one) => eval(asked.kind)(one) ?? null)));
});
"""


class Rules:
    """Node.js with the rules, started once."""

    def __init__(self, node: subprocess.Popen[str]) -> None:
        self._node = node

    def __call__(self, kind: str, requests: list[dict[str, Any]]) -> list[str | None]:
        """What the rules say: "Approve", "Reject", or None, where a person is asked."""
        assert self._node.stdin is not None
        assert self._node.stdout is not None
        print(json.dumps({"kind": kind, "requests": requests}), file=self._node.stdin, flush=True)
        return list(json.loads(self._node.stdout.readline()))


@pytest.fixture(scope="module")
def answers() -> Iterator[Rules]:
    rules = (
        FILE.read_text().replace("0x" + "00" * 20, MARKET).replace("0x" + "00" * 19 + "01", COURT)
    )
    popen = partial(subprocess.Popen, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with popen(["node", "-e", rules + RUN]) as node:
        yield Rules(node)  # its end of input ends it


def transaction(data: str, **changes: Any) -> dict[str, Any]:
    usual = {
        "from": OWN,
        "to": MARKET,
        "value": "0x0",
        "gas": "0x30d40",
        "maxFeePerGas": "0x174876e800",
        "data": data,
    }
    return {"transaction": usual | changes}


def listed(name: str) -> dict[str, str]:
    found = re.search(rf"var {name} = {{(.*?)}};", FILE.read_text(), re.DOTALL)
    assert found is not None
    return dict(re.findall(r'"(0x[0-9a-f]{8})": "(\w+)"', found[1]))


def numbers(name: str) -> list[str]:
    return [number for number, one in FUNCTIONS.items() if one == name]


def number_of(signature: str) -> str:
    return "0x" + keccak(text=signature)[:4].hex()


def test_functions_are_those_of_the_contracts() -> None:
    market = artifact("ComputeMarket").abi.functions.values()
    names = {"0x" + entry.selector.hex(): entry.name for entry in market}
    for found, name in ((names, "MARKETS"), (FUNCTIONS, "OTHERS")):
        assert {number: found[number] for number in listed(name)} == listed(name)
    for number, signature in re.findall(r'"(0x\w{8})"; // (\w+\(.*?\))\n', FILE.read_text()):
        assert number == number_of(signature)
        assert number in FUNCTIONS


def test_what_the_daemon_sends_is_there() -> None:
    sent = re.findall(r"\b(?:market|court|pool)\.([a-z_]+)\(", inspect.getsource(calls))
    parts = [name.split("_") for name in set(sent)]
    names = {"".join([head, *map(str.capitalize, tail)]) for head, *tail in parts}
    known = {*listed("MARKETS").values(), *listed("OTHERS").values()}
    assert names - known == {"token", "deposit", "withdraw"}


@pytest.mark.parametrize(
    ("to", "approved", "asked"),
    [
        (MARKET, ("MARKETS", "OTHERS"), "registerMiner(address)"),
        (COURT, ("OTHERS",), None),
        (OTHER, ("OTHERS",), None),
    ],
)
def test_all_functions_else_are_rejected(
    answers: Rules, to: str, approved: tuple[str, ...], asked: str | None
) -> None:
    """Those of the market are signed for the market alone; a deposit for the court, too."""
    wanted: dict[str, str | None] = dict.fromkeys(FUNCTIONS, "Reject")
    for name in approved:
        wanted |= dict.fromkeys(listed(name), "Approve")
    if asked is not None:
        wanted[number_of(asked)] = None
    if to != OTHER:
        wanted[number_of("deposit(uint256)")] = "Approve"
    said = answers("ApproveTx", [transaction(one + "00" * 32, to=to) for one in FUNCTIONS])
    assert dict(zip(FUNCTIONS, said, strict=True)) == wanted
    assert said.count("Reject") > 50


def test_money_goes_nowhere_else(answers: Rules) -> None:
    """An approval is for market and court, what comes out, or is staked, for the account itself.
    A stranger can make the daemon add to its stake: no person is asked, which would hold it up."""
    everybody = (MARKET, COURT, OTHER, OWN)
    allowed = {"approve": (MARKET, COURT), "withdraw": (OWN,), "addStake": (OWN,)}
    for name, good in allowed.items():
        number = number_of(f"{name}(address,uint256)")
        asked = [transaction(f"{number}{'00' * 12}{one[2:]}{'01' * 32}") for one in everybody]
        wanted = ["Approve" if one in good else "Reject" for one in everybody]
        assert answers("ApproveTx", asked) == wanted


def together(*data: str) -> str:
    entry = artifact("ComputeMarket").abi.functions["multicallSkip"]
    return "0x" + entry.encode([[bytes.fromhex(one[2:]) for one in data]]).hex()


def test_calls_together_are_looked_at_one_by_one(answers: Rules) -> None:
    (submit,), (offer,), (payout,) = map(numbers, ("submitResult", "publishOffer", "setPayout"))
    good, other, theft = submit + "00" * 68, offer + "00" * 160, payout + "00" * 64
    asked = {
        together(good): "Approve",
        together(good, other, good): "Approve",
        together(theft): "Reject",
        together(good, theft): "Reject",
        together(theft, good): "Reject",
        together(together(good)): "Reject",
        together("0x"): "Reject",
        together(): "Reject",
        "0x995366a2": "Reject",
        "0x": "Reject",  # to the market
    }
    assert answers("ApproveTx", [transaction(one) for one in asked]) == list(asked.values())
    elsewhere = [transaction(together(good), to=to) for to in (OTHER, None)]
    assert answers("ApproveTx", elsewhere) == ["Reject", "Reject"]


def test_no_coin_is_sent_and_gas_is_bounded(answers: Rules) -> None:
    (number,) = numbers("submitResult")
    changes: list[dict[str, Any]] = [
        {"value": "0x1"},
        {"value": "0x1", "to": OWN, "data": "0x"},
        {"gas": "0xffffff"},
        {"maxFeePerGas": "0xe8d4a5100000"},
        {"maxFeePerGas": None},
    ]
    asked = [transaction(**{"data": number} | change) for change in changes]
    assert answers("ApproveTx", asked) == ["Reject"] * 5


def test_whatever_gas_the_daemon_allows_is_signed(answers: Rules) -> None:
    """A stranger's wallet can make it need the most for one; each result goes at the highest
    price that the miner's file allows."""
    (number,) = numbers("submitResult")
    fields = {one.name: one.default for one in dataclasses.fields(Config)}
    price = max(fields["max_fee_gwei"], fields["max_result_fee_gwei"] or 5 * fields["max_fee_gwei"])
    gas = Fees().gas(MOST_GAS)
    asked = transaction(number, gas=hex(gas), maxFeePerGas=hex(price * GWEI))
    assert answers("ApproveTx", [asked]) == ["Approve"]
    assert f"{gas:,} gas" in FILE.read_text()
    assert f"{gas:,} gas" in DOCUMENT.read_text()


class Lost:
    """A node whose pool lost a transaction."""

    def head(self) -> Any:
        return SimpleNamespace(base_fee=GWEI)

    def chain_id(self) -> int:
        return 31337

    def priority_fee(self) -> int:
        return GWEI

    def send_raw(self, raw: bytes) -> str:
        return "0x" + keccak(raw).hex()


def test_what_takes_the_place_of_a_lost_transaction_is_signed(answers: Rules) -> None:
    clef = StandInClef(["59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"], 31337)
    node: Any = Lost()
    Sender(node, ClefAccount(ALICE.address, clef))._fill(7, 8, "settle")
    ((_, shown),) = clef.shown
    elsewhere = shown | {"to": OTHER}
    requests = [{"transaction": one} for one in (shown, elsewhere, elsewhere | {"to": None})]
    assert answers("ApproveTx", requests) == ["Approve", "Reject", "Reject"]


def shown(kind: str, market: str = MARKET, name: str = "Suanli") -> dict[str, Any]:
    fields = {"name": name, "version": "1", "chainId": "1 (0x1)", "verifyingContract": market}
    domain = [{"name": key, "value": value, "type": "string"} for key, value in fields.items()]
    return {
        "content_type": "data/typed",
        "address": OWN,
        "messages": [
            {"name": "EIP712Domain", "value": domain, "type": "domain"},
            {"name": kind, "value": [], "type": "primary type"},
        ],
    }


def test_a_miners_messages_alone_are_signed(answers: Rules) -> None:
    names = [kind.__name__ for kind in MESSAGES] + ["Permit", "Ballot"]
    said = dict(zip(names, answers("ApproveSignData", [shown(one) for one in names]), strict=True))
    approved = {name for name, answer in said.items() if answer == "Approve"}
    assert approved == {"Announcement", "Claim", "Envelope", "Progress", "Rejection"}
    assert set(said.values()) == {"Approve", "Reject"}
    text = {"name": "message", "value": "Claim", "type": "text/plain"}
    others = [
        shown("Claim", market=OTHER),
        shown("Claim", name="Other"),
        shown("Claim") | {"content_type": "text/plain"},
        shown("Claim") | {"messages": [text]},
    ]
    assert answers("ApproveSignData", others) == ["Reject"] * 4
    assert answers("ApproveListing", [{}]) == ["Reject"]
