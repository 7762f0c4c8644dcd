"""Do the tests notice small faults in the contracts?  `make test-mutants`

Each mutant of list.toml is put into a copy of the contracts, compiled without optimizing, which
takes seconds, and run against the tests in the process until one fails. Those that no test can
find say why in the list (`survives`). `--new COUNT` chooses mutants anew, when the contracts have
changed so much that lines of the list are gone.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.harness.solidity import compiled
from tests.mutants.operators import ROOT, Mutant, choose

LIST = Path(__file__).with_name("list.toml")
BUILD = ROOT / "build" / "contracts"
TESTS = ("tests/contracts",)
LEFT_OUT = ("tests/contracts/stateful/test_brownie_machine.py",)
"""Needs a chain."""
VOTING = ("MarketToken", "MarketGovernor", "MarketTimelock", "VotingBounds", "LocalChains")
"""Contracts whose tests are in one folder."""
JUDGING = ("Case", "Seat", "CourtRules")
"""Types of the court, whose tests are in one folder, as those of its modules are."""
SEED = 9
LEAST_SCORE = 0.95
LIMIT = 600
"""Seconds for the tests of one mutant; one that runs for ever is found."""


@dataclass(frozen=True)
class Verdict:
    mutant: Mutant
    fate: str
    """killed, survived, or invalid: does not compile."""
    by: str = ""


def read_list() -> list[Mutant]:
    return [Mutant(**entry) for entry in tomllib.loads(LIST.read_text())["mutant"]]


def write_list(mutants: list[Mutant]) -> None:
    head = "# Faults that the tests must find; `survives` says why none can.\n"
    blocks = []
    for mutant in mutants:
        fields = {name: value for name, value in asdict(mutant).items() if value not in ("", 0)}
        lines = [f"{name} = {json.dumps(value)}" for name, value in fields.items()]
        blocks.append("\n".join(["[[mutant]]", *lines]) + "\n")
    LIST.write_text("\n".join([head, *blocks]))


def compile_in(folder: Path) -> dict[str, str]:
    """Bytecode of every contract, by name; raises ValueError if it does not compile."""
    names = [str(path.relative_to(folder)) for path in sorted(folder.glob("contracts/**/*.sol"))]
    output = compiled(names, {"*": ["evm.bytecode.object"]}, folder, evmVersion="shanghai")
    errors = [e["formattedMessage"] for e in output.get("errors", ()) if e["severity"] == "error"]
    if errors:
        raise ValueError(errors[0])
    return {
        name: contract["evm"]["bytecode"]["object"]
        for file in output["contracts"].values()
        for name, contract in file.items()
    }


def build(folder: Path) -> Path:
    """Artefacts of the contracts in a folder, in the folder: Brownie's, with other bytecode."""
    bytecodes, target = compile_in(folder), folder / "build"
    target.mkdir()
    for path in BUILD.glob("*.json"):
        artefact = json.loads(path.read_text())
        if code := bytecodes.get(path.stem):
            artefact["bytecode"] = code
        (target / path.name).write_text(json.dumps(artefact))
    return target


def tests_for(mutant: Mutant | None) -> list[str]:
    """All of them, those of the mutant's module first."""
    name = Path(mutant.file).stem if mutant else "none"
    folder = "governance" if name in VOTING else "RewardPool" if name == "Reward" else name
    folder = "Court" if mutant and ("/court/" in mutant.file or name in JUDGING) else folder
    folder = "PaymentChannels" if name in ("Channel", "MarketDomain") else folder
    folder = "StorageDeals" if name in ("StorageDeal", "ByteTree") else folder
    first = ROOT / "tests" / "contracts" / folder
    return [*([str(first.relative_to(ROOT))] if first.is_dir() else []), *TESTS]


def run_tests(artefacts: Path, mutant: Mutant | None) -> tuple[bool, str]:
    """Whether all passed; the first that failed, or the run's last lines."""
    command = [sys.executable, "-m", "pytest", "-qx", "-p", "no:pytest-brownie"]
    command += ["-p", "no:cacheprovider", *(f"--ignore={path}" for path in LEFT_OUT)]
    environment = os.environ | {"SUANLI_TEST_BUILD": str(artefacts), "CI": "true"}
    try:
        run = subprocess.run(
            command + tests_for(mutant),
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=LIMIT,
        )
    except subprocess.TimeoutExpired:
        return False, "no end"
    found = re.search(r"^(?:FAILED|ERROR) (.+?)(?: - |$)", run.stdout, re.MULTILINE)
    if run.returncode not in (0, 1, 2) or (run.returncode and not found):
        raise RuntimeError(run.stdout[-2000:] + run.stderr[-2000:])
    return run.returncode == 0, found[1] if found else run.stdout[-300:]


@contextmanager
def contracts_with(mutant: Mutant | None) -> Iterator[Path]:
    """A folder with a copy of the contracts, the mutant in it."""
    with tempfile.TemporaryDirectory(prefix="suanli-mutant-") as name:
        folder = Path(name)
        for part in ("contracts", "interfaces"):
            shutil.copytree(ROOT / part, folder / part)
        (folder / "node_modules").symlink_to(ROOT / "node_modules")
        if mutant:
            path = folder / mutant.file
            path.write_text(mutant.apply(path.read_text()))
        yield folder


def try_mutant(mutant: Mutant | None) -> Verdict:
    """None: the contracts as they are, which must pass."""
    named = mutant or Mutant("", "", "")
    with contracts_with(mutant) as folder:
        try:
            artefacts = build(folder)
        except ValueError as error:
            return Verdict(named, "invalid", str(error))
        passed, by = run_tests(artefacts, mutant)
        return Verdict(named, "survived" if passed else "killed", by)


def compiles(mutant: Mutant) -> bool:
    with contracts_with(mutant) as folder:
        try:
            compile_in(folder)
        except ValueError:
            return False
        return True


def judge(mutants: list[Mutant], workers: int) -> list[Verdict]:
    """In the list's order; tells each as it comes."""
    verdicts, start = [], time.monotonic()
    with ThreadPoolExecutor(workers) as pool:
        for number, verdict in enumerate(pool.map(try_mutant, mutants), start=1):
            verdicts.append(verdict)
            print(f"{number:>3}/{len(mutants)} {time.monotonic() - start:5.0f} s {show(verdict)}")
            sys.stdout.flush()
    return verdicts


def show(verdict: Verdict) -> str:
    mutant = verdict.mutant
    what = f"{Path(mutant.file).name}: {mutant.before} => {mutant.after or '(nothing)'}"
    detail = f" by {verdict.by}" if verdict.fate == "killed" else ""
    return f"{verdict.fate}{detail}\n{'':14}{what}"


def report(verdicts: list[Verdict]) -> bool:
    """Whether the score is reached and every survivor is explained."""
    killed = [v for v in verdicts if v.fate == "killed"]
    survivors = [v for v in verdicts if v.fate == "survived"]
    unexplained = [v for v in survivors if not v.mutant.survives]
    invalid = [v for v in verdicts if v.fate == "invalid"]
    wrongly = [v for v in killed if v.mutant.survives]
    score = len(killed) / max(len(verdicts), 1)
    print(f"\n{len(killed)} of {len(verdicts)} mutants found: {score:.1%}")
    for title, some in (
        ("survived, unexplained", unexplained),
        ("does not compile", invalid),
        ("is found, though the list says that none can", wrongly),
    ):
        for verdict in some:
            print(f"{title}: {show(verdict)}")
    return score >= LEAST_SCORE and not unexplained and not invalid and not wrongly


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--new", type=int, help="choose so many mutants anew")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    if options.new:
        chosen = choose(options.new, SEED)
        with ThreadPoolExecutor(options.workers) as pool:
            write_list(
                [m for m, good in zip(chosen, pool.map(compiles, chosen), strict=True) if good]
            )
    mutants = read_list()
    untouched = try_mutant(None)
    if untouched.fate != "survived":
        print(f"the contracts as they are do not pass: {untouched.by}")
        return 1
    return 0 if report(judge(mutants, options.workers)) else 1


if __name__ == "__main__":
    sys.exit(main())
