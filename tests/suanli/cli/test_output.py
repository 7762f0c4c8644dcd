"""What people see: whole and plain in a pipe, folded and bold on a terminal."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout

import pytest

from suanli.cli.output import counted, print_facts, print_table

ADDRESS = "0x" + "ab" * 20
HEAD = ("miner", "ask", "ends")
ROWS = [(ADDRESS, "1.5", "soon"), ("0x1", "20", "[bold]:smile:")]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@contextmanager
def terminal() -> Iterator[Terminal]:
    """Forty columns wide, on both streams."""
    made = Terminal()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("NO_COLOR", "FORCE_COLOR"):
            patch.delenv(name, raising=False)
        patch.setenv("TERM", "xterm")
        patch.setenv("COLUMNS", "40")
        with redirect_stdout(made), redirect_stderr(made):
            yield made


def test_a_table_in_a_pipe_is_plain_text(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(HEAD, ROWS, right=(1,))
    assert capsys.readouterr().out.splitlines() == [
        f"miner{' ' * 38} ask  ends",
        f"{ADDRESS}  1.5  soon",
        f"0x1{' ' * 41} 20  [bold]:smile:",
    ]


def test_facts_in_a_pipe_have_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    long = "word " * 100 + "end"
    print_facts([("name", long), ("", "[bold]x[/bold] :smile:")])
    assert capsys.readouterr().out == f"name        {long}\n            [bold]x[/bold] :smile:\n"


def test_nothing_is_cut_on_a_narrow_terminal() -> None:
    with terminal() as shown:
        print_table(HEAD, ROWS)
    assert ADDRESS in shown.getvalue()
    assert "\x1b[1mminer" in shown.getvalue()


def test_facts_fold_below_themselves_on_a_terminal() -> None:
    with terminal() as shown:
        print_facts([("why", "one two three four five six seven eight")])
    first, second = shown.getvalue().splitlines()
    assert first.endswith("one two three four five six")
    assert second == f"\x1b[1m{' ' * 12}\x1b[0mseven eight"


def test_bars_are_for_terminals_only(capsys: pytest.CaptureFixture[str]) -> None:
    with counted("job", 2) as one_more:
        one_more()
    assert capsys.readouterr() == ("", "")


def test_a_bar_counts() -> None:
    with terminal() as shown, counted("[bold]", 2) as one_more:
        one_more()
        one_more()
    assert "[bold]" in shown.getvalue()
    assert "2/2" in shown.getvalue()
