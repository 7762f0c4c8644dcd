"""`suanli miner story`: what happened to a deal, and why."""

from __future__ import annotations

import json
import re
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from suanli.chain import Position, events
from suanli.cli import cli
from suanli.miner.core import Changes, Line, Passed, Reason, Rest, Told
from suanli.miner.journal import FIRST_LINES, KEPT, MOST_LINES, Journal
from suanli.miner.status import status_of
from suanli.miner.story import NoStory, facts_of, find, rows_of, story_of
from suanli.protocol import State, Trial
from tests.harness.bench import Bench
from tests.harness.local_chain import BOB, CAROL, Controls
from tests.harness.simulation import START, id_of, request
from tests.harness.world import TOKEN, World, lodged, send, settled, write_config

ID = id_of(request(salt=7))


def told(bench: Bench, id_: bytes) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """The facts, and the rows without their times."""
    story = story_of(bench.daemon.journal, id_)
    return dict(facts_of(story)), [row[1:] for row in rows_of(story)]


def whats(rows: list[tuple[str, str]]) -> list[str]:
    return [what for what, _ in rows]


def test_a_paid_deal(registered: World, bench: Bench) -> None:
    made, id_ = lodged(registered)
    bench.until(settled(registered, made, id_))
    bench.until(lambda: bench.daemon.journal.paid())
    bench.round()
    facts, rows = told(bench, id_)
    found = whats(rows)
    assert [word for word in found if word not in ("sent", "mined", "chain")] == [
        *("seen", "checking", "seen", "confirming", "running"),
        *("uploaded", "offered", "accepted", "ended"),
    ]
    # The receipt may be seen after the event: what is mined is heard of in two ways.
    assert [found.count(word) for word in ("sent", "mined", "chain")] == [2, 2, 2]
    assert facts["request"] == f"0x{id_.hex()}"
    assert facts["asked"] == "2 tasks, 100 units of class 1, 2 tokens a unit at most"
    assert facts["outcome"] == "paid 2.97 tokens"
    assert re.fullmatch(r"0\.000\d+ ether in 2 transactions", facts["gas"])
    assert ("chain", "settled: 2.97 paid, 0.03 fee, 197 refunded tokens") in rows
    found = story_of(bench.daemon.journal, id_)
    earned = registered.market.miner_account(BOB.address).earnings
    assert (found["paid"], found["lost"], found["left_out"]) == (str(earned), None, 0)
    sent = [line["transaction"] for line in found["lines"] if line["told"] == "sent"]
    mined = [line for line in found["lines"] if line["told"] == "mined"]
    assert [line["transaction"] for line in mined] == sent
    receipts = [registered.market.node.receipt(transaction) for transaction in sent]
    assert [line["cost"] for line in mined] == [str(receipt.cost) for receipt in receipts]
    cost = str(sum(receipt.cost for receipt in receipts))
    assert found["gas"] == {"cost": cost, "transactions": 2}
    (past,) = status_of(bench.daemon.journal, bench.settings)["past"]
    assert past["gas"] == cost


def test_a_request_that_was_not_taken(registered: World, bench: Bench) -> None:
    _, id_ = lodged(registered, max_price=10**15)
    bench.until(lambda: bench.daemon.journal.story(id_))
    facts, rows = told(bench, id_)
    why = "price: bid 0.001 below the class's floor, 0.01 tokens a unit"
    assert facts["outcome"] == f"not taken: {why}"
    assert rows == [
        ("seen", "listed by the relay"),
        ("told", f"the requester, for good: {why}"),
        ("over", why),
    ]


def test_a_deal_that_was_given_back(registered: World, bench: Bench) -> None:
    bench.executor.fails = 100
    made, id_ = lodged(registered)
    bench.until(lambda: registered.market.state_of(made) is State.RELEASED, rounds=130)
    bench.round()
    facts, rows = told(bench, id_)
    assert facts["outcome"] == "not paid: it is released on the chain; 10 tokens of the stake lost"
    assert facts["before"] == "releasing: its deadline is near, and 0 of 2 tasks are done"
    assert {why for what, why in rows if what == "task"} == {"task 0: out of order"}


def test_a_defaulted_deal(registered: World, bench: Bench) -> None:
    """Somebody claims the default while the workers still have it."""
    bench.executor.holds = True
    made, id_ = lodged(registered)
    bench.until(lambda: len(bench.executor.held) == 2)
    chain = Controls(registered.market.node)
    chain.evm_increaseTime(1_000)
    chain.mine()
    send(registered.market, CAROL, registered.market.claim_default(made))
    bench.until(lambda: bench.daemon.core.state.rest != Rest())
    facts, rows = told(bench, id_)
    assert facts["outcome"] == "not paid: it is defaulted on the chain; 60 tokens of the stake lost"
    assert facts["before"] == "running: confirmed on the chain"
    assert ("chain", "stake slashed: 60 pool share tokens") in rows


def test_what_a_court_does_to_a_deal(registered: World, bench: Bench) -> None:
    """It has half of it paid, and slashes the stake."""
    made, id_ = lodged(registered)
    bench.until(lambda: registered.market.state_of(made) is State.SUBMITTED)
    head, miner = registered.market.node.head(), bench.daemon.settings.miner_id
    at = Position(head.number, 0, head.hash, "0x" + "0d" * 32)
    for event in (
        events.TrialChanged(at, id_, miner, Trial.FROZEN),
        events.DueSet(at, id_, miner, 50),
        events.RequestOverturned(at, id_, miner, 50, TOKEN, 0, 2 * TOKEN),
        events.StakeSlashed(at, id_, miner, 0, 3 * TOKEN, TOKEN),
    ):
        bench.daemon._chain._take(event)
    bench.round()
    facts, rows = told(bench, id_)
    assert facts["outcome"] == "paid 1 tokens; 4 tokens of the stake lost"
    assert [why for what, why in rows if what == "chain"][1:] == [
        "trial changed: frozen",
        "due set: 50 units due",
        "overturned: 50 units due, 1 paid, 2 refunded tokens",
        "stake slashed: 3 court share, 1 pool share tokens",
    ]


def test_a_deal_that_is_under_way(registered: World, bench: Bench) -> None:
    bench.executor.holds = True
    _, id_ = lodged(registered)
    bench.until(lambda: len(bench.executor.held) == 2)
    assert told(bench, id_)[0]["outcome"] == "not paid yet, running"
    bench.restart()
    bench.round()
    assert ("started", "the daemon goes on with it") in told(bench, id_)[1]
    assert whats(told(bench, id_)[1]).count("sent") == 1, "what is heard of again is told once"


# The journal


@pytest.fixture
def journal(tmp_path: Path):
    with closing(Journal(tmp_path / "journal.sqlite")) as made:
        yield made


def passed(salt: int, code: str = "ended") -> dict[bytes, Passed]:
    made = request(salt=salt)
    return {id_of(made): Passed(made, Reason(code, "settled"), START)}


def test_a_story_is_bounded(journal: Journal) -> None:
    lines = [Line(ID, START + n, Told.WAITING, f"{n}" * 1_000) for n in range(MOST_LINES + 50)]
    journal.save(Changes(passed=passed(7), lines=lines))
    kept = [line.at - START for _, line in journal.story(ID)]
    assert kept == [*range(FIRST_LINES), *range(FIRST_LINES + 50, MOST_LINES + 50)]
    assert max(len(line.because) for _, line in journal.story(ID)) == 500
    left_out = "50 lines of what follows, after the first"
    assert dict(facts_of(story_of(journal, ID)))["left out"] == left_out


def test_strangers_requests_push_out_no_deals(journal: Journal) -> None:
    line = Line(ID, START, Told.CHAIN, "", {"event": "RequestSettled", "paid": "1"})
    journal.save(Changes(passed=passed(7), lines=[line]))
    flood = {id_: one for n in range(KEPT + 9) for id_, one in passed(n + 8, "price").items()}
    first = Line(next(iter(flood)), START, Told.REJECTED, "why", {"final": True})
    journal.save(Changes(passed=flood, lines=[first]))
    assert len(journal.passed()) == KEPT + 1
    assert [found for _, found in journal.story(ID)] == [line]
    assert journal.story(first.id) == [], "it went with its request"


def test_what_is_known_nowhere_else_is_not_kept(journal: Journal) -> None:
    journal.save(Changes(lines=[Line(ID, START, Told.CHAIN, "", {"event": "StakeSlashed"})]))
    assert journal.story(ID) == []


@pytest.mark.parametrize("digits", [4, 5, 63, 64])
def test_the_beginning_of_an_id_is_enough(journal: Journal, digits: int) -> None:
    id_ = b"\xab\xcd" + bytes(30)
    journal.save(Changes(passed={**passed(7), id_: passed(7)[ID]}))
    for text in (id_.hex()[:digits], "0x" + id_.hex()[:digits].upper()):
        assert find(journal, text) == id_


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "'' is no deal: 0x and the first 4 or more digits of its id are"),
        ("0x00", "'0x00' is no deal"),
        ("mine", "'mine' is no deal"),
        ("0x" + "0" * 65, "is no deal"),
        ("0xabcd", "no deal 0xabcd is known here: see suanli miner status"),
        ("0x0000", "several begin with 0x0000: give more of its digits"),
    ],
)
def test_what_names_no_deal(journal: Journal, text: str, says: str) -> None:
    journal.save(Changes(passed={**passed(7), **passed(8)}))
    with pytest.raises(NoStory, match=re.escape(says)):
        find(journal, text)


def test_the_command(world: World) -> None:
    config, run = write_config(world), CliRunner().invoke
    command = ["miner", "story", "0x0000", "--config", str(config)]
    shown = run(cli, command)
    assert (shown.exit_code, "no miner has run in" in shown.output) == (1, True)
    (world.folder / "miner-data").mkdir()
    with closing(Journal(world.folder / "miner-data" / "journal.sqlite")) as journal:
        lines = [Line(ID, START, Told.WAITING, "money: \x1b[2Jhas 1")]
        journal.save(Changes(passed=passed(7, "expired"), lines=lines))
        journal.note(status={"decimals": 6})
    shown = run(cli, command)
    assert shown.output.splitlines() == [
        f"request     0x{ID.hex()}",
        f"from        {request().requester}",
        "asked       4 tasks, 100 units of class 1, 2 tokens a unit at most",
        "outcome     not taken: expired: settled",
        "",
        "time (UTC)           what     why",
        "1970-01-12 13:46:40  waiting  money: \\x1b[2Jhas 1",
    ]
    found = json.loads(run(cli, [*command, "--json"]).output)
    assert (found["stage"], found["reason"], found["paid"]) == ("over", "expired: settled", None)
    assert found["asked"]["salt"] == str(request(salt=7).salt)
    assert found["lines"][0]["told"] == "waiting"
    missing = run(cli, ["miner", "story", "0xffff", "--config", str(config)])
    assert (missing.exit_code, "no deal 0xffff is known here" in missing.output) == (1, True)
