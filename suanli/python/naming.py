"""A function that a job file names, as a program: its file goes as it is, nothing is run here."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from suanli.engine import Module
from suanli.python.errors import CannotTravel
from suanli.python.interpreter import interpreter_for

CALL = "guest/call.py"
_NAMED = re.compile(r"(.+\.py):([A-Za-z_]\w*)")


@dataclass(frozen=True)
class NamedFunction:
    """A module with arguments that go before a task's own, variables, inputs made here, and the
    requester's file by its guest path."""

    module: Module
    args: tuple[str, ...]
    env: Mapping[str, str]
    inputs: Mapping[str, bytes] = field(repr=False)
    files: Mapping[str, Path]


def named_function(text: str, packages: Iterable[str], folder: Path) -> NamedFunction:
    """That of a text such as "work.py:main", whose file is in `folder`.

    Raises:
        CannotTravel: there is no such function, or no Python for the sandbox has the packages.
        NoInterpreter: there is no Python for the sandbox here.
    """
    match = _NAMED.fullmatch(text)
    if match is None:
        raise CannotTravel(f'{text!r} names no function: write "work.py:main"')
    path, name = folder / match[1], match[2]
    if not path.stem.isidentifier():
        raise CannotTravel(f"{path.name} can't be imported by its name: rename it")
    _require(path, name)
    interpreter = interpreter_for(packages)
    program = (resources.files("suanli.python.guest") / "call.py").read_bytes()
    args = (*interpreter.options, CALL, path.name, name)
    inputs, files = {CALL: program, **interpreter.library}, {path.name: path}
    return NamedFunction(interpreter.module(), args, interpreter.env, inputs, files)


def _require(path: Path, name: str) -> None:
    try:
        tree = ast.parse(path.read_bytes())
    except OSError as error:
        raise CannotTravel(f"{path}: {error.strerror}") from None
    except (SyntaxError, ValueError) as error:
        raise CannotTravel(f"{path}: {error}") from None
    defined = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    if name not in defined and not _binds(tree, name):
        known = ", ".join(defined) or "none"
        raise CannotTravel(f"{path} has no function {name}; it has {known}")


def _binds(tree: ast.Module, name: str) -> bool:
    """Whether it may get the name in another way than by a def."""
    stores = (ast.alias, ast.Name)
    return any(
        name in (getattr(node, "asname", None), getattr(node, "name", None))
        if isinstance(node, ast.alias)
        else node.id == name
        for node in ast.walk(tree)
        if isinstance(node, stores)
    )
