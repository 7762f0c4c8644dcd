"""The root of the command line: every command loads, help loads none."""

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from suanli.base.errors import SuanliError
from suanli.cli import COMMANDS, cli, groups

HEAVY = (
    "eth_account",
    "eth_utils",
    "fastapi",
    "httpx",
    "pydantic",
    "rich",
    "sqlite3",
    "starlette",
    "uvicorn",
    "wasmtime",
    "web3",
)
"""What takes long to load: help must not wait for it."""


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_group_loads_and_explains_itself(name: str) -> None:
    shown = CliRunner().invoke(cli, [name, "--help"])
    assert shown.exit_code == 0
    assert shown.output.startswith(f"Usage: cli {name}")


@pytest.mark.parametrize("name", ["", *sorted(COMMANDS)])
def test_help_lists_what_there_is_without_loading_it(name: str) -> None:
    code = f"import sys; from suanli.cli import cli; cli({[name, '--help'] if name else ['--help']}"
    code += f", standalone_mode=False); print([m for m in {HEAVY} if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.endswith("[]\n")
    group = cli.get_command(click.Context(cli), name) if name else cli
    assert all(f"  {listed} " in shown.stdout for listed in getattr(group, "listed", ()))


GROUPS = [group for group in vars(groups).values() if isinstance(group, groups.LazyGroup)]


@pytest.mark.parametrize(
    ("group", "name"), [(group, name) for group in GROUPS for name in group.listed]
)
def test_a_command_is_listed_under_its_name_with_its_first_sentence(
    group: groups.LazyGroup, name: str
) -> None:
    command = group.get_command(click.Context(group), name)
    assert command is not None
    assert (command.name, command.get_short_help_str(200)) == (name, group.listed[name][1])


def test_an_unknown_command_is_a_usage_error() -> None:
    assert CliRunner().invoke(cli, ["mine"]).exit_code == 2


@pytest.mark.parametrize("error", [SuanliError("buy a key"), OSError("disk on fire")])
def test_errors_that_users_can_mend_are_one_line(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    @click.command()
    def broken() -> None:
        raise error

    monkeypatch.setattr(type(cli), "get_command", lambda *_: broken)
    shown = CliRunner().invoke(cli, ["task"])
    assert (shown.exit_code, shown.output) == (1, f"Error: {error}\n")


def test_ctrl_c_is_told_apart_from_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    def slow() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(type(cli), "get_command", lambda *_: slow)
    shown = CliRunner().invoke(cli, ["task"])
    assert (shown.exit_code, shown.output) == (130, "interrupted\n")


@pytest.mark.parametrize("command", [["--help"], ["--version"], ["account", "show", "--json"]])
def test_output_that_nobody_reads_any_more_is_no_error(command: list[str], tmp_path: Path) -> None:
    """As with `| head`: the reader is gone before the first line is written."""
    (tmp_path / "config.toml").write_text(f'accounts = "{tmp_path}"\n')
    reader, writer = os.pipe()
    os.close(reader)
    ran = subprocess.run(
        [sys.executable, "-m", "suanli", *command],
        env={**os.environ, "SUANLI_CONFIG": str(tmp_path / "config.toml")},
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(writer)
    assert (ran.returncode, ran.stderr) == (1, "")
