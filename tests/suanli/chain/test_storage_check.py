"""`suanli miner check`, as far as space goes."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from suanli.base.accounts import Account
from suanli.chain import Market, Token
from suanli.daemon import Finding
from suanli.daemon.checks import Reached
from suanli.lease.storage.keeper.checks import examine
from suanli.lease.storage.keeper.config import read
from tests.harness.local_chain import ALICE, BOB, OTHERS
from tests.suanli.chain.test_storage import DAY, TOKEN, kept

HERE = Reached(None, None, None)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def given(at: Path, deals: str = "0x" + "dd" * 20, **changes: str) -> Path:
    port = free_port()
    values = {
        "deals": f'"{deals}"',
        "resource": "5",
        "units": "10",
        "ask": '"0.1"',
        "collateral": '"20"',
        "listen": f'"127.0.0.1:{port}"',
        "addresses": f'["ws://127.0.0.1:{port}"]',
        "disk": '"1 MiB"',
        "longest": str(30 * DAY - 3_600),
        "gas": '"0.001"',
    }
    lines = [f"{name} = {value}" for name, value in (values | changes).items()]
    (path := at / "miner.toml").write_text("\n".join(["[storage]", *lines]))
    return path


def wrong(path: Path, reached: Reached = HERE) -> list[str]:
    return [one.text for one in examine(path, path.parent / "data", reached) if not one.right]


def test_who_sells_no_space_is_told_nothing(tmp_path: Path) -> None:
    (path := tmp_path / "miner.toml").write_text("")
    assert list(examine(path, tmp_path, HERE)) == []


def test_a_table_that_is_wrong_is_told(tmp_path: Path) -> None:
    (text,) = wrong(given(tmp_path, units="0"))
    assert "storage.units: must be from 1 to 1e+06" in text


def test_all_that_is_right(market: Market, tmp_path: Path) -> None:
    path = given(tmp_path, kept(market).address)
    (tmp_path / "data" / "storage" / "bytes").mkdir(parents=True)
    (tmp_path / "data" / "storage" / "bytes" / "one.bytes").write_bytes(bytes(100_000_000))
    table = read(path)
    assert table is not None
    folder, *others = examine(path, tmp_path / "data", Reached(BOB, market, None))
    assert folder.text.startswith(f"{tmp_path}/data/storage/bytes holds 100 MB of 1 MB; ")
    assert (folder.name, folder.right) == ("space", True)
    assert others == [
        Finding(
            "space",
            True,
            "10 units of class 5, 1,000,000,000 bytes each, for 0.1; a period pays 0.000075 and"
            " 0.000037 a leaf at least",
        ),
        Finding("space", True, "the purse has 20 SLT free and 0 SLT behind deals"),
        Finding("space", True, f"{table.addresses[0]} answers"),
    ]


def test_a_folder_that_is_no_use_is_told(tmp_path: Path) -> None:
    (text,) = wrong(given(tmp_path, disk='"9000000 GiB"'))
    assert text.endswith(" are free on its disk: lower `disk`, or make room")
    (tmp_path / "file").write_text("")
    where = tmp_path / "file" / "within"
    assert wrong(given(tmp_path, folder=f'"{where}"')) == [
        f"{where} can't be written: {tmp_path}/file is not this user's"
    ]


@pytest.mark.parametrize(
    ("changes", "who", "why"),
    [
        ({"resource": "9"}, BOB, "there is no class 9 to sell: the market has 5"),
        ({"resource": "1"}, BOB, "class 1 is not leased: see suanli market classes"),
        ({"longest": str(40 * DAY)}, BOB, "the miner's payout has not permitted the storage deals"),
    ],
)
def test_what_the_chain_says_against_it_is_told(
    market: Market, tmp_path: Path, changes: dict[str, str], who: Account, why: str
) -> None:
    path = given(tmp_path, kept(market).address, **changes)
    (text,) = wrong(path, Reached(who, market, None))
    assert text.startswith(why)


def test_who_is_no_miner_yet_is_told_what_will_be_put_behind(
    market: Market, tmp_path: Path
) -> None:
    path = given(tmp_path, kept(market).address)
    told = [one.text for one in examine(path, tmp_path / "data", Reached(ALICE, market, None))]
    assert told[2] == "the purse has 0 SLT free and 0 SLT behind deals, 20 SLT to be added"
    other = given(tmp_path, OTHERS[2])
    (text,) = wrong(other, Reached(ALICE, market, None))
    assert OTHERS[2] in text


def test_addresses_that_lead_nowhere_are_told(tmp_path: Path) -> None:
    closed = f"ws://127.0.0.1:{free_port()}"
    (text,) = wrong(given(tmp_path, addresses=f'["{closed}"]'))
    assert text.startswith(f"{closed} can't be reached: ")
    assert text.endswith(": open its port, correct `addresses`, or try from elsewhere")
    assert wrong(given(tmp_path, addresses="[]")) == [
        "nobody can bring bytes: name `listen` and `addresses`, or a relay"
    ]
    (text,) = wrong(given(tmp_path, listen='"203.0.113.1:8710"'))
    assert text.startswith("203.0.113.1:8710 can't be listened at: ")
    with socket.create_server(("127.0.0.1", 0)) as taken:  # as by the miner that runs
        port = taken.getsockname()[1]
        path = given(tmp_path, listen=f'"127.0.0.1:{port}"')
        assert wrong(path)[0].startswith("ws://127.0.0.1:")


def test_collateral_that_is_not_there_is_told(market: Market, tmp_path: Path) -> None:
    storage, token = kept(market), Token(market.node, market.token())
    has = storage.account_of(BOB.address).available + token.balance_of(BOB.address)
    (text,) = wrong(
        given(tmp_path, storage.address, collateral='"9000000"'), Reached(BOB, market, None)
    )
    assert text == (
        f"the purse has 20 SLT free and 0 SLT behind deals; 8,999,980 SLT are missing and the"
        f" account has {token.show(has)}: send it {token.show(8_999_980 * TOKEN - has)} more, or"
        " lower `collateral`"
    )
