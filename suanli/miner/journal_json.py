"""Deals and reasons as the journal keeps them, and back."""

from __future__ import annotations

from typing import Any

from suanli.miner.core import (
    Accusation,
    Commitment,
    MinerDeal,
    OnChain,
    Passed,
    Reason,
    Stage,
    Work,
)
from suanli.protocol import Leaf, Request, State, from_json, to_json


def deal_out(deal: MinerDeal) -> dict[str, Any]:
    chain, result, work = deal.chain, deal.result, deal.work
    return {
        "request": to_json(deal.request),
        "signature": deal.signature.hex(),
        "lodged": deal.lodged,
        "seen": deal.seen,
        "stage": str(deal.stage),
        "reason": _reason_out(deal.reason) if deal.reason else None,
        "wait_until": deal.wait_until,
        "fetched": deal.fetched,
        "work": [work.tasks, work.task_units, work.most_bytes] if work else None,
        "chain": [int(chain.state), chain.mine, str(chain.price), chain.time, chain.frozen]
        if chain
        else None,
        "listed": deal.listed,
        "result": [result.root.hex(), str(result.units_used), result.leaves.hex()]
        if result
        else None,
        "waiting_since": deal.waiting_since,
        "answered": deal.answered,
        "acceptance": deal.acceptance.hex(),
        "distrusted": deal.distrusted.hex(),
        "failures": deal.failures,
        "reverts": deal.reverts,
        "bound": deal.bound,
        "taken": deal.taken,
        "ended": deal.ended,
        "rejected": deal.rejected,
        "since": deal.since,
        "cases": [_case_out(case) for case in deal.cases.values()],
    }


def deal_in(id_: bytes, body: dict[str, Any]) -> MinerDeal:
    values = dict(body)
    values["request"] = from_json(Request, body["request"])
    for name in ("signature", "acceptance", "distrusted"):
        values[name] = bytes.fromhex(body[name])
    values["stage"] = Stage(body["stage"])
    values["reason"] = Reason(*body["reason"]) if body["reason"] else None
    values["work"] = Work(*body["work"]) if body["work"] else None
    if body["chain"]:
        state, mine, price, time, frozen = body["chain"]
        values["chain"] = OnChain(State(state), mine, int(price), time, frozen)
    if body["result"]:
        root, units, leaves = body["result"]
        values["result"] = Commitment(bytes.fromhex(root), int(units), bytes.fromhex(leaves))
    cases = [_case_in(case) for case in body["cases"]]
    values["cases"] = {case.case: case for case in cases}
    return MinerDeal(id=id_, **values)


def _case_out(case: Accusation) -> dict[str, Any]:
    return {
        "case": case.case.hex(),
        "court": case.court,
        "task": case.task,
        "withheld": case.withheld,
        "secret": case.secret.hex(),
        "right": case.right,
    }


def _case_in(body: dict[str, Any]) -> Accusation:
    return Accusation(
        bytes.fromhex(body["case"]),
        body["court"],
        body["task"],
        body["withheld"],
        bytes.fromhex(body["secret"]),
        body["right"],
    )


def _reason_out(reason: Reason) -> list[Any]:
    return [reason.code, reason.text, reason.final]


def passed_out(passed: Passed) -> dict[str, Any]:
    return {
        "request": to_json(passed.request),
        "reason": _reason_out(passed.reason),
        "at": passed.at,
        "rejected": passed.rejected,
    }


def passed_in(body: dict[str, Any]) -> Passed:
    return Passed(
        from_json(Request, body["request"]), Reason(*body["reason"]), body["at"], body["rejected"]
    )


def leaf_in(data: bytes) -> Leaf:
    return Leaf(
        int.from_bytes(data[:4], "big"), data[4], data[5:37], int.from_bytes(data[37:], "big")
    )
