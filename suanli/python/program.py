"""The guest's side as one program, as its interpreters take it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib import resources

from suanli.engine import Task
from suanli.python.interpreter import Interpreter

PARTS = ("others.py", "values.py", "frames.py", "main.py")
"""Of `suanli.python.guest`, in the order in which they need one another."""
QUICK = "quick.py"
"""Before the last, where each task starts the interpreter."""
_IMPORTS = re.compile(r"^from (__future__|suanli[\w.]*) import .*\n", re.MULTILINE)
_COMPILE = """if True:
    import importlib.util, marshal, zipimport
    head = importlib.util.MAGIC_NUMBER + bytes(12)
    place = "/usr/local/lib/python312.zip"
    library = zipimport.zipimporter(place)

    def keep(name, data):
        open("/" + name + ".code", "wb").write(data)

    def compiled(file, text):
        return head + marshal.dumps(compile(text, file, "exec", 0x1000000, True, 2))

    def shipped(path):
        return library.get_data(place + "/" + path + ".pyc")

    keep("main", compiled("guest.py", open("/program.py").read()))
    for path in ("encodings/aliases", "encodings/utf_8", "struct"):
        keep(path.rpartition("/")[2], shipped(path))
    keep("directory", marshal.dumps(zipimport._zip_directory_cache[place]))
    own = shipped("encodings/__init__")[16:]
    keep("encodings", compiled("encodings", open("/encodings.py").read() % (place, own)))"""
_LEAVE = """
from posix import _exit

_exit(0)
"""
"""Tidying up takes as long as a small call."""
_ENCODINGS = """import sys
import zipimport
from marshal import loads

LIBRARY = %r
exec(loads(%r))
__path__.append(LIBRARY + "/encodings")


def zipped(path):
    if path != LIBRARY:
        raise ImportError(path)
    with open("/guest/lib/directory", "rb") as file:
        zipimport._zip_directory_cache[path] = loads(file.read())
    return zipimport.zipimporter(path)


sys.path_hooks.insert(0, zipped)
"""
"""The package that is imported first: the library's own, and what spares reading its directory."""


@cache
def source(parts: Sequence[str] = PARTS) -> str:
    """All parts in one file, since each further one costs a start 5 ms."""
    folder = resources.files("suanli.python.guest")
    return "\n".join(_IMPORTS.sub("", (folder / name).read_text()) for name in parts)


def boot() -> str:
    """What has an interpreter load `source` and more, before its memory is kept."""
    return (resources.files("suanli.python.guest") / "boot.py").read_text()


def compiling(interpreter: Interpreter) -> Task:
    """The task by which an interpreter makes its own bytecode, as files `….code`."""
    program = source((*PARTS[:-1], QUICK, PARTS[-1])) + _LEAVE
    inputs = {"program.py": program.encode(), "encodings.py": _ENCODINGS.encode()}
    seed = {"PYTHONHASHSEED": "0"}
    return Task(
        interpreter.module(),
        ("-S", "-s", "-c", _COMPILE),
        env=seed,
        inputs=inputs,
    )
