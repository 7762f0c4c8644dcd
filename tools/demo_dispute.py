"""`make demo-dispute`: a miner lies on a live market, is audited, judged and slashed.

CHEAT names the lie (tests/harness/cheats.py), CHEAT=none plays the same without one; KEEP=1 leaves
the chain running, for whoever wants to look by raw RPC. All that was sent and every balance, before
and after, is in reports/dispute.json. It ends well only if what had to happen did, and nothing
else, and if every base unit is where the coins say.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from suanli.base.amounts import show
from suanli.base.errors import SuanliError
from suanli.chain import (
    Court,
    CursorState,
    Event,
    EventCursor,
    Market,
    caught_up,
    events,
)
from suanli.cli.output import print_table
from suanli.cli.printing import HEAD, RIGHT, report_rows
from suanli.client import Client, Options, Run
from suanli.client.run import progress
from suanli.devnet import DEPLOYER, OTHERS, Child, DevnetSale, processes
from suanli.engine.host import pool_by
from suanli.job import load, run_local
from suanli.juror.setup import find_court
from suanli.protocol import NO_SALT, CasePhase, State
from tests.harness.cheats import LIES, CheatingDevnet
from tests.harness.coins import Coins

ROOT = Path(__file__).parents[1]
REPORT = ROOT / "reports/dispute.json"
MINERS, JURORS = 2, 3
CHEAT = 1
"""The miner that lies."""
TASKS, BUDGET = 24, "400"
SALE = DevnetSale(speed=100.0, capacity=1_000, ask="1")
OPTIONS = Options(min_window=60, audit=0.2, hedge=False)
LAST = 60.0
"""Seconds in which all must be at its end once the job is."""


class DisputeFailed(SuanliError):
    """Something that must hold does not."""


class KeptDevnet(CheatingDevnet):
    """Its chain goes on when all else has ended."""

    def start(self, name: str, command: Sequence[str], **more: Any) -> Child:
        if name != "chain":
            return super().start(name, command, **more)
        with mock.patch.object(processes, "_die_with_parent", return_value=None):
            return Child(name, command, self.folder / f"{name}.log", **more)


def dispute(folder: Path, cheat: str | None, keep: bool) -> None:
    """Play it all. Raises SuanliError: what does not hold."""
    begun = time.monotonic()
    kind = KeptDevnet if keep else CheatingDevnet
    cheats = {CHEAT: cheat} if cheat else {}
    with (
        kind(folder, MINERS, cheats, sale=SALE, tell=_say, jurors=JURORS) as net,
        net.client() as client,
    ):
        court = find_court(net.market)
        _say(f"court     {court.address}")
        _say(f"\nready after {time.monotonic() - begun:.0f} s; {_told(cheat)}\n")
        job = _job(folder)
        coins = Coins(net.market, court, _names(net, court))
        with closing(client.submit(job, BUDGET, OPTIONS)) as run:
            for line in progress(run, run.events()):
                _say(line)
            written = run.save(folder / "out")
            _say("")
            print_table(HEAD, report_rows(run.report, client.decimals), RIGHT)
            _compare(job, written)
            story = _await_end(run, net.market, court)
        _require(story, cheat, coins)
        _tell(client, coins, story)
        _write(net, coins, story, cheat, time.monotonic() - begun)
        if keep:
            pid = net.children["chain"].pid
            _say(f"the chain goes on at {net.rpc}; `kill {pid}` ends it")
    _say(f"\nAll of it took {time.monotonic() - begun:.0f} s.")


def _told(cheat: str | None) -> str:
    if cheat is None:
        return "all miners are honest"
    what = {
        "lazy": "hands in results that it did not compute",
        "corrupt": "corrupts one task",
        "greedy": "bills more units than its tasks use",
    }
    return f"miner-{CHEAT} {what[cheat]}"


def _job(folder: Path) -> Path:
    """Rows of a picture, each less than a unit."""
    path = folder / "dispute.toml"
    lines = [
        'name = "dispute"',
        f'module = "{ROOT / "benchmarks/kernels/mandelbrot.wasm"}"',
        'limits = { fuel = 1_000_000, memory = "2 MiB" }',
        'gather = { kind = "concat", to = "rows.txt" }',
        *(f'[[tasks]]\nargs = ["{12 + number // 2}"]' for number in range(TASKS)),
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def _names(net: CheatingDevnet, court: Court) -> dict[str, str]:
    """All that may own tokens."""
    terms = net.market.terms_of(net.market.terms_count())
    named = {
        DEPLOYER.address: "deployer",
        OTHERS[0]: "guardian",
        net.market.address: "market",
        court.address: "court",
        terms.treasury: "treasury (fees)",
        terms.reward_pool: "reward pool",
    }
    sink = court.rules().sink
    named[sink] = f"sink, the {named[sink]}" if sink in named else "sink"
    for stored in net.keys.list():
        named.setdefault(stored.address, stored.name)
    return named


@dataclass
class Story:
    """What the chain tells of it."""

    cases: dict[bytes, CasePhase]
    states: dict[bytes, State]
    events: list[Event]

    def of(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


def _await_end(run: Run, market: Market, court: Court) -> Story:
    """Deals, cases and what they owe may end a moment after the job."""
    ends = time.monotonic() + LAST
    while True:
        story = _story(run, market, court)
        over = all(phase.is_final for phase in story.cases.values())
        if over and not set(story.states.values()) - {State.SETTLED, State.OVERTURNED}:
            return story
        if time.monotonic() > ends:
            raise DisputeFailed(f"not at its end: {story.states} {story.cases}")
        time.sleep(1)


def _story(run: Run, market: Market, court: Court) -> Story:
    found: list[Event] = []
    for address in (market.address, court.address):
        for batch in caught_up(EventCursor(market.node, address), CursorState.from_block(0)):
            found += batch.events
    found.sort(key=lambda event: event.at)
    cases = [event.case_id for event in found if isinstance(event, events.ChallengeFiled)]
    ids = [market.domain.request_id(deal.request) for deal in run.ledger.deals()]
    return Story(
        {case: court.case_of(case).phase for case in cases},
        {id_: market.deal_of(id_).state for id_ in ids},
        found,
    )


def _require(story: Story, cheat: str | None, coins: Coins) -> None:
    """What had to happen did, and nothing else."""
    lost = {coins.names[who]: coins.before[who] - now for who, now in coins.worth().items()}
    liar = f"miner-{CHEAT}"
    overturned = [id_ for id_, state in story.states.items() if state is State.OVERTURNED]
    if cheat is None:
        if story.cases or overturned or story.of(events.StakeSlashed):
            raise DisputeFailed(f"nobody cheated, and there was a case: {story.cases}")
        return
    if not story.cases or set(story.cases.values()) != {CasePhase.UPHELD} or not overturned:
        raise DisputeFailed(f"the lie was not found: {story.cases} {story.states}")
    if lost[liar] <= 0 or any(lost[f"juror-{number + 1}"] > 0 for number in range(JURORS)):
        raise DisputeFailed(f"the wrong ones paid: {lost}")
    received = sum(event.received for event in story.of(events.DealFinished))
    refunds = sum(event.refund for event in story.of(events.RewardPaid))
    rewards = sum(event.reward for event in story.of(events.RewardPaid))
    deposits = sum(event.sink for event in story.of(events.DepositsDivided))
    sink = next(name for name in lost if name.startswith("sink"))
    if -lost[sink] != received - refunds - rewards + deposits:
        raise DisputeFailed(f"what the court took is not all accounted for: {lost}")


def _tell(client: Client, coins: Coins, story: Story) -> None:
    """Where each coin went."""
    decimals, now = client.decimals, coins.worth()
    for event in story.events:
        if line := _line(event, coins, decimals):
            _say(line)
    rows = [
        (
            name,
            show(coins.before[who], decimals),
            show(now[who], decimals),
            _signed(now[who] - coins.before[who], decimals),
        )
        for who, name in coins.names.items()
    ]
    rows.append(("all", *(show(sum(of.values()), decimals) for of in (coins.before, now)), "0"))
    _say("")
    print_table(("tokens of", "before", "after", "change"), rows, (1, 2, 3))


def _line(event: Event, coins: Coins, decimals: int) -> str:
    def tokens(amount: int) -> str:
        return show(amount, decimals)

    match event:
        case events.ChallengeFiled():
            return (
                f"\nblock {event.at.block}: {coins.names[event.filer]} challenges task {event.task}"
                f" of the deal and locks {tokens(event.deposit)}"
            )
        case events.JurorDrawn():
            return f"block {event.at.block}: {coins.names[event.juror]} is drawn"
        case events.VotesCounted():
            return f"block {event.at.block}: the jury finds: {event.outcome.name.lower()}"
        case events.DepositsDivided():
            return (
                f"block {event.at.block}: of the deposit {tokens(event.filer)} go back,"
                f" {tokens(event.jurors)} to jurors, {tokens(event.sink)} to the sink"
            )
        case events.StakeSlashed():
            return (
                f"block {event.at.block}: {tokens(event.court_share)} of the cheat's stake to the"
                f" court, {tokens(event.compensation)} to the requester,"
                f" {tokens(event.pool_share)} to the pool"
            )
        case events.RewardPaid():
            return (
                f"block {event.at.block}: out of it the challenger gets {tokens(event.refund)} that"
                f" jurors cost and a reward of {tokens(event.reward)}"
            )
        case events.RequestOverturned():
            return (
                f"block {event.at.block}: the deal is overturned, {tokens(event.paid)} paid for it"
            )
    return ""


def _signed(amount: int, decimals: int) -> str:
    return f"{'+' if amount > 0 else '-' if amount else ''}{show(abs(amount), decimals)}"


def _write(
    net: CheatingDevnet, coins: Coins, story: Story, cheat: str | None, seconds: float
) -> None:
    now = coins.worth()
    report = {
        "cheat": cheat,
        "seconds": round(seconds, 1),
        "rpc": net.rpc,
        "chain_id": net.node.chain_id(),
        "market": coins.market.address,
        "court": coins.court.address,
        "token": coins.token.address,
        "deals": {"0x" + id_.hex(): state.name.lower() for id_, state in story.states.items()},
        "cases": {"0x" + id_.hex(): phase.name.lower() for id_, phase in story.cases.items()},
        "balances": {
            name: {
                "address": who,
                "before": str(coins.before[who]),
                "after": str(now[who]),
                "change": str(now[who] - coins.before[who]),
            }
            for who, name in coins.names.items()
        },
        "supply": str(coins.token.total_supply()),
        "transactions": [
            {
                "event": type(event).__name__,
                "transaction": event.at.transaction,
                "block": event.at.block,
                **{name: _plain(value) for name, value in vars(event).items() if name != "at"},
            }
            for event in story.events
        ],
    }
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(report, indent=1) + "\n")
    count = len(report["transactions"])
    _say(f"\n{REPORT.relative_to(ROOT)}: {count} events with their transactions")


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) >= 2**53 else int(value)
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {name: _plain(one) for name, one in value._asdict().items()}
    return str(value) if not isinstance(value, str | bool | None) else value


def _compare(job: Path, written: Sequence[Path]) -> None:
    """The market's result against the same job on this machine's cores."""
    loaded = load(job, salt=NO_SALT)
    with pool_by(loaded.manifest.runtime) as pool:
        local = run_local(loaded, pool, ahead=4, on_done=lambda *_: None)
    if {path.name: path.read_bytes() for path in written} != (local.files or {}):
        raise DisputeFailed("the result differs from that of a local run")
    _say("the job's result is right: equal to a local run's, byte for byte")


def _say(line: str) -> None:
    print(line, flush=True)


def main() -> None:
    cheat = os.environ.get("CHEAT") or "lazy"
    if cheat != "none" and cheat not in LIES:
        print(f"CHEAT={cheat}: one of {', '.join(LIES)}, none", file=sys.stderr)
        raise SystemExit(2)
    keep = os.environ.get("KEEP") == "1"
    prefix = "suanli-dispute-"
    with ExitStack() as ends:
        # A chain that goes on needs its folder.
        if keep:
            folder = tempfile.mkdtemp(prefix=prefix)
        else:
            folder = ends.enter_context(tempfile.TemporaryDirectory(prefix=prefix))
        try:
            dispute(Path(folder), None if cheat == "none" else cheat, keep)
        except SuanliError as error:
            raise SystemExit(f"the demo failed: {error}") from error


if __name__ == "__main__":
    main()
