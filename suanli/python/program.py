"""The guest's side as one program, as its interpreters take it."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

from suanli.engine import Task
from suanli.python.interpreter import Interpreter

PARTS = ("others.py", "values.py", "frames.py", "main.py")
"""Of `suanli.python.guest`, in the order in which they need one another."""
_IMPORTS = re.compile(r"^from (__future__|suanli[\w.]*) import .*\n", re.MULTILINE)
_COMPILE = """if True:
    import importlib.util, marshal
    code = compile(open("/program.py").read(), "guest.py", "exec", 0x1000000, True, 2)
    head = importlib.util.MAGIC_NUMBER + bytes(12)
    open("/program.pyc", "wb").write(head + marshal.dumps(code))"""


@cache
def source() -> str:
    """All parts in one file, since each further one costs a start 5 ms."""
    folder = resources.files("suanli.python.guest")
    return "\n".join(_IMPORTS.sub("", (folder / name).read_text()) for name in PARTS)


def boot() -> str:
    """What has an interpreter load `source` and more, before its memory is kept."""
    return (resources.files("suanli.python.guest") / "boot.py").read_text()


def compiling(interpreter: Interpreter) -> Task:
    """The task by which an interpreter makes its own bytecode, as the file `program.pyc`."""
    inputs = {"program.py": source().encode()}
    return Task(
        interpreter.module(), ("-S", "-s", "-c", _COMPILE), env=interpreter.env, inputs=inputs
    )
