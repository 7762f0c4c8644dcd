"""The least that each flow and call must pay by the EVM's price list, and what the rest buys.

    python -m benchmarks.floors           trace every call, write gas-parts.json, print the tables
    python -m benchmarks.floors --kept    print the tables of docs/gas.md from what was kept

floors.toml says what a call can't do without; what it does, a trace says (benchmarks/tracing.py).
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.anvil import AnvilChain, anvil
from benchmarks.gas import CALLS, FLOWS
from benchmarks.stage import OPTIONS, Stage
from benchmarks.tracing import PRICES, Spent, priced, spent

DECLARED = Path(__file__).with_name("floors.toml")
KEPT = Path(__file__).with_name("gas-parts.json")
TRANSFER = 375 + 3 * 375 + 2 * 128
"""Gas of the event that ERC-20 asks of a transfer: three topics and a word."""
LAST = {
    "signed-cooperative": 2,
    "posted-optimistic": 4,
    "together-10-each": 2,
    "challenge-to-verdict": 12,
    "channel-steps": 2,
}
"""How many of the transactions that a flow sends are its own: the last ones."""
TEN = "-each"
"""In the name of what is measured for ten and told of one."""
MEASURED = {name: run for name, run in (FLOWS | CALLS).items() if name != "further-task"}


WHOLE = "of"
"""Says which calls a flow is made of."""


class Floor(NamedTuple):
    """What can't be left out; `words` are for the document."""

    counts: Counter[str]
    transfers: int
    words: str
    buys: str

    def gas(self, told: int) -> int:
        return priced(self.counts) + self.transfers * TRANSFER + told


class Recorded(AnvilChain):
    """Keeps the receipts of what is sent."""

    def __init__(self, chain: AnvilChain) -> None:
        super().__init__(chain.node, chain.deployer)
        self.receipts: list[dict[str, Any]] = []

    def transact(self, transaction: dict[str, str], sender: str = "") -> dict[str, Any]:
        self.receipts.append(super().transact(transaction, sender))
        return self.receipts[-1]


def floors() -> dict[str, Floor]:
    declared = tomllib.loads(DECLARED.read_text())
    found = {name: _floor(said) for name, said in declared.items() if WHOLE not in said}
    for name, said in declared.items():
        if WHOLE in said:
            calls = [found[call] for call in said[WHOLE].split(", ")]
            counts = sum((call.counts for call in calls), Counter[str]())
            found[name] = Floor(counts, 0, f"{len(calls)} calls, below", said["buys"])
    return found


def _floor(said: dict[str, str]) -> Floor:
    kinds = {kind: times(said[kind]) for kind in PRICES if kind in said}
    words = [f"{kind} {said[kind]}" for kind in kinds if kind != "transaction"]
    counts = Counter({"transaction": 1} | kinds)
    return Floor(counts, times(said.get("transfers", "0")), "; ".join(words), said.get("buys", ""))


def times(listed: str) -> int:
    """How many things a list names: "deal, 2 offers" are three."""
    numbers = [re.match(r"\d+", item.strip()) for item in listed.split(",")]
    return sum(int(number[0]) if number else 1 for number in numbers)


def measure() -> dict[str, Spent]:
    found = {}
    with anvil(*OPTIONS, "--steps-tracing") as node:
        stage = Stage(node, crowd=10)
        stage.chain = chain = Recorded(stage.chain)
        for name, run in MEASURED.items():
            with stage.rollback():
                chain.receipts.clear()
                parts = [spent(node, receipt) for receipt in _own(name, run, stage, chain)]
                found[name] = sum(parts[1:], parts[0])
    return found


def _own(
    name: str, run: Callable[[Stage], int], stage: Stage, chain: Recorded
) -> list[dict[str, Any]]:
    """The receipts that a figure is made of."""
    figure = run(stage)
    many = 10 if TEN in name else 1
    used = [int(receipt["gasUsed"], 16) for receipt in chain.receipts]
    last = LAST.get(name)
    if last is None:
        at = max(at for at, gas in enumerate(used) if gas // many == figure)
        return [chain.receipts[at]]
    if sum(used[-last:]) // many != figure:
        raise RuntimeError(f"{name}: its last {last} transactions are not its {figure:,} gas")
    return chain.receipts[-last:]


def keep(found: dict[str, Spent]) -> None:
    told = {name: {**one.counts, **_gas_of(one)} for name, one in found.items()}
    lines = [f"  {json.dumps(name)}: {json.dumps(parts)}" for name, parts in told.items()]
    KEPT.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def kept() -> dict[str, Spent]:
    found = {}
    for name, parts in json.loads(KEPT.read_text()).items():
        counts = Counter({kind: parts[kind] for kind in PRICES if kind in parts})
        found[name] = Spent(counts, *(parts[what] for what in Spent._fields[1:]))
    return found


def _gas_of(one: Spent) -> dict[str, int]:
    return dict(zip(Spent._fields[1:], one[1:], strict=True))


def table(found: dict[str, Spent]) -> str:
    """As Markdown."""
    heads = ("", "now", "floor", "its slots and calls", *ABOVE, "what slots and calls above it buy")
    lines = [f"| {' | '.join(heads)} |", "|---|--:|--:|---|" + "--:|" * len(ABOVE) + "---|"]
    declared = floors()
    lines += [f"| {_row(name, one, declared[name])} |" for name, one in found.items()]
    return "\n".join(lines)


ABOVE = ("slots, calls", "zeros", "logs", "computing")


def _row(name: str, one: Spent, floor: Floor) -> str:
    share = 10 if TEN in name else 1
    amounts = [_rounded(gas / share) for gas in above(one, floor)]
    now, least = _rounded(one.gas / share), _rounded(floor.gas(one.told) / share)
    words = floor.words + (" (ten together)" if share == 10 else "")
    return " | ".join((f"`{name}`", now, least, words, *amounts, floor.buys))


def above(one: Spent, floor: Floor) -> tuple[int, int, int, int]:
    """Gas above the floor: of slots and calls, the ABI's zeros, logs, computing."""
    logs = one.logs - floor.transfers * TRANSFER
    return priced(one.counts) - priced(floor.counts), one.zeros, logs, one.computing


def _rounded(gas: float) -> str:
    return f"{round(gas, -2):,.0f}"


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--kept"]):
        print("usage: python -m benchmarks.floors [--kept]", file=sys.stderr)
        return 2
    if not arguments:
        keep(measure())
    print(table(kept()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
