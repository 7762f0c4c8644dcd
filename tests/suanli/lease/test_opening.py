"""A lease from wish to refund, killed at each step; and what a miner's file says of leases."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from suanli.base.config import ConfigError
from suanli.chain import ContractError
from suanli.cli import lease
from suanli.devnet import leases
from suanli.lease.channel import channel_to_json
from suanli.lease.errors import LeaseError, Unreached
from suanli.lease.host.config import Lease, ask_of, read
from suanli.lease.rate import Rate
from suanli.lease.sandbox.offer import GpuKind, GpuWish, RoomOffer
from suanli.lease.user import finding, opening
from suanli.lease.user.core import LeaseFault, LeaseStage
from suanli.lease.user.ledger import Extension, LeaseLedger, SessionPlace, find
from suanli.lease.user.run import MinerLeft
from suanli.protocol import Channel, ChannelStatus, ChannelView, Hosting, Quote, Signed
from tests.harness.sessions import (
    CHANNELS,
    DOMAIN,
    MINER,
    NUMBER,
    PRICE,
    REQUESTER,
    STEP,
    UNIT_SECONDS,
    Market,
    wish,
)

Play = Callable[[Callable[[Market], Any]], None]
NOTICE = 60


class Died(Exception):
    """The process, by the test."""


@dataclass
class BookedChain:
    """What a `RequesterChannels` does, on paper; `dies` names the step after which it dies."""

    dies: str = ""
    nonce: int = 0
    opened: dict[str, Channel] = field(default_factory=dict)
    views: dict[int, ChannelView] = field(default_factory=dict)
    funded: int = 0
    ended: int = 0
    added: dict[str, tuple[int, int | None]] = field(default_factory=dict)
    refuses: Exception | None = None
    time: int = 1_000
    token: Any = field(default_factory=lambda: SimpleNamespace(decimals=lambda: 6))
    channels: Any = field(default_factory=lambda: SimpleNamespace(address=CHANNELS))

    def _done(self, step: str) -> None:
        if self.dies == step:
            self.dies = ""
            raise Died

    def next_nonce(self) -> int:
        return self.nonce + 1

    def fund(self, amount: int) -> None:
        self.funded = max(self.funded, amount)
        self._done("fund")

    def open(self, signed: Signed[Quote], deposit: int, price: int, key: str) -> Channel:
        if key not in self.opened:  # as the sender's journal knows it
            quote = signed.message
            self.opened[key] = Channel(quote, price, self.time, deposit, 1)
            ends = self.time + quote.duration
            self.views[quote.nonce] = ChannelView(ChannelStatus.OPEN, ends, deposit, 0, 0)
            self.nonce = quote.nonce
        self._done("open")
        return self.opened[key]

    def view(self, record: Channel) -> ChannelView:
        return self.views[record.quote.nonce]

    def top_up(
        self, record: Channel, amount: int, seconds: int, price: int, key: str
    ) -> tuple[int, int | None]:
        if self.refuses is not None:
            raise self.refuses
        if key not in self.added:
            view = self.view(record)
            more = {"deposit": view.deposit + amount, "ends": view.ends + seconds}
            self.views[record.quote.nonce] = replace(view, **more)
            self.added[key] = (view.ends + seconds, PRICE * 2 if seconds else None)
        self._done("top up")
        return self.added[key]

    def _put(self, record: Channel, status: ChannelStatus) -> ChannelView:
        self.views[record.quote.nonce] = replace(self.view(record), status=status)
        return self.view(record)

    def end(self, record: Channel) -> ChannelView:
        if self.view(record).status is ChannelStatus.OPEN:
            self.ended += 1
            self._put(record, ChannelStatus.ENDING)
        self._done("end")
        return self.view(record)

    def close(self, record: Channel) -> ChannelView:
        if self.view(record).status is ChannelStatus.CLOSABLE:
            self._put(record, ChannelStatus.NONE)
        return self.view(record)

    def notice_ends(self, record: Channel) -> int:
        return self.time + NOTICE


async def begun(market: Market, chain: BookedChain, **more: Any) -> LeaseLedger:
    assert market.house is not None
    digest = more.pop("certificate", market.certificate.digest).hex()
    addresses = more.pop("addresses", (f"ws://127.0.0.1:{market.house.port}",))
    account, ahead = more.pop("account", MINER.address), more.pop("step", STEP)
    place = SessionPlace(NUMBER, account, addresses, digest, ahead)
    return await opening.begin(
        market.folder,
        DOMAIN,
        chain,  # type: ignore[arg-type]
        REQUESTER,
        place,
        wish("true", **more),
        UNIT_SECONDS,
        lambda key: opening.MinerDial(DOMAIN, place, (), key, None),
    )


def test_a_lease_is_opened_once_wherever_it_dies(play: Play) -> None:
    async def test(market: Market) -> None:
        for dies in ("", "fund", "open"):
            chain = BookedChain(dies=dies)
            ledger = await begun(market, chain)
            if dies:
                with pytest.raises(Died):
                    opening.open_channel(ledger, chain)  # type: ignore[arg-type]
            ledger.close()
            with closing(LeaseLedger(ledger.folder)) as again:
                opening.open_channel(again, chain)  # type: ignore[arg-type]
                assert again.stage is LeaseStage.OPEN
                assert list(chain.opened.values()) == [again.record]
                assert chain.funded == again.wish.budget

    play(test)


def test_a_channel_that_the_chain_refuses_is_no_open_lease(play: Play) -> None:
    async def test(market: Market) -> None:
        refusal = ContractError("AccessDenied", {})

        def refuses(*_: Any) -> Channel:
            raise refusal

        chain = BookedChain()
        chain.open = refuses  # type: ignore[method-assign]
        with closing(await begun(market, chain)) as ledger:
            with pytest.raises(ContractError):
                opening.open_channel(ledger, chain)  # type: ignore[arg-type]
            assert ledger.stage is LeaseStage.CLOSED

    play(test)


def test_a_quote_is_the_miners_and_as_wanted(play: Play) -> None:
    async def test(market: Market) -> None:
        chain = BookedChain()
        with pytest.raises(LeaseError, match="something else than was asked for"):
            await begun(market, chain, account=REQUESTER.address)
        with pytest.raises(Unreached, match="somebody else than the miner answers"):
            await begun(market, chain, certificate=b"\1" * 32)
        with pytest.raises(Unreached, match="2 units at most, not 3"):
            await begun(market, chain, units=3)
        with pytest.raises(Unreached, match="3600 seconds at most, not 7200"):
            await begun(market, chain, seconds=7_200)
        with pytest.raises(Unreached, match="class 5 is not sold here by sessions"):
            await begun(market, chain, resource=5)
        with pytest.raises(Unreached, match="can't be reached"):
            await begun(market, chain, addresses=("ws://127.0.0.1:1",))
        with pytest.raises(LeaseError, match="tells no address"):
            await begun(market, chain, addresses=())
        with pytest.raises(LeaseError, match="less than the smallest amount"):
            await begun(market, chain, price=1)

    play(test)


def test_the_rest_comes_back_whoever_closes(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "TO_CLOSE", 0.05)

    async def test(market: Market) -> None:
        told: list[str] = []
        for status, says in (
            (ChannelStatus.NONE, []),  # the miner has closed it
            (ChannelStatus.CLOSABLE, []),
            (ChannelStatus.OPEN, ["the miner may redeem until"]),
        ):
            chain = BookedChain()
            ledger = await begun(market, chain)
            opening.open_channel(ledger, chain)  # type: ignore[arg-type]
            record = ledger.record
            assert record is not None
            chain._put(record, status)
            told.clear()
            opening.settle(ledger, chain, True, told.append, lambda _: None)  # type: ignore[arg-type]
            assert [line[: len(word)] for line, word in zip(told, says, strict=True)] == says
            over = status is not ChannelStatus.OPEN
            assert ledger.stage is (LeaseStage.CLOSED if over else LeaseStage.ENDING)
            assert chain.ended == (not over)
            if not over:  # the notice is over
                chain._put(record, ChannelStatus.CLOSABLE)
                opening.settle(ledger, chain, False, told.append, lambda _: None)  # type: ignore[arg-type]
                assert ledger.stage is LeaseStage.CLOSED
            ledger.close()

    play(test)


def test_a_settling_that_dies_is_taken_up(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "TO_CLOSE", 0.05)

    async def test(market: Market) -> None:
        chain = BookedChain(dies="end")
        ledger = await begun(market, chain)
        opening.open_channel(ledger, chain)  # type: ignore[arg-type]
        with pytest.raises(Died):
            opening.settle(ledger, chain, False, lambda _: None, lambda _: None)  # type: ignore[arg-type]
        opening.settle(ledger, chain, False, lambda _: None, lambda _: None)  # type: ignore[arg-type]
        assert (chain.ended, ledger.stage) == (1, LeaseStage.ENDING)
        ledger.close()

    play(test)


def test_an_extension_is_made_once_wherever_it_dies(play: Play) -> None:
    async def test(market: Market) -> None:
        for dies in ("", "fund", "top up"):
            chain: Any = BookedChain()
            with closing(await begun(market, chain, seconds=60, budget=60_000)) as ledger:
                opening.open_channel(ledger, chain)
                record = ledger.record
                assert record is not None
                chain.dies = dies
                if dies:
                    with pytest.raises(Died):
                        opening.extend(ledger, chain, 40_000, 20, 2 * PRICE)
            with closing(LeaseLedger(ledger.folder)) as again:
                assert opening.extend(again, chain, 40_000, 20, 2 * PRICE) is (dies != "top up")
                dear = Rate.of(2 * PRICE, 1, UNIT_SECONDS, 6)
                assert again.extensions == [Extension(40_000, 1_080, 60_000, dear)]
                assert opening.extend(again, chain, 5, 0, PRICE)
                assert again.extensions[1] == Extension(5, 1_080, 80_000)
                assert chain.view(record).deposit == again.budget == 100_005
                first = opening.rate_of(again, 6)
                assert again.payments(first, STEP).rate == first.extended(60_000, dear)

    play(test)


def test_an_extension_that_the_chain_refuses_adds_nothing_and_hinders_none(play: Play) -> None:
    async def test(market: Market) -> None:
        chain: Any = BookedChain(refuses=ContractError("AccessDenied", {}))
        with closing(await begun(market, chain)) as ledger:
            with pytest.raises(LeaseError, match="is quoted: nothing can be added"):
                opening.extend(ledger, chain, 1, 0, PRICE)
            opening.open_channel(ledger, chain)
            with pytest.raises(ContractError):
                opening.extend(ledger, chain, 1, 0, PRICE)
            chain.refuses = None
            assert opening.extend(ledger, chain, 2, 0, PRICE)
            assert ledger.budget == ledger.wish.budget + 2

    play(test)


def test_a_status_is_in_words(play: Play) -> None:
    async def test(market: Market) -> None:
        chain: Any = BookedChain()
        with closing(await begun(market, chain, seconds=60, budget=60_000)) as ledger:
            opening.open_channel(ledger, chain)
            opening.extend(ledger, chain, 5_000, 20, 2 * PRICE)
            ledger.note(payments={"signed": 1_500, "used": 1_234, "room": 1})
            found = lease._summary(ledger) | {"chain": "open", "paid": 0, "ends": 1_080}
            told = dict(lease._facts(found, lambda amount: f"{amount:,} SLT"))
            assert told.pop("begun").endswith(" UTC")
            assert told == {
                "name": ledger.name,
                "stage": "open",
                "miner": str(NUMBER),
                "leases": "1 of class 4 for 80 s",
                "budget": "65,000 SLT",
                "vouchers": "1,500 SLT, for 1.2 s served",
                "on chain": "open, ends 1970-01-01 00:18:00 UTC",
                "redeemed": "0 SLT",
                "at": "upload",
                "command": "true",
            }

    play(test)


def test_a_price_that_fell_to_nothing_ends_the_lease(play: Play) -> None:
    async def test(market: Market) -> None:
        chain: Any = BookedChain()
        with closing(await begun(market, chain)) as ledger:
            opening.open_channel(ledger, chain)
            record = ledger.record
            assert record is not None
            ledger.note(record=channel_to_json(record._replace(price=0)))
            with pytest.raises(MinerLeft, match="a step costs less than the smallest amount"):
                opening.rate_of(ledger, 6)

    play(test)


def test_a_ledger_is_found_by_the_beginning_of_its_name(tmp_path: Path) -> None:
    with pytest.raises(LeaseError, match="no lease is open here"):
        find(tmp_path, None)
    for name in ("ab1", "ab2"):
        with closing(LeaseLedger(tmp_path / "leases" / name)) as made:
            assert (made.folder / "lease.sqlite").stat().st_mode & 0o777 == 0o600
    with closing(find(tmp_path, "ab2")) as found:
        assert found.name == "ab2"
        with pytest.raises(LeaseFault, match="may not go from quoted to open"):
            found.move(LeaseStage.OPEN)
        found.move(LeaseStage.CLOSED)
    with closing(find(tmp_path, None)) as last:
        assert last.name == "ab1"
    with pytest.raises(LeaseError, match="several leases have a name that begins with 'ab'"):
        find(tmp_path, "ab")
    with pytest.raises(LeaseError, match="no lease has"):
        find(tmp_path, "x")


def test_no_miner_is_paid_more_than_a_minute_ahead(play: Play) -> None:
    async def test(market: Market) -> None:
        await begun(market, BookedChain(), step=60_000)
        with pytest.raises(LeaseError, match=r"^miner 7 wants 61 seconds to be paid ahead"):
            await begun(market, BookedChain(), step=61_000)

    play(test)
    room = RoomOffer(1_000, 1, 1, 8, False).text()
    told = [
        Hosting(MINER.address, 1, 4, bytes(32), "", ahead, room, 2) for ahead in (60_000, 60_001)
    ]
    offer = SimpleNamespace(published=1, reserved=0, valid_until=1, ask=PRICE)
    seen: Any = SimpleNamespace(
        node=SimpleNamespace(head=lambda: SimpleNamespace(time=1)),
        price_of=lambda resource: PRICE,
        miner_account=lambda account: SimpleNamespace(miner_id=NUMBER),
        offer_of=lambda account, resource: offer,
    )
    board: Any = SimpleNamespace(hostings=lambda resource: told)
    assert [one.place.step for one in finding.offers(seen, board, 4)] == [60_000]


def test_offers_that_fit() -> None:
    hosting = Hosting(MINER.address, 1, 4, bytes(32), "", STEP, "{}", 2)
    gpu = GpuKind("NVIDIA H100 80GB", 80 << 30, "580", "13.0", 1)
    bare = RoomOffer(1_000, 1, 1, 8, False)
    made = [
        finding.LeaseOffer(number, MINER.address, PRICE, PRICE, free, room, hosting)
        for number, free, room in ((1, 1, bare), (2, 4, bare), (3, 4, replace(bare, gpus=(gpu,))))
    ]

    def numbers(units: int, wanted: GpuWish | None = None, miner: int | None = None) -> list[int]:
        return [one.miner for one in finding.fitting(made, units, wanted, miner)]

    assert numbers(1) == [1, 2, 3]
    assert numbers(2) == [2, 3]
    assert numbers(1, GpuWish("h100")) == [3]
    assert numbers(1, miner=2) == [2]
    with pytest.raises(LeaseError, match="none of 3 offers has 5 units"):
        numbers(5)
    with pytest.raises(LeaseError, match="nobody leases this class"):
        finding.fitting([], 1, None, None)


# The miner's file

GOOD = """
rpc = "http://127.0.0.1:8545"
[leasing]
channels = "0xCCcccccccccccccccccccccccccccccccccccccc"
listen = "0.0.0.0:8700"
addresses = ["ws://203.0.113.7:8700"]
[[lease]]
resource = 4
ask = "0.5"
memory = "2 GiB"
[[lease]]
resource = 3
units = 2
ask = "1"
gpus = ["GPU-1", "GPU-2"]
"""


def test_what_a_miners_file_says_of_leases(tmp_path: Path) -> None:
    path = tmp_path / "miner.toml"
    path.write_text(GOOD)
    found = read(path)
    assert found is not None
    assert (found.channels, found.listen, found.step) == ("0x" + "cc" * 20, ("0.0.0.0", 8700), 4.0)
    assert [one.resource for one in found.leases] == [4, 3]
    first = found.leases[0]
    assert isinstance(first, Lease)
    assert (first.memory, first.units, ask_of(first)) == (2 << 30, 1, 5 * 10**17)
    path.write_text('rpc = "http://127.0.0.1:8545"\n')
    assert read(path) is None


def test_a_devnet_leases_the_gpus_that_are_there(tmp_path: Path) -> None:
    path = tmp_path / "miner.toml"
    for gpus, image in ((["GPU-1", "GPU-2"], ""), ([], "localhost/room:1")):
        path.write_text(leases.tables(CHANNELS, tmp_path, 8_700, gpus, image))
        found = read(path)
        assert found is not None
        cores, *rest = found.leases
        assert (cores.resource, cores.image, cores.gpus) == (4, image, ())
        assert [(one.resource, one.units, list(one.gpus)) for one in rest] == (
            [(3, 2, gpus)] if gpus else []
        )


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('"2 GiB"', '"2 GB"', "must be a size in quotes"),
        ('"ws://203', '"http://203', "is no address: write one such as ws://"),
        ('"0.0.0.0:8700"', '"8700"', "must be an address and a port"),
        ('["GPU-1", "GPU-2"]', '["GPU-1"]', "are 1, for 2 units"),
        ("resource = 3", "resource = 4", "class 4 is leased twice"),
        ("[[lease]]\nresource = 4", "[lease]\nresource = 4", "Cannot|is no list"),
        ("channels =", "chanels =", "chanels"),
    ],
    ids=range(7),
)
def test_mistakes_are_told(tmp_path: Path, old: str, new: str, why: str) -> None:
    path = tmp_path / "miner.toml"
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(ConfigError, match=why):
        read(path)
