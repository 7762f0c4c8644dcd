"""What the package imports is declared, what it subclasses is pinned, and the lock holds it all."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
SOURCES = list((ROOT / "suanli").rglob("*.py"))
NOT_IMPORTED = {"coincurve"}
"""Used by another package, if it is there."""


def declared(extras: bool = False) -> dict[str, Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    written = project["dependencies"]
    if extras:
        written = [*written, *chain.from_iterable(project["optional-dependencies"].values())]
    return {canonicalize_name(one.name): one for one in map(Requirement, written)}


def imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """(what it is called here, the module it comes from), of other people's packages."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [(alias.asname or alias.name.split(".")[0], alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [(alias.asname or alias.name, str(node.module)) for alias in node.names]
        else:
            continue
        for name, module in names:
            top = module.split(".")[0]
            if top not in sys.stdlib_module_names and top != "suanli":
                yield name, top


owners = cache(packages_distributions)


def distributions(top: str) -> set[str]:
    return {canonicalize_name(name) for name in owners()[top]}


def test_what_is_imported_is_declared_and_the_other_way_round() -> None:
    tops = {top for path in SOURCES for _, top in imported(ast.parse(path.read_text()))}
    wanted = {top: distributions(top) for top in tops}
    known = declared(extras=True).keys()
    assert [top for top, names in wanted.items() if not names & known] == []
    used = set().union(*wanted.values()) | NOT_IMPORTED
    assert declared().keys() - used == set()


def test_what_is_subclassed_has_an_upper_bound() -> None:
    open_ended = []
    for path in SOURCES:
        tree = ast.parse(path.read_text())
        foreign = dict(imported(tree))
        for node in ast.walk(tree):
            if not isinstance(node, ast.ClassDef):
                continue
            for base in node.bases:
                top = foreign.get(ast.unparse(base).split("[")[0].split(".")[0])
                for name in distributions(top) & declared().keys() if top else ():
                    operators = {bound.operator for bound in declared()[name].specifier}
                    if not operators & {"<", "<=", "==", "~="}:
                        open_ended.append((node.name, name))
    assert open_ended == []


def test_the_lock_holds_what_is_declared() -> None:
    text = (ROOT / "requirements.txt").read_text()
    locked = {canonicalize_name(n): v for n, v in re.findall(r"^([\w.-]+)==([\w.]+)", text, re.M)}
    for name, requirement in declared(extras=True).items():
        assert requirement.specifier.contains(locked[name]), name
