"""The rules by which Clef signs for a miner without a person, run by Node.js on requests as Clef
shows them to rules."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
from pathlib import Path
from typing import Any

from eth_utils.crypto import keccak

from suanli.chain import artifact, shipped
from suanli.miner.ports import calls
from suanli.protocol.messages import MESSAGES

FILE = Path(__file__).parents[2] / "ops" / "clef" / "miner.js"
MARKET, COURT, OTHER, OWN = ("0x" + byte * 20 for byte in ("12", "13", "14", "15"))
FUNCTIONS = {
    "0x" + entry.selector.hex(): entry.name
    for name in shipped()
    for entry in artifact(name).abi.functions.values()
    if not entry.reads_only
}
RUN = """
const asked = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(asked.requests.map((one) => eval(asked.kind)(one) ?? null)));
"""


def answers(kind: str, requests: list[dict[str, Any]]) -> list[str | None]:
    """What the rules say: "Approve", "Reject", or None, where a person is asked."""
    rules = (
        FILE.read_text().replace("0x" + "00" * 20, MARKET).replace("0x" + "00" * 19 + "01", COURT)
    )
    asked = json.dumps({"kind": kind, "requests": requests})
    done = subprocess.run(
        ["node", "-e", rules + RUN], input=asked, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-500:]
    return list(json.loads(done.stdout))


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


def test_functions_are_those_of_the_contracts() -> None:
    for name in ("ACTS", "ASKED"):
        assert {number: FUNCTIONS[number] for number in listed(name)} == listed(name)


def test_what_the_daemon_sends_is_there() -> None:
    sent = re.findall(r"\b(?:market|court|pool)\.([a-z_]+)\(", inspect.getsource(calls))
    parts = [name.split("_") for name in set(sent)]
    names = {"".join([head, *map(str.capitalize, tail)]) for head, *tail in parts}
    assert names - {*listed("ACTS").values()} == {"token", "withdraw"}


def test_all_functions_else_are_rejected() -> None:
    wanted = dict.fromkeys(FUNCTIONS, "Reject") | dict.fromkeys(listed("ACTS"), "Approve")
    wanted |= dict.fromkeys(listed("ASKED"), None)
    asked = [transaction(one + "00" * 32) for one in FUNCTIONS]
    assert answers("ApproveTx", asked) == list(wanted.values())
    assert list(wanted.values()).count("Reject") > 50


def test_money_goes_nowhere_else() -> None:
    """An approval is for market and court, what comes out for the account itself."""
    everybody = (MARKET, COURT, OTHER, OWN)
    for name, good in {"approve": (MARKET, COURT), "withdraw": (OWN,)}.items():
        number = "0x" + keccak(text=f"{name}(address,uint256)")[:4].hex()
        asked = [transaction(f"{number}{'00' * 12}{one[2:]}{'01' * 32}") for one in everybody]
        wanted = ["Approve" if one in good else "Reject" for one in everybody]
        assert answers("ApproveTx", asked) == wanted


def together(*data: str) -> str:
    entry = artifact("ComputeMarket").abi.functions["multicallSkip"]
    return "0x" + entry.encode([[bytes.fromhex(one[2:]) for one in data]]).hex()


def test_calls_together_are_looked_at_one_by_one() -> None:
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
        "0x": "Reject",
    }
    assert answers("ApproveTx", [transaction(one) for one in asked]) == list(asked.values())
    elsewhere = [transaction(together(good), to=to) for to in (OTHER, None)]
    assert answers("ApproveTx", elsewhere) == ["Reject", "Reject"]


def test_no_coin_is_sent_and_gas_is_bounded() -> None:
    (number,) = numbers("submitResult")
    changes: list[dict[str, Any]] = [
        {"value": "0x1"},
        {"gas": "0xffffff"},
        {"maxFeePerGas": "0xe8d4a5100000"},
        {"maxFeePerGas": None},
        {"to": OTHER},
    ]
    asked = [transaction(number, **change) for change in changes]
    assert answers("ApproveTx", asked) == ["Reject"] * 4 + ["Approve"]


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


def test_a_miners_messages_alone_are_signed() -> None:
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
