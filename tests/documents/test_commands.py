"""Every command that a document prints is known to the tool that it calls.

A block says after its fence what it holds. Lines of `bash` blocks, and commands of ours within
sentences, are read by the tool's own parser: `suanli` with each option and value, `make`'s targets
and variables, `brownie run`'s scripts, modules and scripts of Python. The commands of other tools
stand in untested.toml, with the reason, unless their block is typed as printed by test_run.py.
"""

from __future__ import annotations

import tomllib
from fnmatch import fnmatchcase

import pytest

from tests.documents.parsing import Wrong, parser
from tests.documents.printed import ROOT, WITHIN, Command, blocks, commands
from tests.documents.run import RUN, is_typed

LANGUAGES = {"bash", "json", "mermaid", "pycon", "python", "text", "toml", "ts", "yaml"}
HERE = "tests/documents/untested.toml"
UNTESTED: dict[str, str] = {
    pattern: entry["why"]
    for entry in tomllib.loads((ROOT / HERE).read_text())["untested"]
    for pattern in entry["commands"]
}
COMMANDS = list(commands())
TYPED = {str(block) for block in blocks() if is_typed(block)}


def reasons(words: list[str]) -> list[str]:
    return [pattern for pattern in UNTESTED if fnmatchcase(" ".join(words), pattern)]


def wrong(command: Command) -> str:
    """What is wrong with it, "" if nothing is."""
    for words in command.simple():
        parse = parser(words)
        if reasons(words) or (parse is None and command.where in TYPED):
            continue
        if parse is None:
            return f"say in {HERE} why it is not tested: {words[0]}"
        try:
            parse(command, words)
        except Wrong as error:
            return str(error)
    return ""


def test_blocks_say_what_they_hold() -> None:
    """bash is for commands, text for what they print and for formulas."""
    assert [
        f"{block}: {block.language!r}" for block in blocks() if block.language not in LANGUAGES
    ] == []


def test_commands_are_known_to_their_tools() -> None:
    assert len(COMMANDS) > 200
    assert [f"{command}: {error}" for command in COMMANDS if (error := wrong(command))] == []


def test_commands_within_sentences_are_found_behind_what_is_before_them() -> None:
    within = "`SUANLI_CHAIN_PORT=1 make soak`, `runuser -u me -- suanli case list`, or `make` alone"
    assert WITHIN.findall(within) == [
        "SUANLI_CHAIN_PORT=1 make soak",
        "runuser -u me -- suanli case list",
    ]


def test_what_is_typed_is_printed() -> None:
    found = dict.fromkeys(RUN, 0)
    for block in blocks():
        if is_typed(block):
            found[block.document] += 1
    assert found == {document: len(beginnings) for document, beginnings in RUN.items()}


def test_what_is_not_tested_is_printed_somewhere() -> None:
    untyped = [each for each in COMMANDS if each.where not in TYPED]
    used = {pattern for each in untyped for words in each.simple() for pattern in reasons(words)}
    assert UNTESTED.keys() - used == set()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("suanli job fly", "there is no suanli job fly"),
        ("suanli job run job.toml --budgt 5", "No such option '--budgt'"),
        ("suanli job run job.toml --budget", "Option '--budget' requires an argument."),
        ("suanli job run --budget 5", "suanli job run needs FILE"),
        ("suanli job list everything", "suanli job list takes no everything"),
        ("suanli job list|lst", "there is no suanli job lst"),
        ("suanli govern vote 0x1a perhaps", "'perhaps' is not one of"),
        ("make tests", "the Makefile knows no tests"),
        ("make soak READY=3", "make soak takes no READY"),
        ("make test MINUTES=3", "make test takes no MINUTES"),
        ("runuser -u suanli -- suanli miner fly", "there is no suanli miner fly"),
        ("brownie run deploy everything", "scripts/deploy.py has no ['everything']"),
        ("python -m benchmarks.none", "there is no module benchmarks.none"),
        ("./none.sh", "there is no ./none.sh"),
        ("seq 5 | frobnicate", f"say in {HERE}"),
    ],
)
def test_wrong_commands_are_seen(text: str, why: str) -> None:
    found = wrong(Command("README.md:1", "README.md", text, True))
    assert why in found
