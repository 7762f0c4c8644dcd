"""Small faults that one may make in a line of Solidity.

A mutant is a line of a file, what it becomes, and which of several equal lines is meant. Comments,
imports, declarations and view boilerplate are left alone: a fault there does not compile or shows
nothing about the tests.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SWAPS: tuple[tuple[str, str, str], ...] = (
    ("relation", r" <= ", " < "),
    ("relation", r" < ", " <= "),
    ("relation", r" >= ", " > "),
    ("relation", r" > ", " >= "),
    ("relation", r" == ", " != "),
    ("relation", r" != ", " == "),
    ("arithmetic", r" \+ ", " - "),
    ("arithmetic", r" - ", " + "),
    ("arithmetic", r" \* ", " / "),
    ("arithmetic", r" \+= ", " -= "),
    ("arithmetic", r" -= ", " += "),
    ("arithmetic", r"\+\+(?=\w)", "--"),
    ("arithmetic", r"(?<![-\w])--(?=\w)", "++"),
    ("logic", r" && ", " || "),
    ("logic", r" \|\| ", " && "),
    ("rounding", r"valueUp\(", "valueDown("),
    ("rounding", r"valueDown\(", "valueUp("),
    ("rounding", r"unitsUp\(", "unitsDown("),
    ("choice", r"Math\.min\(", "Math.max("),
    ("permission", r" onlyOwner(?= )", ""),
    ("permission", r" nonReentrant(?= )", ""),
)
STATEMENT = re.compile(r"^ {8,}(?!return|revert|emit .*\($)[^ /].*;$")
"""On one line of a function's body; what it declares is not deleted, for that does not compile."""
DECLARES = re.compile(
    r"^ *(?:u?int\d*|address|bool|bytes\d*|string|[A-Z]\w*(?: (?:memory|storage|calldata))?|\(.*)"
    r" \w+(?: =.*)?;"
)
LEFT_ALONE = re.compile(r"^ *(?://|/\*|\*|import|pragma|using|error|event|for \(|function|\);)")


@dataclass(frozen=True)
class Mutant:
    file: str
    before: str
    after: str
    occurrence: int = 0
    """Among equal lines of the file."""
    kind: str = ""
    survives: str = ""
    """Why no test can find it, if so."""

    def apply(self, text: str) -> str:
        """Raises LookupError if the line is gone: the list must be made anew."""
        lines = text.split("\n")
        places = [i for i, line in enumerate(lines) if line.strip() == self.before]
        if self.occurrence >= len(places):
            raise LookupError(f"{self.file} has no line like this any more: {self.before}")
        place = places[self.occurrence]
        indent = lines[place][: len(lines[place]) - len(lines[place].lstrip())]
        lines[place] = indent + self.after
        return "\n".join(lines)


def sources() -> list[Path]:
    """What is mutated: all that can hold money, decide or compute prices."""
    found = sorted((ROOT / "contracts").rglob("*.sol"))
    return [path for path in found if not {"mocks", "periphery"} & set(path.parts)]


def mutants_of(path: Path) -> Iterator[Mutant]:
    seen: dict[str, int] = {}
    for line in path.read_text().split("\n"):
        before = line.strip()
        occurrence = seen.get(before, 0)
        seen[before] = occurrence + 1
        if LEFT_ALONE.match(line) or not before:
            continue
        name = str(path.relative_to(ROOT))
        for kind, pattern, replacement in SWAPS:
            for match in re.finditer(pattern, line):
                after = line[: match.start()] + replacement + line[match.end() :]
                yield Mutant(name, before, after.strip(), occurrence, kind)
        if STATEMENT.match(line) and not DECLARES.match(line):
            yield Mutant(name, before, "{}", occurrence, "deletion")


def choose(count: int, seed: int) -> list[Mutant]:
    """So many of all, each file with a share by its size, the same for the same seed."""
    pick, everything = random.Random(seed), [[*mutants_of(path)] for path in sources()]
    total = sum(map(len, everything))
    chosen = []
    for mutants in everything:
        share = min(len(mutants), round(count * len(mutants) / total) or bool(mutants))
        order = {mutant: number for number, mutant in enumerate(mutants)}
        chosen += sorted(pick.sample(mutants, share), key=order.__getitem__)
    return chosen
