"""`suanli juror …` as somebody at a terminal uses it, and its process killed."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from suanli.base.accounts import Keystore
from suanli.chain import Court, Market
from suanli.cli import cli
from suanli.protocol import CasePhase
from tests.harness.court import TOKEN
from tests.harness.local_chain import BOB, CAROL
from tests.harness.world import process
from tests.suanli.juror.world import SEATS, JudgedWorld, Juror

PATIENCE = 90.0
"""Seconds."""


class Terminal:
    def __init__(self, folder: Path, url: str, world: JudgedWorld) -> None:
        self.folder, self.url, self.world = folder, url, world
        self.environment = {
            "SUANLI_ACCOUNTS": str(folder / "accounts"),
            "SUANLI_PASSPHRASE": "secret",
            "SUANLI_SENT": str(folder / "sent"),
            "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME", str(folder / "cache")),
        }
        Keystore(folder / "accounts").add(CAROL, "secret", "carol")

    @property
    def config(self) -> Path:
        return self.folder / "juror.toml"

    def call(self, *arguments: str) -> Result:
        return CliRunner(env=self.environment).invoke(cli, ["juror", *arguments])

    def init(self, *more: str) -> Result:
        return self.call(
            *("init", "--config", str(self.config), "--rpc", self.url),
            *("--market", self.world.market.address, "--store", str(self.folder / "store")),
            *("--relay", "", "--account", "carol", "--seats", str(SEATS)),
            *("--data", str(self.folder / "judging"), *more),
        )

    def run(self):
        return process("juror", "run", "--config", str(self.config), **self.environment)


@pytest.fixture
def terminal(world: JudgedWorld, url: str, tmp_path: Path) -> Terminal:
    world.juror.kill()
    return Terminal(tmp_path, url, world)


def until(holds: Callable[[], object]) -> None:
    ends = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_a_file_is_written_and_checked(terminal: Terminal) -> None:
    made = terminal.init()
    assert made.exit_code == 0, made.output
    assert "Each seat takes a stake of 100 SLT; a case pays 0.5 SLT." in made.stderr
    again = terminal.init()
    assert (again.exit_code, "give --force to replace it" in again.stderr) == (1, True)
    checked = terminal.call("check", "--config", str(terminal.config))
    assert "ok  court" in checked.stdout
    assert "--  class    1 permits 0101010101010101…, not run here" in checked.stdout
    assert checked.exit_code == 1
    unknown = terminal.call("status", "--config", str(terminal.config))
    assert "no juror has run" in unknown.stderr


def test_a_market_that_is_none_hides_nothing_else(terminal: Terminal) -> None:
    terminal.init()
    nobody = "0x" + "11" * 20
    wrong = terminal.config.read_text().replace(terminal.world.market.address, nobody)
    terminal.config.write_text(wrong)
    checked = terminal.call("check", "--config", str(terminal.config))
    assert checked.exit_code == 1
    assert f"--  chain    there is no contract at {nobody}: is it the right" in checked.stdout
    assert "ok  engine   runs the runtimes" in checked.stdout
    assert f"ok  store    {terminal.folder / 'store'}" in checked.stdout
    assert "ok  clock" in checked.stdout
    ran = terminal.call("run", "--config", str(terminal.config))
    assert (ran.exit_code, "judges the market" in ran.stderr) == (1, True)


def test_a_salt_that_is_known_takes_a_seat(terminal: Terminal, juror: Juror) -> None:
    juror.start()
    trial = terminal.world.submit(terminal.world.lied_about())
    trial.file()
    trial.draw()
    juror.until(lambda: trial.phase is CasePhase.SHOWING)
    (ballot,) = juror.daemon.core.state.ballots.values()
    assert ballot.vote is not None
    Keystore(terminal.folder / "accounts").add(BOB, "secret", "bob")
    terminal.init()
    text = terminal.config.read_text().replace('"carol"', '"bob"')
    terminal.config.write_text(text)
    words = [word.hex() for word in (*ballot.vote, ballot.salt)]
    known = ["expose", trial.case.hex(), "2", *words, "--config", str(terminal.config)]
    shown = terminal.call(*known)
    assert shown.exit_code == 0, shown.output
    assert f"50 SLT are in the account of {BOB.address} in the court" in shown.stderr
    assert juror.court.account_of(BOB.address).available == 50 * TOKEN
    trial.show()
    juror.until(lambda: trial.phase is CasePhase.DECIDED)
    assert juror.court.case_of(trial.case).revealed == 4
    assert ballot.places == (0, 1, 3, 4)
    wrong = terminal.call(*known[:3], "ab", *words[1:], "--config", str(terminal.config))
    assert (wrong.exit_code, "'ab' is not 32 bytes in hexadecimal" in wrong.stderr) == (2, True)


FILE = {
    "rpc": "http://127.0.0.1:8545",
    "market": "0x" + "11" * 20,
    "court": "0x" + "22" * 20,
    "chain_id": 31337,
    "stores": ["store"],
}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"seats": 0}, "seats: must be from 1 to 1000"),
        ({"court": "x"}, "court: is no address"),
        ({"stores": []}, "relays: name where data is"),
        ({"stores": "store"}, "stores: must be a list of texts"),
        ({"stores": ["ipfs:5001"]}, "stores.0: '5001' is no place on IPFS"),
        ({"stores": ["ipfs:https://g.example"]}, "stores.0: on IPFS takes a relay, too"),
        ({"typo": 1}, "typo"),
    ],
)
def test_mistakes_in_the_file_are_named(
    change: dict[str, object], why: str, tmp_path: Path
) -> None:
    path = tmp_path / "juror.toml"
    lines = [f"{name} = {json.dumps(value)}\n" for name, value in (FILE | change).items()]
    path.write_text("".join(lines))
    found = CliRunner().invoke(cli, ["juror", "check", "--config", str(path)])
    assert found.exit_code == 1
    assert why in found.stderr


def test_its_process_is_killed_between_commitment_and_reveal(
    terminal: Terminal, courts: tuple[Market, Court, int]
) -> None:
    """From an empty folder, which finds the seats on the chain; and paid in the end."""
    market, court, _ = courts
    terminal.init("--force")
    trial = terminal.world.submit(terminal.world.lied_about())
    trial.file()
    trial.draw()
    with terminal.run() as running:
        until(lambda: trial.phase is CasePhase.SHOWING)
        running.send_signal(signal.SIGKILL)
        running.wait()
    status = terminal.call("status", "--config", str(terminal.config), "--json")
    (ballot,) = json.loads(status.stdout)["ballots"]
    assert ballot["stage"] in ("voted", "committed")
    trial.show()
    with terminal.run() as running:
        until(lambda: trial.phase is CasePhase.DECIDED)
        market.node.request("evm_increaseTime", 60)
        market.node.request("anvil_mine", "0x1")
        shown = lambda: terminal.call("status", "--config", str(terminal.config)).stdout  # noqa: E731
        until(lambda: "judged           5 paid" in shown())
        assert trial.phase is CasePhase.UPHELD
        running.send_signal(signal.SIGTERM)
        told = running.communicate()[0]
    assert running.returncode == 0, told
    assert "stopped; cases go on with the next run" in told
    assert court.account_of(CAROL.address).available == 5 * TOKEN // 2
    assert "over, voted 0x" in shown()
