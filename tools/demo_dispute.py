"""`make demo-dispute`: a miner lies on a live market, is audited, judged and slashed.

CHEAT names the lie (tests/harness/cheats.py), CHEAT=none plays the same without one; KEEP=1 leaves
the chain running, for whoever wants to look by raw RPC. All that was sent and every balance, before
and after, is in reports/dispute.json. It ends well only if what had to happen did, and nothing
else, and if every base unit is where the coins say.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suanli.base.amounts import show
from suanli.base.errors import SuanliError
from suanli.chain import (
    Court,
    Event,
    Market,
    events,
)
from suanli.cli.output import print_table
from suanli.cli.printing import HEAD, RIGHT, report_rows
from suanli.client import Client, Options, Run
from suanli.client.run import progress
from suanli.devnet import DEPLOYER, OTHERS, DevnetSale
from suanli.engine.host import pool_by
from suanli.job import load, run_local
from suanli.juror.setup import find_court
from suanli.protocol import NO_SALT, CasePhase, State
from tests.harness.cheats import LIES, CheatingDevnet
from tests.harness.coins import Coins
from tools.demo_frame import (
    ROOT,
    KeptChain,
    events_of,
    play_in_folder,
    print_coins,
    say,
    write_report,
)

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


class KeptDevnet(KeptChain, CheatingDevnet):
    """Miners that cheat, on a chain that may stay."""


def dispute(folder: Path, cheat: str | None, keep: bool) -> None:
    """Play it all. Raises SuanliError: what does not hold."""
    begun = time.monotonic()
    cheats = {CHEAT: cheat} if cheat else {}
    made = KeptDevnet(folder, MINERS, cheats, sale=SALE, tell=say, jurors=JURORS)
    made.keep = keep
    with made as net, net.client() as client:
        court = find_court(net.market)
        say(f"court     {court.address}")
        say(f"\nready after {time.monotonic() - begun:.0f} s; {_told(cheat)}\n")
        job = _job(folder)
        coins = Coins(net.market, court, _names(net, court))
        with closing(client.submit(job, BUDGET, OPTIONS)) as run:
            for line in progress(run, run.events()):
                say(line)
            written = run.save(folder / "out")
            say("")
            print_table(HEAD, report_rows(run.report, client.decimals), RIGHT)
            _compare(job, written)
            story = _await_end(run, net.market, court)
        _require(story, cheat, coins)
        _tell(client, coins, story)
        contracts = {"court": court.address}
        seconds = time.monotonic() - begun
        write_report(REPORT, net, coins, story.events, seconds, contracts, _facts(story, cheat))
        net.tell_kept()
    say(f"\nAll of it took {time.monotonic() - begun:.0f} s.")


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
    found = events_of(market.node, (market.address, court.address))
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
    """What happened, and where each coin went."""
    for event in story.events:
        if line := _line(event, coins, client.decimals):
            say(line)
    say("")
    print_coins(coins)


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


def _facts(story: Story, cheat: str | None) -> dict[str, Any]:
    return {
        "cheat": cheat,
        "deals": {"0x" + id_.hex(): state.name.lower() for id_, state in story.states.items()},
        "cases": {"0x" + id_.hex(): phase.name.lower() for id_, phase in story.cases.items()},
    }


def _compare(job: Path, written: Sequence[Path]) -> None:
    """The market's result against the same job on this machine's cores."""
    loaded = load(job, salt=NO_SALT)
    with pool_by(loaded.manifest.runtime) as pool:
        local = run_local(loaded, pool, ahead=4, on_done=lambda *_: None)
    if {path.name: path.read_bytes() for path in written} != (local.files or {}):
        raise DisputeFailed("the result differs from that of a local run")
    say("the job's result is right: equal to a local run's, byte for byte")


def main() -> None:
    cheat = os.environ.get("CHEAT") or "lazy"
    if cheat != "none" and cheat not in LIES:
        print(f"CHEAT={cheat}: one of {', '.join(LIES)}, none", file=sys.stderr)
        raise SystemExit(2)
    keep = os.environ.get("KEEP") == "1"
    lie = None if cheat == "none" else cheat
    play_in_folder("suanli-dispute-", keep, lambda folder: dispute(folder, lie, keep))


if __name__ == "__main__":
    main()
