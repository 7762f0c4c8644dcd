"""In the place of `compile`, whose first call makes some hundred types that are not needed here:
50 units, a quarter of a task's start. `exec` of a text does without them."""

from __future__ import annotations

import builtins
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any

FIRST = "__suanli__"


class CodeCaught(BaseException):
    """Raised by a text's first line, before it does anything."""


def caught() -> None:
    raise CodeCaught(sys._getframe(1).f_code)


def compile(source: str, file: str, mode: str, flags: int, dont_inherit: bool) -> Any:
    """As the other one: flags are those of this file, which are the same. The first line is empty,
    unless the function begins its file."""
    if source[:1] != "\n":
        return builtins.compile(source, file, mode, flags, dont_inherit)
    try:
        builtins.exec(f"{FIRST}()" + source, {FIRST: caught})
    except CodeCaught as found:
        return named(found.args[0], file)
    except SyntaxError:
        pass
    return builtins.compile(source, file, mode, flags, dont_inherit)


def named(code: CodeType, file: str) -> CodeType:
    """Code with its file, and all that is in it."""
    inside = tuple(named(one, file) if type(one) is type(code) else one for one in code.co_consts)
    return code.replace(co_filename=file, co_consts=inside)


def exec(code: CodeType, space: dict[str, Any]) -> None:
    space[FIRST] = int
    builtins.exec(code, space)
    del space[FIRST]
