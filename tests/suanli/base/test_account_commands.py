"""`suanli account`, and where its settings come from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from suanli.base.accounts import Account, Keystore
from suanli.base.config import ConfigError, required, setting
from suanli.chain import Market, Token, connect
from suanli.cli import cli
from tests.harness.local_chain import BOB, anvil, deploy

KEY = "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"
ADDRESS = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8"
NEWCOMER = "0x" + "e" * 40


@pytest.fixture
def passphrase(monkeypatch: pytest.MonkeyPatch, keystore: Keystore) -> Keystore:
    monkeypatch.setenv("SUANLI_PASSPHRASE", "secret")
    monkeypatch.setenv("SUANLI_ACCOUNTS", str(keystore.directory))
    return keystore


def run(*arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(cli, ["account", *arguments], input=stdin)


def test_new_and_show(passphrase: Keystore) -> None:
    made = run("new", "alice")
    assert made.exit_code == 0
    stored = passphrase.find("alice")
    assert made.stdout == f"alice  {stored.address}\n"
    assert "nobody can restore them" in made.stderr
    assert run("show").stdout == f"name   address\nalice  {stored.address}\n"
    plain = {"name": "alice", "address": stored.address, "file": str(stored.path)}
    assert json.loads(run("show", "--json").stdout) == [plain]


def test_json_on_stdout(passphrase: Keystore) -> None:
    made = json.loads(run("new", "--json").stdout)
    assert made["name"] == made["address"]


def test_nothing_to_show(passphrase: Keystore) -> None:
    assert "make one with `suanli account new`" in run("show").stdout


def test_import_from_standard_input(passphrase: Keystore) -> None:
    done = run("import", "alice", stdin=f"0x{KEY}\n")
    assert done.stdout == f"alice  {ADDRESS}\n"
    assert passphrase.unlock("alice", "secret").address == ADDRESS


def test_import_from_the_environment(monkeypatch: pytest.MonkeyPatch, passphrase: Keystore) -> None:
    monkeypatch.setenv("SUANLI_PRIVATE_KEY", KEY)
    assert run("import", "alice").stdout == f"alice  {ADDRESS}\n"


def test_import_of_a_file(passphrase: Keystore, tmp_path: Path) -> None:
    kept = Keystore(tmp_path / "other").add(Account.from_key(KEY), "secret", "theirs")
    assert run("import", "alice", "--file", str(kept.path)).stdout == f"alice  {ADDRESS}\n"


def test_no_key_is_taken_from_the_command_line(passphrase: Keystore) -> None:
    for arguments in (("import", "alice", KEY), ("import", "--key", KEY)):
        assert run(*arguments).exit_code == 2
    assert run("import", KEY, stdin="").exit_code == 1  # a name, and no key
    assert passphrase.list() == []


@pytest.mark.parametrize("wrong", ["", "abc", KEY + "0"])
def test_a_wrong_key_is_one_line_without_it(passphrase: Keystore, wrong: str) -> None:
    done = run("import", "alice", stdin=wrong + "\n")
    assert done.exit_code == 1
    assert done.output.startswith("Error: not a private key")
    assert KEY not in done.output


def test_without_a_passphrase_and_a_terminal(keystore: Keystore) -> None:
    done = run("new", "alice", "--accounts", str(keystore.directory))
    assert done.exit_code == 1
    assert "set SUANLI_PASSPHRASE or SUANLI_PASSPHRASE_FILE" in done.output


def test_the_passphrase_is_asked_for_twice(
    monkeypatch: pytest.MonkeyPatch, keystore: Keystore
) -> None:
    answers = iter(["one", "two", "same", "same"])
    monkeypatch.setattr("suanli.cli.asking.prompt", lambda question: next(answers))
    directory = str(keystore.directory)
    differ = run("new", "alice", "--accounts", directory)
    assert (differ.exit_code, "differ" in differ.output) == (1, True)
    assert run("new", "alice", "--accounts", directory).exit_code == 0
    assert keystore.unlock("alice", "same").address == keystore.find("alice").address


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("show", "nobody"), 1, "there is no account 'nobody'"),
        (("fund",), 2, "name the account"),
        (("fund", "nobody"), 1, "there is no account 'nobody'"),
        (("fund", ADDRESS, "--rpc", "http://127.0.0.1:1"), 1, "is it running"),
        (("fund", ADDRESS, "--rpc", "nonsense"), 1, "begins with http"),
        (("fund", ADDRESS, "--ether", "-1"), 2, "--ether"),
        (("new", "a/b"), 1, "is no name"),
    ],
)
def test_mistakes(passphrase: Keystore, arguments: tuple[str, ...], code: int, words: str) -> None:
    done = run(*arguments)
    assert done.exit_code == code
    assert words in done.output
    assert "Traceback" not in done.output


# On a chain


@pytest.fixture(scope="module")
def market() -> Iterator[Market]:
    with anvil() as url:
        yield deploy(connect(url))


@pytest.fixture
def on_chain(monkeypatch: pytest.MonkeyPatch, market: Market) -> Market:
    url = market.node.transport._transport._url  # type: ignore[attr-defined]
    monkeypatch.setenv("SUANLI_RPC", url)
    monkeypatch.setenv("SUANLI_MARKET", market.address)
    return market


def test_fund_gives_ether_and_tokens(on_chain: Market, passphrase: Keystore) -> None:
    run("new", "newcomer")
    address = passphrase.find("newcomer").address
    done = run("fund", "newcomer", "--ether", "0.5", "--tokens", "12")
    assert (done.exit_code, done.stdout) == (0, "0.5 ether\n12 SLT\n")
    shown = json.loads(run("balance", "newcomer", "--json").stdout)
    assert shown["wei"] == str(5 * 10**17)
    assert (shown["wallet"], shown["available"], shown["locked"]) == (str(12 * 10**18), "0", "0")
    text = run("balance", "newcomer").stdout
    assert "ether  0.5\n" in text
    assert "wallet  12 SLT\n" in text
    assert Token(on_chain.node, on_chain.token()).balance_of(address) == 12 * 10**18


def test_fund_without_a_market(on_chain: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUANLI_MARKET")
    done = run("fund", NEWCOMER, "--ether", "1")
    assert done.stdout == (
        "1 ether\nno tokens: name the market (--market or SUANLI_MARKET) to get its token\n"
    )
    assert on_chain.node.balance(NEWCOMER) == 10**18


def test_fund_where_there_is_no_market(on_chain: Market) -> None:
    done = run("fund", NEWCOMER, "--market", BOB.address)
    assert done.exit_code == 1
    assert "there is no contract at" in done.output


def test_fund_more_than_there_is(on_chain: Market) -> None:
    done = run("fund", NEWCOMER, "--ether", "1000000")
    assert done.exit_code == 1
    assert "no account with enough ether" in done.output


def test_fund_elsewhere_says_what_to_do() -> None:
    with anvil("--chain-id", "5") as url:
        done = run("fund", NEWCOMER, "--rpc", url)
    assert done.exit_code == 1
    assert "chain 5 is no local one" in done.output
    assert f"send {NEWCOMER} what it needs" in done.output


# Settings


def test_a_flag_comes_before_the_environment_before_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert setting("rpc", default="standard") == "standard"
    file = tmp_path / "config.toml"
    file.write_text('rpc = "written"\n')
    monkeypatch.setenv("SUANLI_CONFIG", str(file))
    assert setting("rpc", default="standard") == "written"
    monkeypatch.setenv("SUANLI_RPC", "set")
    assert setting("rpc") == "set"
    assert setting("rpc", "given") == "given"
    file.write_text('rpc = ["https://a", "https://b"]\n')
    monkeypatch.delenv("SUANLI_RPC")
    assert setting("rpc") == "https://a,https://b"


def test_mistakes_in_the_file_have_their_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "config.toml"
    file.write_text('rpc = ["https://a", 7]\n market = 7\nmakret = "0x"\n')
    monkeypatch.setenv("SUANLI_CONFIG", str(file))
    with pytest.raises(ConfigError) as caught:
        setting("account")
    assert str(caught.value).splitlines() == [
        f"{file}:1:1: rpc: must be text, in quotes",
        f"{file}:2:2: market: must be text, in quotes",
        f"{file}:3:1: makret: is no setting: did you mean market?",
    ]


def test_the_file_at_home(tmp_path: Path) -> None:
    file = tmp_path / "home" / ".suanli" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text('account = "alice"\n')
    assert required("account") == "alice"
    with pytest.raises(ConfigError, match="give --market, set SUANLI_MARKET"):
        required("market")


@pytest.mark.parametrize("text", [None, "rpc = ", "\0"])
def test_files_that_can_not_be_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str | None
) -> None:
    file = tmp_path / "config.toml"
    if text is not None:
        file.write_text(text)
    monkeypatch.setenv("SUANLI_CONFIG", str(file))
    with pytest.raises(ConfigError, match=r"(there is no configuration file |^).*config\.toml"):
        setting("rpc")
