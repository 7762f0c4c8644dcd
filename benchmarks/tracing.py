"""What a transaction's gas was spent on, by the EVM's price list: from a trace of its steps.

The parts add up to the receipt's gasUsed exactly, or `spent` fails.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

from benchmarks.anvil import Node

PRICES = {
    "transaction": 21_000,
    "new": 22_100,
    "changed": 5_000,
    "cleared": 200,
    "restored": 2_300,
    "read": 2_100,
    "account": 2_600,
    "signature": 3_000,
}
"""Of shanghai: a slot that is set for the first time, that gets another value, that is set to zero
(5,000, of which 4,800 come back), that is changed and changed back (5,100, less 2,800), that is
only read; an account that is called; an ecrecover."""
NONZERO, ZERO = 16, 4
"""A byte of calldata."""
WRITES = {20_000: "new", 2_900: "changed"}
"""What a first write costs beside the slot's first touch."""
TOUCH, WARM = 2_100, 100
BACK = {4_800: "cleared", 2_800: "restored"}
CALLS = ("CALL", "STATICCALL", "DELEGATECALL")
PEEKS = ("EXTCODESIZE", "EXTCODEHASH", "BALANCE")
ECRECOVER = 1


class Spent(NamedTuple):
    """`counts` of what PRICES has; the rest is gas: of calldata's bytes that are not zero and of
    those that are, of logs, and of all other steps."""

    counts: Counter[str]
    told: int
    zeros: int
    logs: int
    computing: int

    @property
    def gas(self) -> int:
        return priced(self.counts) + sum(self[1:])

    def __add__(self, other: object) -> Spent:
        assert isinstance(other, Spent)
        gas = (one + another for one, another in zip(self[1:], other[1:], strict=True))
        return Spent(self.counts + other.counts, *gas)


def priced(counts: Counter[str]) -> int:
    return sum(PRICES[what] * times for what, times in counts.items())


class Step(NamedTuple):
    name: str
    own: int
    """Gas, but for what the steps of a call take."""
    returned: int
    """What it adds to the gas that comes back."""
    address: str
    """Whose storage it sees."""
    stack: list[str]

    def top(self, below: int = 0) -> int:
        return int(self.stack[-1 - below], 16)


def spent(node: Node, receipt: dict[str, Any]) -> Spent:
    """Of a transaction that was mined."""
    sent = receipt["transactionHash"]
    told = bytes.fromhex(node("eth_getTransactionByHash", sent)["input"][2:])
    options = {"disableStorage": True, "disableMemory": True}
    trace = node("debug_traceTransaction", sent, options)["structLogs"]
    found = sorted_by_kind(list(steps_of(trace, receipt["to"])))
    zeros = told.count(0)
    whole = found._replace(told=NONZERO * (len(told) - zeros), zeros=ZERO * zeros)
    if whole.gas != (used := int(receipt["gasUsed"], 16)):
        raise RuntimeError(f"the parts come to {whole.gas:,} of {used:,}: {whole}")
    return whole


def sorted_by_kind(steps: list[Step]) -> Spent:
    counts, logs, computing = Counter({"transaction": 1}), 0, 0
    slots: dict[tuple[str, int], list[Step]] = defaultdict(list)
    for step in steps:
        if step.name in ("SLOAD", "SSTORE"):
            slots[step.address, step.top()].append(step)
        elif step.name.startswith("LOG"):
            logs += step.own
        elif what := _known(step):
            counts[what] += 1
            computing += step.own - PRICES[what]
        else:
            computing += step.own
    for touches in slots.values():
        what = _kind(touches)
        counts[what] += 1
        computing += sum(step.own - step.returned for step in touches) - PRICES[what]
    return Spent(counts, 0, 0, logs, computing)


def _known(step: Step) -> str:
    if step.name in CALLS and step.top(1) == ECRECOVER:
        return "signature"
    cold = step.name in (*CALLS, *PEEKS) and step.own >= PRICES["account"]
    return "account" if cold else ""


def _kind(touches: list[Step]) -> str:
    """Of what became of a slot."""
    writes = [step for step in touches if step.name == "SSTORE"]
    found = {WRITES.get(step.own, WRITES.get(step.own - TOUCH, "")) for step in writes}
    if "new" in found:
        return "new"
    back = sum(step.returned for step in writes)
    return BACK.get(back, "changed") if "changed" in found else "read"


def steps_of(trace: list[dict[str, Any]], target: str) -> Iterator[Step]:
    """A call's own gas is known when it has come back, and so it comes after its steps."""
    contexts, waiting = [target], []
    for log, following in pairwise([*trace, {"depth": 0, "gas": 0}]):
        step = Step(log["op"], 0, following.get("refund", 0) - log.get("refund", 0), "", [])
        step = step._replace(address=contexts[-1], stack=log["stack"])
        if following["depth"] > log["depth"]:
            waiting.append((step, log["gas"], 0))
            called = contexts[-1] if step.name == "DELEGATECALL" else f"{step.top(1):#x}"
            contexts.append(called)
            continue
        over = following["depth"] < log["depth"]
        own = log["gasCost"] if over else log["gas"] - following["gas"]
        yield step._replace(own=own, returned=0 if over else step.returned)
        waiting = [(call, gas, below + own) for call, gas, below in waiting]
        if over and waiting:
            contexts.pop()
            call, gas, below = waiting.pop()
            own = gas - following["gas"] - below
            yield call._replace(own=own)
            waiting = [(call, gas, below + own) for call, gas, below in waiting]
