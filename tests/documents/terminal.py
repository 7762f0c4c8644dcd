"""A terminal in which what a document prints is typed: a folder, variables, values for what it
leaves to the reader."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.documents.printed import blocks, lines
from tests.documents.run import RUN, is_typed

BIN = Path(sys.executable).parent
SECONDS = 600
"""Until something is thought to hang."""


def printed(document: str) -> list[str]:
    """The commands of a document's blocks that are typed."""
    found = [block for block in blocks() if block.document == document and is_typed(block)]
    assert len(found) == len(RUN[document]), f"{document} has other blocks than run.py names"
    return [line for block in found for line in lines(block)]


@dataclass
class Terminal:
    folder: Path
    environment: Mapping[str, str]
    values: dict[str, str] = field(default_factory=dict)
    """What is typed in place of `0x…` and the like."""

    def beside(self, folder: Path, values: Mapping[str, str] | None = None) -> Terminal:
        """Another one, whose reader has the same variables."""
        return Terminal(folder, self.environment, dict(values or {}))

    def read(self, line: str) -> str:
        for shown, meant in self.values.items():
            line = line.replace(shown, meant)
        assert "…" not in line, f"{line}: what is it for the reader?"
        return line

    def type(self, line: str, code: int = 0) -> str:
        """What it prints; `a|b` is typed twice."""
        text, _, _ = line.partition(" # ")
        if text.startswith("cd "):
            self.folder /= text.split()[1]
            return ""
        if choice := re.fullmatch(r"(suanli \w+ )(\w+(?:\|\w+)+)(.*)", text):
            first, names, rest = choice.groups()
            return "".join(self.type(f"{first}{name}{rest}", code) for name in names.split("|"))
        done = subprocess.run(
            ["bash", "-c", self.read(line)],
            cwd=self.folder,
            env=dict(self.environment),
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        assert done.returncode == code, f"{line}\n{done.stdout}{done.stderr}"
        return done.stdout

    @contextmanager
    def running(self, line: str, says: str) -> Iterator[str]:
        """What goes on until Ctrl-C; what it had said when it was ready."""
        log = self.folder / f"{abs(hash(line))}.log"
        with log.open("w") as told:
            process = subprocess.Popen(
                ["bash", "-c", f"exec {self.read(line)}"],
                cwd=self.folder,
                env=dict(self.environment),
                stdout=told,
                stderr=subprocess.STDOUT,
            )
        try:
            until = time.monotonic() + SECONDS
            while says not in log.read_text():
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < until, log.read_text()
                time.sleep(0.2)
            yield log.read_text()
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(120)


def environment(home: Path) -> dict[str, str]:
    """Of somebody new on this machine."""
    path = f"{BIN}:{os.environ['PATH']}"
    return {"HOME": str(home), "PATH": path, "LANG": "C.UTF-8", "SUANLI_PASSPHRASE": "quite secret"}
