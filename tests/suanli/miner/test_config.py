"""The miner's file: what is read, and what is said about mistakes."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from suanli.base.config import ConfigError
from suanli.miner.config import read
from suanli.miner.core import Listed, Sale, Share
from suanli.miner.proposal import tokens_of, write
from suanli.store import cid_of

GOOD = {
    "rpc": "http://127.0.0.1:8545",
    "market": "0x" + "Ab" * 20,
    "chain_id": 1337,
    "relays": ["http://127.0.0.1:8646"],
    "payout": "0x" + "22" * 20,
    "capacity": 1_000,
    "ask": "0.5",
    "units_per_second": 900,
}


MODULE, SECOND = b"\x01" * 32, b"\x02" * 32


def written(folder: Path, **changes) -> Path:
    path = folder / "miner.toml"
    write(path, {k: v for k, v in (GOOD | changes).items() if v is not None})
    return path


def test_a_file_with_the_least_that_is_needed(tmp_path: Path) -> None:
    config = read(written(tmp_path))
    assert config.market == "0x" + "ab" * 20
    assert config.sales == (Sale(1, 1_000, 5 * 10**17, verified_only=False),)
    assert config.collect_at == Decimal(10)
    assert config.data == tmp_path / "miner-data"
    assert config.store_folder is None
    assert config.court is False


def test_each_class_says_by_itself_whether_it_is_for_verified_requesters(tmp_path: Path) -> None:
    (sale,) = read(written(tmp_path, verified_only=True)).sales
    assert sale.verified_only is True
    path = written(tmp_path, capacity=None, ask=None)
    tables = '[[sell]]\nask = "0.5"\n[[sell]]\nresource = 2\nask = "1"\nverified_only = true\n'
    path.write_text(path.read_text() + tables)
    assert [sale.verified_only for sale in read(path).sales] == [False, True]


@pytest.mark.parametrize(
    ("changes", "most"),
    [
        ({}, 500),
        ({"max_fee_gwei": 30}, 150),
        ({"max_result_fee_gwei": 200}, 200),
        ({"max_fee_gwei": 300, "max_result_fee_gwei": 200}, 300),
    ],
)
def test_results_may_cost_more(tmp_path: Path, changes: dict, most: int) -> None:
    assert read(written(tmp_path, **changes)).most_result_fee == most


def test_a_store_that_is_a_folder(tmp_path: Path) -> None:
    config = read(written(tmp_path, store="shared", relays=None, data="/elsewhere"))
    assert config.store_folder == tmp_path / "shared"
    assert config.data == Path("/elsewhere")


def test_several_nodes_as_a_list_or_with_commas(tmp_path: Path) -> None:
    path = written(tmp_path, rpc="https://a.example, http://b.example:1")
    assert read(path).rpc == "https://a.example, http://b.example:1"
    text = path.read_text().replace('"https://a.example, http', '["https://a.example", "http')
    path.write_text(text.replace('b.example:1"', 'b.example:1"]'))
    assert read(path).rpc == "https://a.example,http://b.example:1"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"payout": None}, "payout: is missing: add it, or run `suanli miner init`"),
        ({"worker": 2}, "miner.toml:10:1: worker: is no setting: did you mean workers?"),
        ({"payout": "0x12"}, "miner.toml:6:1: payout: is no address"),
        ({"ask": 0.5}, "in quotes"),
        ({"ask": "0.0000000000000000001"}, "18 decimals at most"),
        ({"ask": "0.5%"}, 'must be from "1%" to "1000%"'),
        ({"ask": "90.001%"}, 'must be from "1%" to "1000%"'),
        ({"ask": "x%"}, 'must be from "1%" to "1000%"'),
        ({"capacity": "all"}, 'must be a number, or "auto"'),
        ({"deny": "0x12"}, "deny: must be a table"),
        ({"ask": "-1"}, "must be a number of tokens"),
        ({"ask": "0"}, "must be a number of tokens"),
        ({"ask": "1e40"}, "must be a number of tokens"),
        ({"ask": "309485009.821345068724781056"}, "must be a number of tokens"),
        ({"ask": "NaN"}, "must be a number of tokens"),
        ({"collect_at": "-1"}, "must be a number of tokens"),
        ({"collect_at": "Infinity"}, "must be a number of tokens"),
        ({"capacity": 0}, "from 1 to"),
        ({"capacity": "many"}, 'must be a number, or "auto"'),
        ({"capacity": True}, 'must be a number, or "auto"'),
        ({"workers": 2.5}, "must be a number"),
        ({"units_per_second": 0}, "from 1 to"),
        ({"margin": 0.5}, "from 1 to"),
        ({"poll": 0}, "from 0.05 to"),
        ({"court": "yes"}, "true or false"),
        ({"verified_only": 1}, "true or false"),
        ({"rpc": 8545}, "must be text"),
        ({"rpc": ""}, "must be like http"),
        ({"rpc": "http://127.0.0.1:8545,"}, "must be like http"),
        ({"rpc": "127.0.0.1:8545"}, "must be like http"),
        ({"rpc": "http://127.0.0.1:port"}, "must be like http"),
        ({"relays": ["http://[::1"]}, "must be like http"),
        ({"relays": ["http://127.0.0.1:8646", "http://127.0.0.1:99999999"]}, "must be like http"),
        ({"relays": "http://127.0.0.1:8646"}, "must be a list"),
        ({"relays": [8646]}, "must be text"),
        ({"data": "~nosuchuser/x"}, "no such user"),
        ({"store": "~nosuchuser/x"}, "no such user"),
        ({"store": "ipfs:127.0.0.1:5001"}, "is no place on IPFS: write a node's RPC address"),
        ({"store": "ipfs:https://g.example"}, "gateways only give: name a node's RPC"),
        ({"store": "ipfs:/ip4/127.0.0.1/tcp/1", "relays": None}, "takes a relay, too"),
        ({"cache": "~nosuchuser/x"}, "no such user"),
        ({"collect_at": "1e9999"}, "must be a number of tokens"),
        ({"relays": None}, "without a relay, name a folder"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, changes: dict, says: str) -> None:
    path = written(tmp_path, **changes)
    with pytest.raises(ConfigError, match=r"miner\.toml") as caught:
        read(path)
    assert says in str(caught.value)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read(written(tmp_path, payout="0x12", ask=0.5, workers=0))
    places = [line.partition("miner.toml:")[2][:4] for line in str(caught.value).splitlines()]
    assert places == ["6:1:", "8:1:", "10:1"]


def test_secrets_of_nodes_are_not_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="must be like http") as caught:
        read(written(tmp_path, rpc="htp://node.example/v3/0a1b2c"))
    assert "0a1b2c" not in str(caught.value)


@pytest.mark.parametrize("rpc", ["ws://127.0.0.1:8546", "wss://a.example/key", "/run/geth.ipc"])
def test_nodes_over_other_ways(tmp_path: Path, rpc: str) -> None:
    assert read(written(tmp_path, rpc=rpc)).rpc == rpc


def test_an_ask_that_follows_and_lists(tmp_path: Path) -> None:
    path = written(tmp_path, ask="90%", capacity="auto")
    with path.open("a") as file:
        file.write(f'[deny]\nmodules = ["{"ab" * 32}"]\n[allow]\nrequesters = ["0x{"CD" * 20}"]\n')
    config = read(path)
    assert config.sales == (Sale(1, 3_600 * 900, Share(9_000)),)
    assert config.deny == Listed(modules=frozenset({b"\xab" * 32}))
    assert config.allow == Listed(requesters=frozenset({"0x" + "cd" * 20}))


def denying(folder: Path, line: str) -> Path:
    path = written(folder)
    with path.open("a") as file:
        file.write(f"[deny]\n{line}\n")
    return path


def test_lists_of_modules_and_requesters(tmp_path: Path) -> None:
    modules, other = f'modules = ["{MODULE.hex()}", "{cid_of(SECOND)}"]', "0x" + "44" * 20
    found = read(denying(tmp_path, f'{modules}\nrequesters = ["{other}"]')).deny
    assert found == Listed(frozenset({MODULE, SECOND}), frozenset({other}))
    assert read(denying(tmp_path, "")).deny == Listed()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("module = []", "deny.module: unknown; here may stand modules, requesters"),
        ('modules = "ab"', "deny.modules: must be a list of texts"),
        ("requesters = [1]", "deny.requesters: must be a list of texts"),
        (
            'modules = ["tool.wasm"]',
            "deny.modules: 'tool.wasm' is no module: the sha256 digest of its file is",
        ),
        (
            'requesters = ["bob"]',
            "deny.requesters: 'bob' is no requester: 0x and 40 hexadecimal digits are",
        ),
    ],
)
def test_lists_that_are_wrong(tmp_path: Path, line: str, says: str) -> None:
    path = denying(tmp_path, line)
    with pytest.raises(ConfigError) as caught:
        read(path)
    assert str(caught.value) == f"{path}:11:1: {says}"


def selling(folder: Path, *tables: str, **changes) -> Path:
    path = written(folder, **{"capacity": None, "ask": None} | changes)
    with path.open("a") as file:
        file.writelines(f"[[sell]]\n{table}\n" for table in tables)
    return path


def test_several_classes(tmp_path: Path) -> None:
    config = read(selling(tmp_path, 'ask = "0.5"', 'resource = 2\ncapacity = 7\nask = "90%"'))
    assert config.sales == (Sale(1, 3_600 * 900, 5 * 10**17), Sale(2, 7, Share(9_000)))


@pytest.mark.parametrize(
    ("tables", "changes", "says"),
    [
        (['ask = "1"', 'ask = "2"'], {}, "class 1 is sold twice"),
        (['ask = "1"'], {"ask": "1"}, "ask: stands beside [[sell]]"),
        (["resource = 2"], {}, "miner.toml:8:1: sell.0.ask: is missing"),
        (
            ['ask = "1"\nworkers = 2'],
            {},
            "miner.toml:10:1: sell.0.workers: is of all classes: move it above the first [[sell]]",
        ),
        (
            ['ask = "1"\nunits_per_second = 9'],
            {"units_per_second": None},
            "sell.0.units_per_second: is of all classes: move it above the first [[sell]]",
        ),
        (
            ['ask = "1"\nprice = 9'],
            {},
            "sell.0.price: unknown; here may stand resource, capacity, ask",
        ),
        (['ask = "1"\ncapacity = 0'], {}, "from 1 to"),
        ([], {"sell": "all"}, "sell: is no list"),
        ([], {}, "miner.toml: ask: is missing"),
    ],
)
def test_mistakes_in_classes(tmp_path: Path, tables: list, changes: dict, says: str) -> None:
    with pytest.raises(ConfigError, match=r"miner\.toml") as caught:
        read(selling(tmp_path, *tables, **changes))
    assert says in str(caught.value)


def test_no_file_and_no_toml(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="suanli miner init"):
        read(tmp_path / "miner.toml")
    (tmp_path / "miner.toml").write_text("rpc = \n")
    with pytest.raises(ConfigError, match=r"miner\.toml:1:7: Invalid value"):
        read(tmp_path / "miner.toml")


@pytest.mark.parametrize("name", ["data", "store", "cache"])
def test_a_path_without_nul(tmp_path: Path, name: str) -> None:
    path = written(tmp_path)
    with path.open("a") as file:
        file.write(f'{name} = "a\\u0000b"\n')
    with pytest.raises(ConfigError, match="it holds a NUL"):
        read(path)


@pytest.mark.parametrize(
    ("price", "text"),
    [(10**18, "1"), (5 * 10**17, "0.5"), (1, "0.000000000000000001"), (120 * 10**18, "120")],
)
def test_prices_are_written_exactly(price: int, text: str) -> None:
    assert tokens_of(price) == text
