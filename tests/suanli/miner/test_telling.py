"""What a miner says of itself: clocks, twins, past deals, earnings, what draining waits for."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from suanli.chain import Sender, TransactionJournal
from suanli.cli import cli
from suanli.daemon.clock import MOST, STALE, agreement, trouble
from suanli.miner import core as m
from suanli.miner.core import Changes, Line, OnChain, Passed, Reason, Sale, Told
from suanli.miner.core.judge import TWIN_REST
from suanli.miner.core.outlook import noted_of
from suanli.miner.draining import follow, until, waits
from suanli.miner.earnings import Day, as_csv, as_json, by_day, chart, last, rows
from suanli.miner.journal import KEPT, Journal, Paid, day_of
from suanli.miner.status import rows_of, status_of
from suanli.protocol import Domain, State
from suanli.relay import RelayClient
from tests.harness.bench import Bench
from tests.harness.local_chain import BOB, CHEAP, Controls
from tests.harness.simulation import CLASS, OFFER, RUNTIME, SEEN, SETTINGS, START, id_of, request
from tests.harness.world import World, lodged, manifest_of, settled, write_config
from tests.suanli.miner.test_stages import Way, acts

TOKEN = 10**18
DAY = 86_400

# Clocks


@pytest.mark.parametrize(
    ("relay", "chain", "says"),
    [
        (None, None, ""),
        (MOST, -STALE, ""),
        (-MOST, MOST, ""),
        (-90.0, None, "this machine's clock is 90 s ahead of the relay's: set it"),
        (7_200.0, 7_200.0, "this machine's clock is 7,200 s behind the relay's: set it"),
        (None, 45.0, "this machine's clock is 45 s behind the chain's: set it"),
        (0.0, -601.0, "the chain's newest block is 601 s old by this machine's clock: the node is"),
    ],
)
def test_a_wrong_clock_is_told_with_the_difference(relay, chain, says: str) -> None:
    assert trouble(relay, chain).startswith(says)
    assert bool(trouble(relay, chain)) is bool(says)


def test_clocks_that_agree() -> None:
    assert agreement(0.4, -3.0) == "+0 s to the relay's, -3 s to the chain's newest block"
    assert agreement(None, None) == "there is no other one to compare it with"


def test_the_relays_clock_is_in_its_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    headers = {"Date": "Tue, 14 Nov 2023 22:13:20 GMT"}  # 1,700,000,000
    answer = httpx.MockTransport(lambda request: httpx.Response(200, json=[], headers=headers))
    monkeypatch.setattr("suanli.relay.client.time.time", lambda: 1_700_000_090.5)
    with closing(RelayClient("http://relay", Domain(1, BOB.address), transport=answer)) as relay:
        assert relay.ahead is None
        assert relay.announcements(1) == []
        assert relay.ahead == -90.0
        headers["Date"] = "yesterday"
        assert relay.announcements(1) == []
        assert relay.ahead is None


def test_an_announcement_that_the_relay_refuses_stays_a_trouble(
    registered: World, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the clock is ahead by more than the relay allows."""
    bench.daemon._relay._wall = lambda: 4e9
    bench.daemon._relay.restart()
    bench.until(lambda: "announcement" in bench.daemon.troubles)
    assert bench.daemon.troubles["announcement"] == (
        "the relay refused: issued lies in the future: set the clock"
    )
    bench.daemon._relay._wall = time.time
    bench.daemon._relay._last_issued = 0
    bench.until(lambda: "announcement" not in bench.daemon.troubles)


# Twins


def confirmed_elsewhere(world: World, folder: Path) -> bytes:
    """Another daemon with Bob's account takes a request."""
    made, id_ = lodged(world, manifest_of(1), salt=77)
    (signed,) = [
        item.signed for item in world.requester.relay.requests().requests if item.id == id_
    ]
    journal = TransactionJournal(folder / "twin.sqlite")
    sender = Sender(world.market.node, BOB, journal, CHEAP, poll_every=0.02)
    sender.execute(world.market.confirm_request(made, signed.signature))
    assert world.market.state_of(made) is State.CONFIRMED
    return id_


def test_a_twin_is_noticed_by_what_it_confirms(
    registered: World, bench: Bench, tmp_path: Path
) -> None:
    id_ = confirmed_elsewhere(registered, tmp_path)
    bench.until(lambda: "twin" in bench.daemon.troubles)
    assert (
        f"0x{id_.hex()[:8]} was confirmed with this account, but not by this daemon"
        in (bench.daemon.troubles["twin"])
    )
    assert bench.daemon.core.state.twin_deal == id_
    bench.daemon.core.state.twin -= TWIN_REST + 1
    bench.until(lambda: "twin" not in bench.daemon.troubles)


def test_a_deal_of_a_twin_is_not_given_back() -> None:
    """As when one of the two refuses what the other takes."""
    way, made = Way(least=10**30), request()
    way.hear(m.RequestSeen(START, id_of(made), made, b"\x01", True))
    assert way.core.state.passed[id_of(made)].reason.code == "price"
    way.hear(m.TwinSeen(START, id_of(made), START))
    way.chain[id_of(made)] = OnChain(State.CONFIRMED, True, 1, START + made.duration)
    assert not acts(way.read())


def test_what_ran_while_this_daemon_was_off_and_has_ended_is_no_twin_any_more(
    registered: World, bench: Bench, tmp_path: Path
) -> None:
    """As when its owner had it run on another machine for a day."""
    bench.round()
    confirmed_elsewhere(registered, tmp_path)
    chain = Controls(registered.market.node)
    chain.evm_increaseTime(TWIN_REST + 1)
    chain.mine()
    bench.restart()
    bench.until(lambda: bench.daemon.core.state.twin > 0)
    bench.round()
    assert "twin" not in bench.daemon.troubles


def test_what_a_new_folder_finds_on_the_chain_is_no_twins(
    registered: World, bench: Bench, tmp_path: Path
) -> None:
    confirmed_elsewhere(registered, tmp_path)
    (tmp_path / "anew").mkdir()
    bench.folder = tmp_path / "anew"
    bench.restart()
    for _ in range(3):
        bench.round()
    assert "twin" not in bench.daemon.troubles


def test_own_deals_are_no_twins(registered: World, bench: Bench) -> None:
    made, id_ = lodged(registered)
    bench.until(settled(registered, made, id_))
    assert bench.daemon.troubles.get("twin") is None
    assert not bench.daemon.core.state.twin


def test_an_own_confirmation_that_was_refused_and_mined_all_the_same_is_no_twins(
    registered: World, bench: Bench
) -> None:
    """As by a node that refuses and passes it on, or where a reorganization lets it succeed."""
    made, id_ = lodged(registered)
    bench.until(lambda: registered.market.state_of(made) is State.CONFIRMED)
    with closing(sqlite3.connect(bench.folder / "sender.sqlite")) as journal, journal:
        journal.execute("UPDATE entries SET status = 'failed' WHERE key LIKE 'confirm:%'")
    bench.until(settled(registered, made, id_))
    assert not bench.daemon.core.state.twin


def test_no_new_deals_while_a_twin_was_seen() -> None:
    way, made = Way(), request(confirm_by=START + 10_000)
    way.hear(m.TwinSeen(START, b"\x09" * 32, START))
    told = way.hear(m.RequestSeen(START, id_of(made), made, b"\x01", True))
    (word,) = [i for i in told if isinstance(i, m.PostRejection)]
    assert (word.reason.code, word.reason.final) == ("twin", False)
    assert m.Check(id_of(made), made, CLASS, RUNTIME) not in way.at(START + TWIN_REST - 1)
    assert m.Check(id_of(made), made, CLASS, RUNTIME) in way.at(START + TWIN_REST + 5)


# Past deals and earnings


def test_past_deals_are_shown_with_what_they_paid(registered: World, bench: Bench) -> None:
    made, id_ = lodged(registered)
    bench.until(settled(registered, made, id_))
    bench.until(lambda: bench.daemon.journal.paid())
    bench.round()
    found = status_of(bench.daemon.journal, bench.settings)
    (past,) = found["past"]
    paid = registered.market.miner_account(BOB.address).earnings
    assert (past["state"], past["units"], past["paid"]) == ("settled", made.units, str(paid))
    (told,) = [text for name, text in rows_of(found) if name == "past"]
    assert told.startswith(f"0x{id_.hex()[:8]} settled    2 tasks, 100 units, paid ")


def test_earnings_by_day() -> None:
    ether = 10**18
    payments = [
        Paid(TOKEN, DAY - 1, 1, ether),
        Paid(2 * TOKEN, DAY, 1, 3 * ether),
        Paid(TOKEN // 2, DAY + 5, 1),
        Paid(4 * TOKEN, DAY + 6, 2, ether // 2),
    ]
    days = by_day(map(day_of, payments))
    assert days == [
        Day("1970-01-01", 1, 1, TOKEN, ether),
        Day("1970-01-02", 1, 2, 5 * TOKEN // 2, 3 * ether),
        Day("1970-01-02", 2, 1, 4 * TOKEN, ether // 2),
    ]
    assert last(days, None) == days
    assert last(days, 1) == days[1:]
    found = as_json(days, 18)
    assert (found["settled"], found["paid"]) == (4, str(15 * TOKEN // 2))
    assert (found["wei"], found["days"][1]["resource"]) == (str(9 * ether // 2), 1)
    assert list(rows(days, 18)) == [
        ("day", "class", "deals", "paid", "gas, ether"),
        ("1970-01-01", "1", "1", "1", "1"),
        ("1970-01-02", "1", "2", "2.5", "3"),
        ("1970-01-02", "2", "1", "4", "0.5"),
        ("all", "", "4", "7.5", "4.5"),
    ]
    assert list(chart(days, 18)) == [
        ("1970-01-01", "1", "█" * 10, "1"),
        ("1970-01-02", "1", "█" * 25, "2.5"),
        ("1970-01-02", "2", "█" * 40, "4"),
    ]


def test_earnings_net_of_gas() -> None:
    """An ether costs 2.5 tokens; what is left is rounded down."""
    days = [Day("1970-01-01", 1, 1, 10 * TOKEN, 10**18), Day("1970-01-02", 2, 1, TOKEN, 10**18)]
    price = 5 * TOKEN // 2
    assert list(rows(days, 18, price)) == [
        ("day", "class", "deals", "paid", "gas, ether", "net"),
        ("1970-01-01", "1", "1", "10", "1", "7.5"),
        ("1970-01-02", "2", "1", "1", "1", "-1.5"),
        ("all", "", "2", "11", "2", "6"),
    ]
    assert as_csv(days, 18, price).splitlines()[0::2] == [
        "day,class,deals,paid,gas_ether,net",
        "1970-01-02,2,1,1,1,-1.5",
    ]
    assert list(chart(days, 18, price)) == [
        ("1970-01-01", "1", "█" * 40, "7.5"),
        ("1970-01-02", "2", "", "-1.5"),
    ]
    assert as_json(days, 18, price)["net"] == str(6 * TOKEN)
    assert Day("1970-01-01", 1, 1, 10, 1).net(1) == 9


def test_csv_has_plain_numbers() -> None:
    days = [Day("1970-01-01", 1, 2_000, 12_345 * TOKEN, 0)]
    assert as_csv(days, 18) == "day,class,deals,paid,gas_ether\n1970-01-01,1,2000,12345,0\n"
    fine = [Day("1970-01-01", 1, 1, 12_345_678, 352_721_072_291_908)]
    assert as_csv(fine, 6).endswith("\n1970-01-01,1,1,12.345678,0.000352721072291908\n")


def test_a_payment_knows_its_class_and_what_its_gas_cost(tmp_path: Path) -> None:
    with closing(Journal(tmp_path / "journal.sqlite")) as journal:
        ended = Passed(request(salt=7), Reason("ended", "settled"), START)
        cost = Line(id_of(request(salt=7)), START, Told.MINED, "", {"cost": 21})
        name = f"paid:0x{cost.id.hex()}"
        journal.save(Changes(passed={cost.id: ended}, lines=[cost, replace(cost, at=START + 1)]))
        journal.note(**{name: [str(TOKEN), START, 1]})
        paid = {"0x" + cost.id.hex(): Paid(TOKEN, START, ended.request.resource, 42)}
        assert journal.paid() == paid
        # Its story goes when many others have ended: the cost stays.
        others = {
            (n << 16).to_bytes(32, "big"): replace(ended, at=START + n) for n in range(1, KEPT + 1)
        }
        journal.save(Changes(passed=others))
        assert journal.story(cost.id) == []
        assert journal.paid() == paid


def test_earnings_by_command(world: World) -> None:
    config = write_config(world)
    run = CliRunner().invoke
    shown = run(cli, ["miner", "earnings", "--config", str(config)])
    assert (shown.exit_code, "no miner has run in" in shown.output) == (1, True)
    (world.folder / "miner-data").mkdir()
    with closing(Journal(world.folder / "miner-data" / "journal.sqlite")) as journal:
        journal.note(**{"paid:0x01": [str(TOKEN), 1, 1], "paid:0x02": [str(TOKEN), DAY, 2]})
    command = ["miner", "earnings", "--config", str(config), "--days", "1"]
    assert [line.split() for line in run(cli, command).output.splitlines()[1:]] == [
        ["1970-01-02", "1", "1", "0"],
        ["all", "1", "1", "0"],
    ]
    assert run(cli, [*command, "--csv"]).output.splitlines()[1:] == ["1970-01-02,0,1,1,0"]
    assert "█" * 40 in run(cli, [*command, "--chart"]).output
    netted = run(cli, [*command, "--csv", "--ether", "2,500"])
    assert netted.output.splitlines() == [
        "day,class,deals,paid,gas_ether,net",
        "1970-01-02,0,1,1,0,1",
    ]
    wrong = run(cli, [*command, "--ether", "1,5"])
    assert (wrong.exit_code, "'1,5' is no amount of tokens" in wrong.output) == (1, True)
    both = run(cli, [*command, "--chart", "--csv"])
    assert (both.exit_code, "one of --csv, --chart and --json" in both.output) == (2, True)


# Draining


def test_what_draining_waits_for() -> None:
    live = {"request": "0x1234567890", "for": "its release", "until": DAY}
    both = {"classes": [noted_of(sale, SEEN) for sale in (Sale(1, 9, 1), Sale(2, 9, 1))]}
    assert waits({"waits": [live], **both}) == [
        "0x12345678 waits for its release until 1970-01-02 00:00:00 UTC"
    ]
    assert waits({"waits": [], **both}) == [
        "waits for the offer of class 1 to be withdrawn",
        "waits for the offer of class 2 to be withdrawn",
    ]
    gone = noted_of(Sale(1, 9, 1), replace(SEEN, offer=replace(OFFER, valid_until=0)))
    noted = {"classes": [gone], "earnings": str(TOKEN), "decimals": 18}
    assert waits(noted) == ["waits for 1 to be collected"]
    assert waits({}) == ["waits for the daemon to end"]
    assert until(0) == ""


def test_a_drain_that_waits_tells_each_change_once(tmp_path: Path) -> None:
    with closing(Journal(tmp_path / "journal.sqlite")) as journal:
        offered, gone = (
            {"classes": [noted_of(Sale(1, 9, 1), replace(SEEN, offer=offer))]}
            for offer in (OFFER, replace(OFFER, valid_until=0))
        )
        journal.note(status=offered)
        looks = iter([False, False, False, True])
        notes = iter([offered, gone, gone])
        told = follow(journal, lambda: next(looks), lambda _: journal.note(status=next(notes)))
        assert list(told) == [
            "waits for the offer of class 1 to be withdrawn",
            "waits for the daemon to end",
            "the daemon has ended",
        ]


def test_status_names_what_a_resting_miner_rests_for(tmp_path: Path) -> None:
    with closing(Journal(tmp_path / "journal.sqlite")) as journal:
        journal.note(rest=[1, 4_000_000_000])
        shown = list(rows_of(status_of(journal, replace(SETTINGS))))
    assert any(name == "resting" and text.startswith("until 2096-10-02 ") for name, text in shown)
