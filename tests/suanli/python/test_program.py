"""The guest's side as it is shipped: built from what stands here, by the interpreter itself."""

from importlib import resources

import pytest

from suanli.engine import Module
from suanli.python import INTERPRETERS, NoInterpreter, program
from suanli.python.interpreter import PLAIN, Interpreter
from suanli.python.strip import stripped


@pytest.mark.parametrize("interpreter", INTERPRETERS, ids=lambda one: one.name)
def test_bytecode_is_of_these_sources(pool, interpreter):
    """If this fails: python tools/compile_guest.py"""
    result = pool.submit(program.compiling(interpreter)).result()
    assert result.ok, result.stderr.decode()
    kept = resources.files("suanli.python.guest") / f"{interpreter.name}.code"
    assert result.files == {"program.pyc": kept.read_bytes()}


def test_a_module_that_is_another_one():
    other = Interpreter("other", "3.12.0", PLAIN.package, PLAIN.file, "00" * 32)
    with pytest.raises(NoInterpreter, match=r"pip install --force-reinstall 'suanli\[python\]'"):
        other.module()
    missing = Interpreter("missing", "3.12.0", "no_such_package", "python.wasm", "00" * 32)
    with pytest.raises(NoInterpreter, match=r"pip install 'suanli\[python\]'"):
        missing.module()


def test_what_debuggers_read_is_left_out():
    custom, types = b"\0\3\1aZ", b"\1\1\0"
    head = b"\0asm\1\0\0\0"
    assert stripped(head + custom + types + custom) == head + types
    with pytest.raises(ValueError, match="within a section"):
        stripped(head + b"\1\x7fa")
    assert len(PLAIN.module().code) == 13_343_680
    assert stripped(PLAIN.module().code) == PLAIN.module().code
    assert isinstance(PLAIN.module(), Module)
