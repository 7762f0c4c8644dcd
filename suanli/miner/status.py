"""What a miner is doing, from its journal: for people and as JSON."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from suanli.base.amounts import show, show_price
from suanli.daemon import is_running, rows_of_daemon
from suanli.miner.core import FREE, LIVE, CoreState, MinerDeal, Passed, Rest, Settings, Stage, shown
from suanli.miner.draining import waits
from suanli.miner.journal import Journal, Paid

SHOWN, PAST = 15, 5
ETHER_DECIMALS = 18


def status_of(journal: Journal, settings: Settings, now: float | None = None) -> dict[str, Any]:
    """All of it; amounts in base units, gas in wei and prices in 10^-18 token, as text."""
    state = journal.load(settings)
    noted = journal.fact("status") or {}
    paid, days = journal.paid(), journal.days()
    return {
        **noted,
        "running": is_running(noted, now),
        "draining": state.draining,
        "rest": {"faults": state.rest.faults, "until": state.rest.until},
        "deals": [_deal(deal) for deal in state.deals.values() if deal.stage not in FREE],
        "past": list(_past(state, journal.passed(("ended",)), paid, journal.costs())),
        "waiting": [_waiting(deal) for deal in state.deals.values() if deal.stage in FREE],
        "not_taken": [
            {"request": "0x" + id_.hex(), "reason": str(passed.reason), "at": passed.at}
            for id_, passed in reversed(journal.passed().items())
            if passed.reason.code != "ended"
        ],
        "paid_deals": sum(day.deals for day in days),
        "paid": str(sum(day.paid for day in days)),
        "units_owed": sum(d.request.units for d in state.deals.values() if d.stage in LIVE),
    }


def _past(
    state: CoreState,
    passed: Mapping[bytes, Passed],
    paid: Mapping[str, Paid],
    costs: Mapping[bytes, int],
) -> Iterator[dict[str, Any]]:
    """Deals that have ended, the newest first."""
    ended = [(d.id, d.request, _deal(d)["state"], d.ended) for d in state.deals.values() if d.ended]
    ended += [(id_, p.request, p.reason.text, p.at) for id_, p in passed.items()]
    for id_, request, how, at in sorted(ended, key=lambda item: -item[3]):
        name = "0x" + id_.hex()
        payment = paid.get(name)
        yield {
            "request": name,
            "state": how,
            "units": request.units,
            "tasks": request.tasks,
            "paid": str(payment.amount) if payment else None,
            "gas": str(costs.get(id_, 0)),
            "at": payment.at if payment else at,
        }


def _deal(deal: MinerDeal) -> dict[str, Any]:
    return {
        "request": "0x" + deal.id.hex(),
        "stage": str(deal.stage),
        "state": deal.chain.state.name.lower() if deal.chain else "unknown",
        "units": deal.request.units,
        "units_used": deal.result.units_used if deal.result else None,
        "price": str(deal.chain.price) if deal.chain else None,
        "tasks": deal.request.tasks,
        "tasks_done": len(deal.leaves),
        "deadline": deal.deadline or None,
        "reason": str(deal.reason) if deal.reason else None,
    }


def _waiting(deal: MinerDeal) -> dict[str, Any]:
    reason = str(deal.reason) if deal.reason else str(deal.stage)
    return {"request": "0x" + deal.id.hex(), "units": deal.request.units, "reason": reason}


def rows_of(status: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """One screen: what each is called, and what it is."""
    yield from rows_of_daemon(status, "miner", "draining")
    rest = Rest(**status["rest"])
    if rest.until > time.time():
        yield "resting", shown(rest)
    if "classes" in status:
        stake, paid, earnings = (
            show(int(status[name]), status["decimals"]) for name in ("stake", "paid", "earnings")
        )
        for offer in status["classes"]:
            yield "offer", _offer(offer)
        yield "at stake", stake
        yield "earned", f"{paid} in {status['paid_deals']} deals, {earnings} of it to be collected"
    if status["draining"] and status["running"]:
        for line in waits(status):
            yield "draining", line
    live = [deal for deal in status["deals"] if deal["stage"] != Stage.ENDED]
    for deal in live[:SHOWN]:
        why = f"  {deal['reason']}" if deal["reason"] else ""
        yield (
            "deal",
            f"{deal['request'][:10]} {deal['stage']:<10} {deal['tasks_done']:,} of"
            f" {deal['tasks']:,} tasks, {deal['units']:,} units{why}",
        )
    for case in status.get("cases", ())[:SHOWN]:
        until = time.strftime("%H:%M:%S UTC", time.gmtime(case["until"]))
        yield (
            "case",
            f"{case['request'][:10]} {case['charge']}; {case['standing']}, until {until};"
            f" {case['own_run']}{case['note'] and '; '}{case['note']}",
        )
    for past in status["past"][:PAST]:
        paid = show(int(past["paid"]), status.get("decimals", 18)) if past["paid"] else "nothing"
        at = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(past["at"]))
        gas = show(int(past["gas"]), ETHER_DECIMALS)
        yield (
            "past",
            f"{past['request'][:10]} {past['state']:<10} {past['tasks']:,} tasks,"
            f" {past['units']:,} units, paid {paid}, gas {gas}, {at}",
        )
    for waiting in status["waiting"][:SHOWN]:
        yield "waiting", f"{waiting['request'][:10]} {waiting['reason']}"
    for passed in status["not_taken"][:SHOWN]:
        yield "not taken", f"{passed['request'][:10]} {passed['reason']}"
    rest = status["not_taken"][SHOWN:] + status["waiting"][SHOWN:]
    codes = Counter(item["reason"].split(":")[0] for item in rest)
    if codes:
        yield "and", ", ".join(f"{count} for {code}" for code, count in codes.items())


def _offer(offer: dict[str, Any]) -> str:
    wanted = offer["wanted"]
    short = f" (the stake covers no more of {wanted:,})" if offer["capacity"] < wanted else ""
    return (
        f"class {offer['resource']}: {offer['published']:,} of {offer['capacity']:,} units,"
        f" {offer['reserved']:,} sold now{short}, ask {show_price(int(offer['ask']))},"
        f" the market's price {show_price(int(offer['price']))}"
    )
