"""From a function to what makes it anew in the sandbox: its source, and whatever that refers to.

The guest's Python need not be the requester's, so what travels is source, never bytecode.
"""

from __future__ import annotations
import __future__

import ast
import contextlib
import dis
import functools
import importlib.util
import inspect
import os
import re
import sys
import sysconfig
import textwrap
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from suanli.python.errors import CannotTravel
from suanli.python.function import Marked
from suanli.python.function import function as _mark
from suanli.python.guest.others import NotPlain
from suanli.python.guest.values import encode

_METHODS = (types.BuiltinFunctionType, types.MethodType)
_LOADS = ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS")


@dataclass(frozen=True)
class Travelling:
    """A function as it is sent. `data`: what `suanli.python.guest.main` makes it of."""

    name: str
    packages: frozenset[str]
    data: bytes


def travelling(function: Callable[..., Any]) -> Travelling:
    """What is sent of a function.

    Raises:
        CannotTravel: with the name and the line of what can't be sent.
    """
    packages = function.packages if isinstance(function, Marked) else frozenset[str]()
    found = _Search(packages)
    entry = found.entry(function)
    name = getattr(function, "__qualname__", repr(function))
    return Travelling(name, packages, encode((found.steps, entry, sorted(found.imports))))


@dataclass(frozen=True)
class _Place:
    """Where something is referred to."""

    name: str
    file: str = ""
    line: int = 0

    def refuse(self, why: str) -> CannotTravel:
        where = f" ({self.file}, line {self.line})" if self.line else ""
        return CannotTravel(f"{self.name}{where} can't travel: {why}")


class _Search:
    """`steps` in the order in which the guest makes them."""

    def __init__(self, packages: frozenset[str]) -> None:
        self.packages = packages
        self.steps: list[tuple[Any, ...]] = []
        self.imports: set[str] = set()
        self._spaces: dict[tuple[str, int], int] = {}
        self._known: dict[tuple[int, str], object] = {}
        self._made: set[tuple[int, str]] = set()
        self._late: list[tuple[Any, ...]] = []

    def entry(self, function: object) -> tuple[int, str]:
        place = _Place(getattr(function, "__qualname__", type(function).__qualname__))
        if self._is_reference(function):
            space = self._space("", 0)
            self._reference(space, "function", function, place)
            return space, "function"
        if isinstance(function, type):
            raise place.refuse("a class makes objects, which stay where they are; wrap it in a def")
        if not _has_source(function):
            raise place.refuse(_why_not(function) or "it is no function")
        _require_plain_function(function, place)
        found = self._code(function, place)
        self.steps += self._late
        return found

    def _code(self, value: Any, place: _Place) -> tuple[int, str]:
        """A function or class by its source; the namespace and the name that it then has."""
        target = inspect.unwrap(value)
        place = _Place(place.name, *_place_of(target))
        self._require_own(target, place)
        name = target.__name__
        space = self._space(target.__module__, id(target) if _closure(target) else 0)
        if (space, name) in self._known:
            if self._known[space, name] is not target:
                raise place.refuse("another thing of this name travels with it")
            return space, name
        self._known[space, name] = target
        source = _source(target, place, keep=target is not value or isinstance(target, type))
        for referred, at in source.referred(place):
            names = _closure(target) or {}
            if referred not in names:
                names = _globals(target)
            if referred in names and (space, referred) != (space, name):
                self._add(space, referred, names[referred], at)
        self._imports_within(source, place)
        self.steps.append(("code", space, os.path.basename(source.file), source.in_place))
        self._made.add((space, name))
        return space, name

    def _add(self, space: int, name: str, value: Any, place: _Place) -> None:
        """What a source refers to by a name."""
        if (space, name) in self._known:
            return
        if isinstance(value, types.ModuleType):
            self._import(space, name, value.__name__, "", place)
        elif self._is_reference(value):
            self._reference(space, name, value, place)
        elif _has_source(value):
            if not isinstance(value, type):
                _require_no_lambda(value, place)
            self._link(space, name, self._code(value, place))
        elif isinstance(value, re.Pattern):
            made = f"{name} = __import__('re').compile({value.pattern!r}, {value.flags})"
            self.steps.append(("code", space, "constant", made))
        else:
            try:
                self.steps.append(("constant", space, name, encode(value)))
            except NotPlain as error:
                raise place.refuse(_why_not(value) or str(error)) from None
        self._known.setdefault((space, name), value)

    def _link(self, space: int, name: str, there: tuple[int, str]) -> None:
        if there != (space, name):
            steps = self.steps if there in self._made else self._late
            steps.append(("link", space, name, *there))

    def _require_own(self, target: Any, place: _Place) -> None:
        top = (target.__module__ or "").split(".")[0]
        if top == "suanli" or not _is_own(top):
            raise place.refuse(self._not_there(top))
        if isinstance(target, type) and "<locals>" in target.__qualname__:
            raise place.refuse("a class that a function made; write it at the top of its file")

    def _space(self, module: str, closure: int) -> int:
        """A namespace: a module's, or a closure's own."""
        if (module, closure) not in self._spaces:
            self._spaces[module, closure] = len(self._spaces)
            self.steps.append(("space", self._spaces[module, closure], module))
        return self._spaces[module, closure]

    def _is_reference(self, value: Any) -> bool:
        """Whether the guest has it by its name: of the standard library, or of the packages."""
        return any(self._is_there(module) for module, _ in _names_of(value))

    def _reference(self, space: int, name: str, value: Any, place: _Place) -> None:
        module, path = next(found for found in _names_of(value) if self._is_there(found[0]))
        self._import(space, name, module, path, place)

    def _import(self, space: int, name: str, module: str, path: str, place: _Place) -> None:
        if not self._is_there(module):
            raise place.refuse(self._not_there(module))
        self.imports.add(module)
        self.steps.append(("import", space, name, module, path))

    def _is_there(self, module: str) -> bool:
        top = module.split(".")[0]
        return top in sys.stdlib_module_names or top in self.packages

    def _not_there(self, module: str) -> str:
        top = module.split(".")[0]
        if top == "suanli" or not _is_own(top):
            return f'{top} is not of the standard library: @suanli.function(packages=["{top}"])'
        return f"modules of one's own stay here: write from {module} import …, and name functions"

    def _imports_within(self, source: _Source, place: _Place) -> None:
        """What a source imports itself."""
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or "." if not node.level else "."]
            else:
                continue
            line = node.lineno + source.line - 1
            for name in names:
                if not self._is_there(name):
                    at = _Place(f"{name}, imported in {place.name}", place.file, line)
                    raise at.refuse(self._not_there(name))
                self.imports.add(name)


@dataclass(frozen=True)
class _Source:
    """A def or class by itself; `line` is where it begins in its file."""

    text: str
    file: str
    line: int

    @property
    def in_place(self) -> str:
        """After as many lines as it has before it in its file."""
        return "\n" * (self.line - 1) + self.text

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    def referred(self, place: _Place) -> Iterator[tuple[str, _Place]]:
        """Each name that it takes from outside, and where first."""
        flags = __future__.annotations.compiler_flag
        codes = [compile(self.text, self.file, "exec", flags, dont_inherit=True)]
        seen: set[str] = set()
        while codes:
            code = codes.pop()
            codes += [part for part in code.co_consts if isinstance(part, types.CodeType)]
            for instruction in dis.get_instructions(code):
                name = instruction.argval
                if instruction.opname in _LOADS and name not in seen:
                    seen.add(name)
                    at = instruction.positions.lineno if instruction.positions else None
                    line = self.line - 1 + (at or 1)
                    yield name, _Place(f"{name} in {place.name}", place.file, line)


def _names_of(value: Any) -> Iterator[tuple[str, str]]:
    """Module and path by which a value can be had."""
    if isinstance(value, types.ModuleType | Marked):
        return
    owner = getattr(value, "__objclass__", getattr(value, "__self__", None))
    kind = owner if isinstance(owner, type) else type(owner)
    name = getattr(value, "__name__", None)
    candidates = [(getattr(value, "__module__", None), getattr(value, "__qualname__", None))]
    if owner is not None:
        candidates += [(kind.__module__, f"{kind.__qualname__}.{name}"), (kind.__module__, name)]
    candidates.append((type(value).__module__.split(".")[0], name))
    for module, path in candidates:
        if isinstance(module, str) and isinstance(path, str):
            found = _found(module, path)
            # A class makes its methods anew for whoever asks: those are equal, not the same.
            if found is value or (type(found) is type(value) in _METHODS and found == value):
                yield module, path


def _found(module: str, path: str) -> Any:
    found: Any = sys.modules.get(module)
    for name in path.split("."):
        found = getattr(found, name, None)
    return found


def _has_source(value: Any) -> bool:
    kinds = (Marked, types.FunctionType, type, functools._lru_cache_wrapper)
    return isinstance(value, kinds)


def _require_plain_function(function: Any, place: _Place) -> None:
    place = _Place(place.name, *_place_of(function))
    _require_no_lambda(function, place)
    if inspect.isgeneratorfunction(function):
        raise place.refuse("it is a generator; return a list")
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise place.refuse("it is asynchronous; write a plain def")


def _require_no_lambda(function: Any, place: _Place) -> None:
    if inspect.unwrap(function).__name__ == "<lambda>":
        raise place.refuse("a lambda has no source of its own; write a def")


def _why_not(value: Any) -> str:
    if isinstance(value, types.MethodType):
        owner = type(value.__self__).__qualname__
        return f"it is a method of a live {owner}; write a function that takes what it needs"
    if isinstance(value, functools.partial):
        return "a partial is no function of its own; write a def"
    if callable(value):
        return f"it is a callable object ({type(value).__qualname__}); write a def"
    return ""


def _place_of(target: Any) -> tuple[str, int]:
    target = inspect.unwrap(target) if inspect.isfunction(target) else target
    code = getattr(target, "__code__", None)
    if code is not None:
        return code.co_filename, code.co_firstlineno
    try:
        return inspect.getsourcefile(target) or "", inspect.getsourcelines(target)[1]
    except (OSError, TypeError):
        return "", 0


def _source(target: Any, place: _Place, keep: bool) -> _Source:
    """Without our own decorator; without any where `target` is not what they made of it."""
    try:
        lines, first = inspect.getsourcelines(target)
        file = inspect.getsourcefile(target) or place.file
    except (OSError, TypeError):
        raise place.refuse("its source can't be found; write it into a file or notebook") from None
    text = textwrap.dedent("".join(lines))
    try:
        (node,) = ast.parse(text).body
    except (SyntaxError, ValueError):
        raise place.refuse("its source is no def and no class of its own") from None
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        raise place.refuse("its source is no def and no class")
    skip = 0
    for decorator in node.decorator_list:
        if not keep or _is_mark(decorator, target):
            skip = decorator.end_lineno or 0
    return _Source("\n".join(text.split("\n")[skip:]), file, max(1, first) + skip)


def _is_mark(decorator: ast.expr, target: Any) -> bool:
    """Whether it is `suanli.function`, by whatever name."""
    found = decorator.func if isinstance(decorator, ast.Call) else decorator
    first, *names = ast.unparse(found).split(".")
    value: Any = _closure(target).get(first, _globals(target).get(first))
    for name in names:
        value = getattr(value, name, None)
    return value is _mark


def _globals(target: Any) -> dict[str, Any]:
    if inspect.isfunction(target):
        return target.__globals__
    module = sys.modules.get(target.__module__)
    return vars(module) if module else {}


def _closure(target: Any) -> dict[str, Any]:
    found = {}
    if inspect.isfunction(target):
        for name, cell in zip(target.__code__.co_freevars, target.__closure__ or (), strict=True):
            with contextlib.suppress(ValueError):  # not assigned yet
                found[name] = cell.cell_contents
    return found


@functools.cache
def _is_own(top: str) -> bool:
    """Whether a module is the requester's, rather than of an installed package, or of none."""
    module = sys.modules.get(top)
    spec = getattr(module, "__spec__", None)
    if module is None:
        with contextlib.suppress(ImportError, ValueError):
            spec = importlib.util.find_spec(top)
    if module is None and spec is None:
        return False
    places = [getattr(module, "__file__", None), getattr(spec, "origin", None)]
    places += getattr(module, "__path__", None) or ()
    places += getattr(spec, "submodule_search_locations", None) or ()
    folders = (sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))
    return not any(place.startswith(folders) for place in places if place)
