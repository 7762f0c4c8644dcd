"""What happened to one deal, and why: from the journal, beside a running daemon or after it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from typing import Any

from suanli.base.amounts import show, show_price
from suanli.base.errors import SuanliError
from suanli.base.text import plain
from suanli.miner.core import Line, MinerDeal, Stage, Told
from suanli.miner.journal import Journal
from suanli.protocol import to_json

ETHER_DECIMALS = 18
SHARES = ("compensation", "court_share", "pool_share")
"""Parts of what is slashed."""
ACTS = {
    "confirm": "the confirmation",
    "submit": "the result",
    "accepted": "the accepted result",
    "settle": "the settlement",
    "release": "the release",
    "answer": "the answer to a challenge",
    "secret": "this miner's part in a draw, committed",
    "reveal": "this miner's part in a draw, revealed",
    "hash": "a block's hash, recorded",
    "draw": "the draw of a jury, continued",
    "advance": "the end of a step of a case",
    "finish": "the end of the court's part",
    "appeal": "the appeal",
    "approve-bond": "the approval for an appeal",
    "deposit-bond": "the deposit for an appeal",
    "withdraw-bond": "what came back from the court",
}
OVER = "over"
HEAD = ("time (UTC)", "what", "why")
"""Of the rows of a story."""
_NAMED = re.compile("(?:0x)?([0-9a-fA-F]{4,64})")


class NoStory(SuanliError):
    """No deal, or more than one, is meant."""


def find(journal: Journal, text: str) -> bytes:
    """The id that begins with `text`, hexadecimal. Raises NoStory."""
    named = _NAMED.fullmatch(text.strip())
    if named is None:
        raise NoStory(f"{text!r} is no deal: 0x and the first 4 or more digits of its id are")
    digits = named[1]
    odd = int(digits[-1], 16) if len(digits) % 2 else None
    found = journal.begins(bytes.fromhex(digits[: len(digits) // 2 * 2]), odd)
    if not found:
        raise NoStory(
            f"no deal 0x{digits} is known here: see suanli miner status; of those that ended, and"
            " of requests not taken, the newest are kept"
        )
    if len(found) > 1:
        raise NoStory(f"several begin with 0x{digits}: give more of its digits")
    return found[0]


def story_of(journal: Journal, id_: bytes) -> dict[str, Any]:
    """All that is known of it; amounts in base units and gas in wei, as text, times in seconds."""
    known = journal.known(id_)
    if known is None:  # it went while this was read
        raise NoStory(f"0x{id_.hex()} is not known here any more")
    paid = journal.paid().get("0x" + id_.hex())
    numbered = journal.story(id_)
    lines = [_as_json(line) for _, line in numbered]
    return {
        "request": "0x" + id_.hex(),
        "stage": str(known.stage) if isinstance(known, MinerDeal) else OVER,
        "reason": str(known.reason) if known.reason else None,
        "asked": to_json(known.request),
        "paid": str(paid.amount) if paid else None,
        "lost": _lost(lines),
        "gas": {
            "cost": str(sum(int(line["cost"]) for line in lines if "cost" in line)),
            "transactions": sum("cost" in line for line in lines),
        },
        "decimals": (journal.fact("status") or {}).get("decimals", 18),
        "left_out": max((number for number, _ in numbered), default=0) - len(lines),
        "lines": lines,
    }


def _as_json(line: Line) -> dict[str, Any]:
    return {"at": line.at, "told": str(line.told), "because": line.because, **line.more}


def _lost(lines: list[dict[str, Any]]) -> str | None:
    """Of the stake, in base units."""
    slashed = [line for line in lines if line.get("event") == "StakeSlashed"]
    return str(sum(int(slashed[-1][part]) for part in SHARES)) if slashed else None


def facts_of(story: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """For people: what was asked for, and what came of it."""
    request, gas = story["asked"], story["gas"]
    yield "request", story["request"]
    yield "from", request["requester"]
    yield (
        "asked",
        f"{int(request['tasks']):,} tasks, {int(request['units']):,} units of class"
        f" {request['resource']}, {show_price(int(request['maxPrice']))} tokens a unit at most",
    )
    yield from _outcome(story)
    if count := gas["transactions"]:
        cost = show(int(gas["cost"]), ETHER_DECIMALS)
        yield "gas", f"{cost} ether in {count} transaction{'s' if count > 1 else ''}"
    if story["left_out"]:
        yield "left out", f"{story['left_out']:,} lines of what follows, after the first"


def rows_of(story: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """For people: its way, below `HEAD`."""
    for line in story["lines"]:
        what, why = _told(line, story["decimals"])
        yield time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(line["at"])), what, plain(why)


def _outcome(story: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """In a line, and why in another if it was not paid."""
    decimals, reason, stage = story["decimals"], story["reason"] or "", story["stage"]
    lost = story["lost"] and f"; {show(int(story['lost']), decimals)} tokens of the stake lost"
    stages = [line for line in story["lines"] if line["told"] == Told.STAGE]
    if story["paid"] is not None:
        yield "outcome", f"paid {show(int(story['paid']), decimals)} tokens{lost or ''}"
    elif stages and stages[-1]["stage"] == Stage.ENDED:
        yield "outcome", f"not paid: {stages[-1]['because']}{lost or ''}"
        before = [line for line in stages if line["stage"] != Stage.ENDED]
        if before:
            yield "before", f"{before[-1]['stage']}: {plain(before[-1]['because'])}"
    elif stage == OVER:
        yield "outcome", f"not taken: {plain(reason)}"
    else:
        yield "outcome", f"not paid yet, {stage}{reason and f': {plain(reason)}'}"


def _told(line: Mapping[str, Any], decimals: int) -> tuple[str, str]:
    """What a line tells of, in a word, and the rest."""
    because, told = line["because"], Told(line["told"])
    act = ACTS.get(line.get("act", ""), "")
    match told:
        case Told.STAGE:
            return line["stage"], because
        case Told.REJECTED:
            return told, f"the requester, {'for good' if line['final'] else 'for now'}: {because}"
        case Told.SENT:
            return told, f"{act}, transaction {line['transaction']}"
        case Told.MINED | Told.FAILED:
            cost = show(int(line["cost"]), ETHER_DECIMALS)
            others = f", with {line['calls'] - 1} others" if line.get("calls", 1) > 1 else ""
            text = (
                f"{act}, in block {line['block']:,}{others}, for {cost} ether ({line['gas']:,} gas)"
            )
            return told, text + (f": {because}" if because else "")
        case Told.REFUSED | Told.DELAYED:
            return told, f"{act}: {because}"
        case Told.CHAIN:
            return told, _event(line, decimals)
        case Told.PASSED:
            return "over", because
    return told, because


def _event(line: Mapping[str, Any], decimals: int) -> str:
    """An event of the market, in words; amounts in tokens."""
    name = line["event"]
    if name == "RequestConfirmed":
        until = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(line["deadline"]))
        return f"confirmed at {show_price(int(line['price']))} tokens a unit, due {until}"
    words = re.sub("(?<!^)(?=[A-Z])", " ", name.removeprefix("Request")).lower()
    amounts = {
        key: show(int(line[key]), decimals)
        for key in ("paid", "fee", "refunded", *SHARES)
        if int(line.get(key, 0))
    }
    parts = [f"{amount} {key.replace('_', ' ')}" for key, amount in amounts.items()]
    told = [f"{', '.join(parts)} tokens"] if parts else []
    if "units_due" in line:
        told.insert(0, f"{line['units_due']:,} units due")
    if "trial" in line:
        told.insert(0, str(line["trial"]))
    return f"{words}: {', '.join(told)}" if told else words
