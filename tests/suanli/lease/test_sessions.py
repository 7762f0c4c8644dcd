"""Sessions from end to end, over sockets: programs, files, signals; broken, killed, taken up."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from suanli.base.accounts import Account
from suanli.base.errors import SuanliError
from suanli.lease.errors import LeaseError
from suanli.lease.host import house
from suanli.lease.host.core import HostStage
from suanli.lease.host.desk import MOST_VOUCHERS
from suanli.lease.host.house import UNDONE_WITHIN
from suanli.lease.host.room import RoomWork
from suanli.lease.rate import Rate
from suanli.lease.user.ledger import Extension, LeaseLedger
from suanli.lease.user.run import MinerLeft
from suanli.lease.wire import Control, Conversation, Doing, Numbered, read
from suanli.protocol import Voucher, sign, signed_to_json
from tests.harness.sessions import (
    DOMAIN,
    MINER,
    PRICE,
    RATE,
    RESOURCE,
    STEP,
    UNIT_SECONDS,
    Market,
    Screen,
    reopened,
    until,
    wish,
)

Play = Callable[[Callable[[Market], Any]], None]


def test_a_program_runs_with_input_output_and_its_exit_code(play: Play) -> None:
    async def test(market: Market) -> None:
        screen = Screen()
        program = "read line; echo got $line; echo bad >&2; exit 7"
        run = market.run(market.opened(wish("sh", "-c", program)), screen)
        ends = asyncio.create_task(run.run())
        await until(lambda: run.use is not None and run.use.running())
        assert run.use is not None
        await run.use.input(b"five\n")
        assert await ends == 7
        assert (bytes(screen.out), bytes(screen.err)) == (b"got five\n", b"bad\n")
        await until(lambda: bool(market.chain.closings))
        ((_, amount, signature),) = market.chain.closings
        assert amount == run.payments.signed > 0
        assert len(signature) == 65
        await until(lambda: all(room.closed for room in market.rooms.made))

    play(test)


def test_files_go_there_and_come_back(play: Play, tmp_path: Path) -> None:
    there, back = tmp_path / "there", tmp_path / "back"
    (there / "deep").mkdir(parents=True)
    (there / "deep" / "data").write_bytes(bytes(range(256)) * 8_000)
    (there / "empty").touch()

    async def test(market: Market) -> None:
        asked = wish("sh", "-c", "cp deep/data copy", upload=str(there), download=str(back))
        assert await market.run(market.opened(asked)).run() == 0

    play(test)
    assert (back / "copy").read_bytes() == (there / "deep" / "data").read_bytes()
    assert (back / "empty").read_bytes() == b""


def test_no_more_comes_back_than_the_room_can_keep(play: Play, tmp_path: Path) -> None:
    back = tmp_path / "back"

    async def test(market: Market) -> None:
        program = "truncate -s 40M sparse"  # which a room's disk has place for
        asked = wish("sh", "-c", program, download=str(back), disk=1 << 20)
        with pytest.raises(LeaseError, match="the download has more than 18,874,368 bytes"):
            await market.run(market.opened(asked)).run()

    play(test)
    assert not back.exists()


def test_ctrl_c_overtakes_input_that_nobody_reads(play: Play) -> None:
    async def test(market: Market) -> None:
        program = "trap 'echo stopped; exit 5' INT; echo ready; while :; do sleep 0.05; done"
        screen = Screen()
        run = market.run(market.opened(wish("sh", "-c", program)), screen)
        ends = asyncio.create_task(run.run())
        await until(lambda: screen.out == b"ready\n")
        assert run.use is not None
        for _ in range(8):
            await run.use.input(bytes(32 << 10))
        await run.use.signal(signal.SIGINT)
        assert await ends == 5
        assert screen.out.endswith(b"stopped\n")

    play(test)


def test_a_broken_connection_is_taken_up_and_no_byte_is_lost_or_twice(play: Play) -> None:
    async def test(market: Market) -> None:
        screen = Screen()
        program = "i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done"
        run = market.run(market.opened(wish("sh", "-c", program)), screen)
        ends = asyncio.create_task(run.run())
        for length in (1, 8_000, 20_000):
            await until(lambda length=length: len(screen.out) >= length)  # type: ignore[misc]
            await market.cut()
        assert await ends == 0
        assert screen.out.decode().split("\n")[:-1] == [f"line {i}" for i in range(3_000)]
        assert len(market.rooms.made) == 1

    play(test)


def test_a_killed_requester_goes_on_where_it_was(play: Play, tmp_path: Path) -> None:
    back = tmp_path / "back"

    async def test(market: Market) -> None:
        ledger = market.opened(
            wish("sh", "-c", "echo begun; sleep 0.5; echo done | tee result", download=str(back))
        )
        first, second = Screen(), Screen()
        run = market.run(ledger, first)
        ends = asyncio.create_task(run.run())
        await until(lambda: first.out == b"begun\n")
        ends.cancel()  # nothing more is written or sent by it
        with pytest.raises(asyncio.CancelledError):
            await ends
        assert await market.run(reopened(ledger), second).run() == 0
        assert second.out.endswith(b"done\n")
        assert len(market.rooms.made) == 1

    play(test)
    assert (back / "result").read_text() == "done\n"


def test_a_killed_miner_is_begun_again_with_in_the_same_channel(play: Play) -> None:
    async def test(market: Market) -> None:
        screen = Screen()
        run = market.run(market.opened(wish("sh", "-c", "echo begun; sleep 0.7; echo end")), screen)
        ends = asyncio.create_task(run.run())
        await until(lambda: screen.out == b"begun\n")
        await market.kill()
        await market.start()
        assert await ends == 0
        assert screen.out == b"begun\nbegun\nend\n"
        assert any("lost the room" in line for line in market.told)
        await until(lambda: bool(market.chain.closings))
        assert market.chain.closings[0][1] == run.payments.signed

    play(test)


def test_whoever_stops_signing_is_frozen_after_what_it_paid_and_thawed_by_the_next(
    play: Play,
) -> None:
    async def test(market: Market) -> None:
        screen = Screen()
        program = "while :; do echo tick; sleep 0.05; done"
        run = market.run(market.opened(wish("sh", "-c", program)), screen)
        ends = asyncio.create_task(run.run())
        await until(lambda: len(screen.out) > 20)
        sign = run._do
        run._do = lambda instruction: None  # type: ignore[method-assign]
        await until(lambda: market.rooms.made[0].frozen)
        (desk,) = market.house.desks.values()  # type: ignore[union-attr]
        assert desk.channel.stage is HostStage.FROZEN
        assert desk.channel.served >= desk.channel.paid
        seen = len(screen.out)
        await asyncio.sleep(0.3)
        assert len(screen.out) - seen < 20  # what was under way
        run._do = sign  # type: ignore[method-assign]
        await until(lambda: not market.rooms.made[0].frozen)
        await until(lambda: len(screen.out) > seen + 20)
        run.interrupt()
        with pytest.raises(Exception, match="interrupted"):
            await ends

    play(test)


def test_forged_vouchers_and_strangers_are_refused(play: Play) -> None:
    async def test(market: Market) -> None:
        ledger, other = market.opened(wish("sleep", "60")), market.opened(wish("true"), "other")
        ledger.note(key=other.fact("key"))  # another channel's
        run = market.run(ledger)
        with pytest.raises(MinerLeft, match="the channel has another signer"):
            await run.run()
        assert not market.rooms.made

    play(test)


def test_nothing_is_signed_once_the_end_was_said(play: Play) -> None:
    """The miner would not count it, and could still redeem it."""

    async def test(market: Market) -> None:
        ledger = market.opened(wish("true"))
        run = market.run(ledger)
        post = Conversation.post

        def slow(talk: Conversation, do: str, **fields: Any) -> None:
            if do != "ended":
                post(talk, do, **fields)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Conversation, "post", slow)
            patch.setattr("suanli.lease.user.run.TO_END", 3 * STEP / 1_000)
            assert await run.run() == 0
        assert market.chain.closings[0][1] == run.payments.signed

    play(test)


def test_a_flood_of_vouchers_ends_the_connection(play: Play) -> None:
    async def test(market: Market) -> None:
        assert market.house is not None
        ledger = market.opened(wish("true"))
        await market.house.look()
        (desk,) = market.house.desks.values()
        said: list[str] = []
        desk._post = lambda do, **fields: said.append(fields.get("why", do))  # type: ignore[method-assign]
        key = Account.from_key("0x" + ledger.fact("key"))
        for amount in range(1, MOST_VOUCHERS + 2):
            signed = sign(DOMAIN, Voucher(desk.channel.id, amount), key)
            desk.hear(Control("voucher", {"voucher": signed_to_json(signed)}))
        assert said[-1] == "more than 20 vouchers in a second"
        assert desk.channel.amount == MOST_VOUCHERS

    play(test)


def test_a_voucher_of_somebody_else_ends_the_connection(play: Play) -> None:
    async def test(market: Market) -> None:
        ledger = market.opened(wish("sleep", "60"))
        run = market.run(ledger)
        ends = asyncio.create_task(run.run())
        await until(lambda: bool(market.rooms.made))
        assert run._talk is not None
        first = run._talk
        forged = sign(DOMAIN, Voucher(run._channel, 10**6), MINER)
        first.post("voucher", voucher=signed_to_json(forged))
        await until(lambda: run._talk is not None and run._talk is not first)
        assert any("this is no voucher of this channel's signer" in one for one in market.told)
        run.interrupt()
        with pytest.raises(LeaseError, match="interrupted"):
            await ends

    play(test)


def test_one_download_at_a_time(play: Play, tmp_path: Path) -> None:
    """Each is a process of the miner's machine before it is in the room."""

    async def test(market: Market) -> None:
        made = RoomWork(1)
        room = market.rooms.make("download", RESOURCE, 1, 60)
        made.begin(room)
        for number in range(3):
            made.incoming.take(Numbered(number, Doing.GET, b'{"path": "."}'))
        refused, done = [], False
        while len(refused) < 2 or not done:
            item = read(await made.outgoing.frame())
            assert isinstance(item, Numbered)
            if item.doing is Doing.FAILED:
                refused.append(item.json()["why"])
            done = done or item.doing is Doing.GOT_END
        assert refused == ["a download runs already"] * 2
        await made.end()

    play(test)


def test_a_miner_that_can_make_no_room_is_left_and_paid_one_voucher(play: Play) -> None:
    async def test(market: Market) -> None:
        market.rooms.refuses = SuanliError("no memory")
        run = market.run(market.opened(wish("true")))
        with pytest.raises(MinerLeft, match="the room is gone: no memory"):
            await run.run()
        assert RATE.time_down(run.payments.signed) <= STEP

    play(test)


def test_a_channel_nobody_attaches_to_is_closed_at_its_end(play: Play) -> None:
    async def test(market: Market) -> None:
        ledger = market.opened(wish("true", seconds=60))
        await until(lambda: bool(market.house.desks))  # type: ignore[union-attr]
        market.chain.time += 61
        await until(lambda: bool(market.chain.closings))
        record = ledger.record
        assert record is not None
        assert market.chain.closings == [(DOMAIN.digest(record.quote), 0, b"")]
        await until(lambda: not market.house.desks)  # type: ignore[union-attr]

    play(test)


def test_time_whose_price_nobody_told_is_not_served(play: Play) -> None:
    async def test(market: Market) -> None:
        assert market.house is not None
        market.opened(wish("true", seconds=60))
        await market.house.look()
        (news,) = market.chain.all.values()
        market.chain.put(replace(news, record=None, ends=market.chain.time + 3_600))
        await market.house.look()
        market.chain.time += 61
        await until(lambda: bool(market.chain.closings))

    play(test)


def test_time_and_money_are_added_while_the_session_runs(play: Play) -> None:
    """The first money pays 1.5 seconds, and the channel lasts 2."""

    async def test(market: Market) -> None:
        assert market.house is not None
        budget, screen = RATE.amount_down(1_500), Screen()
        asked = wish("sh", "-c", "echo begun; sleep 3; echo end", budget=budget, seconds=2)
        ledger = market.opened(asked)
        run = market.run(ledger, screen)
        ends = asyncio.create_task(run.run())
        await until(lambda: screen.out == b"begun\n")
        (news,) = market.chain.all.values()
        over, dear = market.chain.time + 62, Rate.of(2 * PRICE, 1, UNIT_SECONDS, 6)
        market.chain.put(replace(news, record=None, deposit=90_000, ends=over, price=2 * PRICE))
        await market.house.look()
        with closing(LeaseLedger(ledger.folder)) as beside:  # by another process
            beside.extend(Extension(90_000 - budget, over, 2_000, dear))
        market.chain.time += 3
        assert await ends == 0
        assert screen.out == b"begun\nend\n"
        assert len(market.rooms.made) == 1
        assert market.rooms.made[0].lasts > 60
        await until(lambda: bool(market.chain.closings))
        assert market.chain.closings[0][1] == run.payments.signed
        whole = RATE.extended(2_000, dear)
        assert run.payments.rate == whole
        assert whole.amount_up(3_000) <= run.payments.signed <= whole.amount_up(9_000)

    play(test)


def test_a_voucher_above_a_deposit_that_fell_is_not_what_it_is_closed_with(play: Play) -> None:
    """The chain refuses it each time it is tried."""

    async def test(market: Market) -> None:
        assert market.house is not None
        ledger = market.opened(wish("true", budget=1_000))
        await market.house.look()
        (news,) = market.chain.all.values()
        (desk,) = market.house.desks.values()
        key = Account.from_key("0x" + ledger.fact("key"))

        def pay(amount: int) -> None:
            signed = sign(DOMAIN, Voucher(news.id, amount), key)
            desk.hear(Control("voucher", {"voucher": signed_to_json(signed)}))

        pay(900)
        market.chain.put(replace(news, record=None, deposit=2_000))
        await market.house.look()
        pay(1_500)
        market.chain.away = SuanliError("VoucherAboveDeposit")
        desk.hear(Control("end", {}))
        await until(lambda: market.house._closings.empty())  # type: ignore[union-attr]
        market.chain.put(replace(news, record=None, deposit=1_000))
        await market.house.look()
        market.chain.away = None
        await until(lambda: bool(market.chain.closings))
        assert market.chain.closings[0][1] == 900

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(house, "AGAIN", 0.05)
        play(test)


def test_a_closing_that_was_undone_is_made_again_after_a_restart_too(play: Play) -> None:
    async def test(market: Market) -> None:
        run = market.run(market.opened(wish("true")))
        assert await run.run() == 0
        await until(lambda: bool(market.chain.closings))
        await until(lambda: not market.house.desks)  # type: ignore[union-attr]
        (news,) = market.chain.all.values()
        await market.kill()
        made = await market.start()
        assert not made.desks
        market.chain.put(replace(news, record=None, closed=False))
        await until(lambda: len(market.chain.closings) == 2)
        assert market.chain.closings[0] == market.chain.closings[1]
        await until(lambda: not made.desks)
        market.chain.time += UNDONE_WITHIN + 1
        market.chain.put(replace(news, record=None, closed=True))
        await until(lambda: not market.chain.all)
        assert market._journal is not None
        assert list(market._journal.channels()) == []

    play(test)


def test_many_that_ask_for_unknown_channels_look_at_the_chain_once(play: Play) -> None:
    async def test(market: Market) -> None:
        assert market.house is not None
        count, news = 0, market.chain.news

        def slow() -> list[Any]:
            nonlocal count
            count += 1
            time.sleep(0.05)
            return news()

        market.chain.news = slow  # type: ignore[method-assign]
        await asyncio.gather(*(market.house.look() for _ in range(30)))
        assert count <= 3  # one may have been under way, and one is its own

    play(test)


def test_a_house_knows_from_its_first_start_how_far_it_has_read(play: Play) -> None:
    async def test(market: Market) -> None:
        assert market._journal is not None
        assert market._journal.fact("mark") == "mark"

    play(test)


def test_a_channel_that_cannot_be_closed_now_is_closed_later_after_a_kill_too(play: Play) -> None:
    async def test(market: Market) -> None:
        market.chain.away = SuanliError("the node is away")
        run = market.run(market.opened(wish("true")))
        assert await run.run() == 0
        await until(
            lambda: all(
                desk.channel.stage is HostStage.CLOSING
                for desk in market.house.desks.values()  # type: ignore[union-attr]
            )
        )
        await market.kill()
        market.chain.away = None
        await market.start()
        await until(lambda: bool(market.chain.closings))
        assert market.chain.closings[0][1] == run.payments.signed

    play(test)


def test_a_room_that_ends_by_itself_is_begun_again(play: Play) -> None:
    async def test(market: Market) -> None:
        screen = Screen()
        run = market.run(market.opened(wish("sh", "-c", "echo begun; sleep 0.4")), screen)
        ends = asyncio.create_task(run.run())
        await until(lambda: screen.out == b"begun\n")
        market.rooms.made[0].die()
        assert await ends == 0
        assert screen.out == b"begun\nbegun\n"
        assert len(market.rooms.made) == 2

    play(test)


def test_a_budget_that_is_used_up_ends_the_lease_and_is_paid_whole(play: Play) -> None:
    async def test(market: Market) -> None:
        budget = RATE.amount_down(700)
        run = market.run(market.opened(wish("sleep", "60", budget=budget)))
        with pytest.raises(LeaseError, match="the budget is used up"):
            await run.run()
        await until(lambda: bool(market.chain.closings))
        assert market.chain.closings[0][1] == budget

    play(test)


def test_a_room_that_cannot_be_stopped_is_ended(
    play: Play, caplog: pytest.LogCaptureFixture
) -> None:
    """Else it would be served unpaid."""

    async def test(market: Market) -> None:
        screen = Screen()
        run = market.run(market.opened(wish("sh", "-c", "echo begun; sleep 60")), screen)
        ends = asyncio.create_task(run.run())
        await until(lambda: screen.out == b"begun\n")

        def fails() -> None:
            raise OSError("no such cgroup")

        first = market.rooms.made[0]
        first.freeze = fails  # type: ignore[method-assign]
        run._do = lambda instruction: None  # type: ignore[method-assign]  # signs nothing more
        await until(lambda: first.closed)
        run.interrupt()
        with pytest.raises(LeaseError, match="interrupted"):
            await ends

    play(test)
    assert "a room can't be frozen or thawed, and is ended: no such cgroup" in caplog.text


def test_an_error_in_one_channel_stops_no_other(
    play: Play, caplog: pytest.LogCaptureFixture
) -> None:
    async def test(market: Market) -> None:
        broken, other = market.opened(wish("sleep", "60")), market.opened(wish("true"), "other")
        run = asyncio.create_task(market.run(broken).run())
        await until(lambda: bool(market.rooms.made))
        assert market.house is not None
        desk = next(one for one in market.house.desks.values() if one._talk is not None)

        def fails() -> None:
            raise AssertionError("a fault of the program")

        desk.tick = fails  # type: ignore[method-assign]
        await until(lambda: market.rooms.made[0].closed)
        assert await market.run(other).run() == 0
        run.cancel()

    play(test)
    assert "a channel's room is ended" in caplog.text
