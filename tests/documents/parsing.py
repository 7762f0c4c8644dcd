"""What the tool behind a printed command says of it, without running it."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable

import click

from suanli.cli import cli
from tests.documents.printed import ROOT, Command, alternatives

MAKEFILE = (ROOT / "Makefile").read_text()
RULES = dict(re.findall(r"^([a-z][a-z-]*):(.*\n(?:\t.*\n)*)", MAKEFILE, re.MULTILINE))
"""Each target's line, which tells the variables that what it runs reads, and its recipe."""


class Wrong(Exception):
    pass


def holds_a_place(value: str) -> bool:
    """`0x…`, JOB, `<chain id>`: what a reader puts in."""
    return "…" in value or "<" in value or re.fullmatch(r"[A-Z][A-Z_]*", value) is not None


def suanli(command: Command, words: list[str]) -> None:
    for choice in alternatives(words[1:]):
        try:
            _suanli(cli, click.Context(cli, info_name="suanli"), choice, command.whole)
        except click.UsageError as error:
            raise Wrong(error.format_message()) from error


def _suanli(tool: click.Command, context: click.Context, words: list[str], whole: bool) -> None:
    try:
        given, rest, _ = tool.make_parser(context).parse_args(list(words))
    except click.BadOptionUsage:
        if whole or isinstance(tool, click.Group) or not words[-1].startswith("--"):
            raise
        given, rest, _ = tool.make_parser(context).parse_args([*words, "…"])  # a mere name
    if isinstance(tool, click.Group):
        if rest and rest[0] != "…":
            inner = tool.get_command(context, rest[0])
            if inner is None:
                raise Wrong(f"there is no {context.command_path} {rest[0]}")
            below = click.Context(inner, parent=context, info_name=rest[0])
            _suanli(inner, below, rest[1:], whole)
        return
    if rest and not context.allow_extra_args:
        raise Wrong(f"{context.command_path} takes no {' '.join(rest)}")
    for parameter in tool.params:
        values = given.get(str(parameter.name))
        if isinstance(values, str | list | tuple) and len(values):
            _values(parameter, context, [values] if isinstance(values, str) else values)
        elif whole and parameter.required and not given.get("help"):
            raise Wrong(f"{context.command_path} needs {parameter.human_readable_name}")


def _values(parameter: click.Parameter, context: click.Context, values: Iterable[object]) -> None:
    """A value is read as the command would, but files need not be there."""
    if not isinstance(parameter.type, click.Path | click.File | click.Tuple):
        for value in values:
            if isinstance(value, str) and not holds_a_place(value):
                parameter.type.convert(value, parameter, context)


def make(command: Command, words: list[str]) -> None:
    for choice in alternatives(words[1:]):
        targets = [word for word in choice if "=" not in word and not holds_a_place(word)]
        if unknown := [target for target in targets if target not in RULES]:
            raise Wrong(f"the Makefile knows no {unknown[0]}")
        rules = "".join(RULES[target] for target in targets)
        for name in (word.split("=")[0] for word in choice if "=" in word):
            if not re.search(rf"\t.*\$\({name}\)|## .*\b{name}=", rules):
                raise Wrong(f"make {' '.join(targets)} takes no {name}")


def brownie(command: Command, words: list[str]) -> None:
    if words[1] != "run":
        raise Wrong("say in untested.toml why it is not run")
    script, *function = [word for word in words[2:] if not word.startswith("-")][:2]
    tree = ast.parse((ROOT / "scripts" / f"{script}.py").read_text())
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    if "--network" in words:
        function = [name for name in function if name != words[words.index("--network") + 1]]
    if not {*function, "main"} <= defined:
        raise Wrong(f"scripts/{script}.py has no {function}")


def python(command: Command, words: list[str]) -> None:
    if words[1:2] == ["-m"]:
        path = ROOT / words[2].replace(".", "/")
        if words[2].split(".")[0] in ("suanli", "tools", "tests", "benchmarks", "scripts"):
            if not path.with_suffix(".py").exists() and not (path / "__main__.py").exists():
                raise Wrong(f"there is no module {words[2]}")
            return
    elif (ROOT / command.document).parent.joinpath(words[1]).exists() or (ROOT / words[1]).exists():
        return
    raise Wrong(f"there is no {words[1]}")


def own(command: Command, words: list[str]) -> None:
    if not (ROOT / command.document).parent.joinpath(words[0]).is_file():
        raise Wrong(f"there is no {words[0]}")


def parser(words: list[str]) -> Callable[[Command, list[str]], None] | None:
    known = {"suanli": suanli, "make": make, "brownie": brownie, "python": python}
    return own if words[0].startswith("./") else known.get(words[0])
