"""The guest's side as it is shipped: built from what stands here, by the interpreter itself."""

import zipfile
from importlib import resources
from io import BytesIO

import pytest

from suanli.engine import Module
from suanli.python import INTERPRETERS, NoInterpreter, program, wasm
from suanli.python.interpreter import PLAIN, Interpreter
from suanli.python.snapshot import reduced
from suanli.python.wasm import stripped

COMPILED = [one for one in INTERPRETERS if one.wheel]


@pytest.mark.parametrize("interpreter", COMPILED, ids=lambda one: one.name)
def test_bytecode_is_of_these_sources(pool, interpreter):
    """If this fails: python tools/compile_guest.py"""
    result = pool.submit(program.compiling(interpreter)).result()
    assert result.ok, result.stderr.decode()
    kept = resources.files("suanli.python.guest") / interpreter.name
    assert result.files == {file.name: file.read_bytes() for file in kept.iterdir()}


def test_a_module_that_is_another_one():
    other = Interpreter("other", "3.12.0", "00" * 32, wheel=PLAIN.wheel)
    with pytest.raises(
        NoInterpreter, match=r"another module than other's: pip install 'suanli\[python\]'"
    ):
        other.module()
    missing = Interpreter("missing", "3.12.0", "00" * 32, wheel=("no_such_package", "python.wasm"))
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


def test_a_library_in_part():
    """What is kept is compressed as it was, and read as before."""
    whole = BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("json/__init__.pyc", b"a" * 1000)
        file.writestr("heavy/__init__.pyc", b"b" * 1000)
        file.writestr("abc.pyc", b"c", zipfile.ZIP_STORED)
    part = reduced(whole.getvalue(), {"json", "abc"})
    with zipfile.ZipFile(BytesIO(part)) as file:
        assert file.testzip() is None
        assert {name: file.read(name) for name in file.namelist()} == {
            "abc.pyc": b"c",
            "json/__init__.pyc": b"a" * 1000,
        }
    assert reduced(whole.getvalue(), {"json", "abc"}) == part


@pytest.mark.parametrize(
    "memory",
    [
        b"",
        bytes(5000),
        b"\1" * 5000,
        bytes(3) + b"abc" + bytes(9000) + b"d" + bytes(1),
        bytes(1023) + b"ab" + bytes(1023),
    ],
    ids=len,
)
def test_memory_as_segments(memory):
    body, found = wasm.segments(memory), bytearray(len(memory))
    count, at = wasm.number(body, 0)
    for _ in range(count):
        assert body[at : at + 2] == b"\0\x41"
        place, at = wasm.number(body, at + 2)  # small ones are alike with and without a sign
        assert body[at] == 0x0B
        size, at = wasm.number(body, at + 1)
        found[place : place + size] = body[at : at + size]
        at += size
    assert bytes(found) == memory
    assert at == len(body)


def test_numbers_of_both_kinds():
    for value in (0, 1, 63, 64, 127, 128, 300, 2**31 - 1):
        assert wasm.number(wasm.unsigned(value) + b"\xff", 0) == (value, len(wasm.unsigned(value)))
    assert [wasm.signed(value) for value in (0, -1, 63, 64, -64, -65)] == [
        b"\0",
        b"\x7f",
        b"\x3f",
        b"\xc0\0",
        b"\x40",
        b"\xbf\x7f",
    ]
