"""What documents print is typed as printed, on one devnet: for `make test-deep`.

Each test types whole blocks, so that a line added to one is typed, too. What `0x…` and the like
stand for is told to the terminal. run.py names the blocks, also for the quick test that asks
whether each command is covered.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.documents.printed import ROOT, blocks
from tests.documents.run import RUN
from tests.documents.terminal import Terminal, environment, printed

pytestmark = pytest.mark.deep
EXAMPLES = [document for document in RUN if document.startswith("examples/")]


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """Without a chain, in a folder like the checkout's."""
    home = tmp_path_factory.mktemp("home")
    shutil.copytree(ROOT / "examples", home / "examples", ignore=shutil.ignore_patterns("out"))
    return Terminal(home, environment(home))


@pytest.fixture(scope="module")
def devnet(alone: Terminal) -> Iterator[Terminal]:
    """As README starts it, after the exports that it prints. `values`: what it calls its parts."""
    start, _ = printed("README.md")
    with alone.running(start, "Ctrl-C ends it all") as said:
        lines = [line.split() for line in said.splitlines()]
        exports = dict(words[1].split("=", 1) for words in lines if words[:1] == ["export"])
        parts = {words[0]: words[1] for words in lines if len(words) == 2}
        own = {name: alone.environment[name] for name in ("HOME", "PATH", "LANG")}
        yield Terminal(alone.folder, own | exports, parts)


@pytest.fixture
def job_folder(tmp_path: Path) -> Path:
    """With a job.toml of a second, whose limits a budget of 50 tokens reaches."""
    shutil.copytree(ROOT / "examples" / "queens", tmp_path, dirs_exist_ok=True)
    small = (tmp_path / "small.toml").read_text()
    (tmp_path / "job.toml").write_text(re.sub(r"fuel = .*", "fuel = 100_000_000", small))
    return tmp_path


def typed(terminal: Terminal, document: str) -> None:
    for line in printed(document):
        terminal.type(line)


def test_readme(devnet: Terminal) -> None:
    _, job = printed("README.md")
    devnet.beside(devnet.folder).type(job)


def test_jobs(alone: Terminal, job_folder: Path) -> None:
    typed(alone.beside(job_folder), "docs/jobs.md")


@pytest.mark.parametrize("document", EXAMPLES)
def test_examples(document: str, devnet: Terminal) -> None:
    at_root = document == "examples/README.md"
    folder = devnet.folder if at_root else devnet.folder / Path(document).parent
    typed(devnet.beside(folder), document)


def test_privacy(devnet: Terminal, job_folder: Path) -> None:
    typed(devnet.beside(job_folder), "docs/privacy.md")


def test_requesting(devnet: Terminal, job_folder: Path) -> None:
    """JOB is the last job. A stand-in for a court has no cases, nor do prices of a devnet adapt."""
    terminal = devnet.beside(job_folder)
    (job_folder / "key").write_text("11" * 32)
    for line in printed("docs/requesting.md"):
        if "JOB" in line:
            (*_, last) = json.loads(terminal.type("suanli job list --json"))
            terminal.values = {"JOB N": f"{last['job']} 0", "JOB": last["job"]}
        terminal.values |= {"--file KEY": "--file key"}
        terminal.type(line, code=int("case" in line or "update-price" in line))


def test_identity(devnet: Terminal, tmp_path: Path) -> None:
    """By the attestor that a devnet has."""
    terminal = devnet.beside(tmp_path, {"0x…": devnet.values["miner-1"]})
    terminal.environment = {**devnet.environment, "SUANLI_ACCOUNT": "attestor"}
    typed(terminal, "docs/identity.md")
    shown = terminal.type("suanli identity show --miner 1")
    assert "verified: no" in shown  # again, since the last line of the block revokes


def test_upgrades(alone: Terminal, tmp_path: Path) -> None:
    """Its ids are those of a package that is kept here; it is removed and added again."""
    terminal = alone.beside(tmp_path)
    terminal.environment = {**alone.environment, "SUANLI_RUNTIMES": str(tmp_path / "runtimes")}
    terminal.type("suanli runtime keep")
    (kept,) = json.loads(terminal.type("suanli runtime list --json"))
    terminal.values = {"6abcf31e": kept["digest"], "b6eb1b61…": kept["digest"]}
    terminal.values["c31c6c6e"] = kept["digest"]
    typed(terminal, "docs/upgrades.md")


def test_mining(
    devnet: Terminal, job_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """With a deal, before what tells of deals is typed."""
    folder = tmp_path_factory.mktemp("miner")
    parts = devnet.values
    miner = devnet.beside(folder, {"--market 0x…": f"--market {parts['market']}"})
    miner.values |= {"http://…": parts["relay"], "--payout 0x…": f"--payout {parts['miner-1']}"}
    own = {"SUANLI_ACCOUNTS": str(folder / "accounts"), "SUANLI_PASSPHRASE": "quite secret"}
    miner.environment = {**devnet.environment, **own}
    with ExitStack() as stack:
        for line in printed("docs/mining.md"):
            if "miner run" in line:
                stack.enter_context(miner.running(line, "sells "))
                devnet.beside(job_folder).type("suanli job run job.toml --budget 5000")
                (deal, *_) = json.loads(miner.type("suanli miner status --json"))["past"]
                miner.values["0x3f9a"] = deal["request"]
            else:
                miner.type(line)
            if "account new" in line:
                miner.type("suanli account fund me --tokens 100000")


@pytest.mark.parametrize("document", ["docs/chain.md", "docs/python.md"])
def test_python(document: str, devnet: Terminal, tmp_path: Path) -> None:
    """The first blocks, up to one that has values which only a reader has."""
    found = [
        each.text for each in blocks() if (each.document, each.language) == (document, "python")
    ]
    text = "\n".join(found[: {"docs/chain.md": 1, "docs/python.md": 2}[document]])
    for shown, part in (("8545", "chain"), ("8646", "relay")):
        text = text.replace(f"http://127.0.0.1:{shown}", devnet.values[part])
    text = re.sub(r'"0x\S+"', f'"{devnet.values["market"]}"', text)
    (tmp_path / "typed.py").write_text(text.replace('"alice"', '"requester"'))
    assert devnet.beside(tmp_path).type("python typed.py")
