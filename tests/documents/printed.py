"""What the documents print: blocks, commands in blocks, commands within a sentence."""

from __future__ import annotations

import itertools
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HISTORY = "CHANGELOG.md"
"""Names commands as they were."""
BLOCK = re.compile(r"^( *)```([^\n]*)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
BETWEEN = {"|", "||", "&&", ";", "&"}
BEFORE = r"(?:[A-Z_]+=\S+ |runuser -u \w+ -- )*"
"""Variables, and as whom a command is run."""
WITHIN = re.compile(rf"`({BEFORE}(?:suanli|make|brownie run|python -m) [^`]+)`")


@dataclass(frozen=True)
class Block:
    document: str  # its path from the root
    line: int  # of the fence
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.document}:{self.line}"


@dataclass(frozen=True)
class Command:
    """`whole`: a line of a block, and no mere mention, which may leave arguments out."""

    where: str
    document: str
    text: str
    whole: bool

    def __str__(self) -> str:
        return f"{self.where}: {self.text}"

    def simple(self) -> list[list[str]]:
        """Its words, cut at pipes and the like, without redirections and what is before it."""
        found: list[list[str]] = [[]]
        words = iter(shlex.split(re.sub(rf"^{BEFORE}", "", self.text), comments=True))
        for word in words:
            if word in BETWEEN or word.endswith(";"):
                found[-1] += [] if word in BETWEEN else [word[:-1]]
                found.append([])
            elif word in (">", "<", ">>", "2>"):
                next(words, None)
            elif not word.startswith("<<") and (found[-1] or not re.match(r"[A-Z_]+=", word)):
                found[-1].append(word)
        return [each for each in found if each]


def documents() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return sorted(
        path for path in set(listed.stdout.split()) if path != HISTORY and (ROOT / path).exists()
    )


def blocks() -> Iterator[Block]:
    for document in documents():
        text = (ROOT / document).read_text()
        for found in BLOCK.finditer(text):
            language, *_ = found[2].split() or [""]
            line = text.count("\n", 0, found.start()) + 1
            yield Block(document, line, language, found[3])


def lines(block: Block) -> Iterator[str]:
    """One command each: continued lines joined; what a here-document holds stays with its line."""
    rest = iter(block.text.splitlines())
    for line in rest:
        whole = line.strip()
        while whole.endswith("\\"):
            whole = whole[:-1] + next(rest).strip()
        if here := re.search(r"<<'?(\w+)'?", whole):
            body = list(itertools.takewhile(lambda each: each.strip() != here[1], rest))
            whole = "\n".join([whole, *body, here[1]])
        if whole and not whole.startswith("#"):
            yield whole


def commands() -> Iterator[Command]:
    for block in blocks():
        if block.language == "bash":
            for line in lines(block):
                yield Command(str(block), block.document, line.split("\n")[0], True)
    for document in documents():
        text = BLOCK.sub(lambda found: "\n" * found[0].count("\n"), (ROOT / document).read_text())
        for span in WITHIN.finditer(text):
            at = text.count("\n", 0, span.start()) + 1
            yield Command(f"{document}:{at}", document, " ".join(span[1].split()), False)


def alternatives(words: list[str]) -> Iterator[list[str]]:
    """`status|cancel JOB [--json]` is four commands."""
    begins = [at for at, word in enumerate(words) if word.startswith("[")]
    if not begins:
        yield from map(list, itertools.product(*(word.split("|") for word in words)))
        return
    first = begins[0]
    last = next(at for at, word in enumerate(words) if at >= first and word.endswith("]"))
    inside = " ".join(words[first : last + 1])[1:-1].split()
    for put in ([], inside):
        yield from alternatives([*words[:first], *put, *words[last + 1 :]])
