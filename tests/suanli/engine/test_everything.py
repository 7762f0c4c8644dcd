"""Random programs of all instructions do the same with and without rewriting, at the same price."""

import pytest
import wasmtime

from suanli.engine.guest.inspect import CORE_MODULE, Reader
from suanli.engine.guest.rewrite.decode import instructions
from suanli.engine.guest.rewrite.module import rewrite
from suanli.engine.runtime import new_engine
from tests.suanli.engine.everything import Everything
from tests.suanli.engine.instructions import OPERATIONS, STORES

PLENTY, CODE = 1 << 60, 10


def execute(code: bytes, engine: wasmtime.Engine, fuel: int = 0) -> tuple[int, bytes, str]:
    """Fuel left, or what the program counted itself; its memory; and what it trapped for."""
    with wasmtime.Store(engine) as store:
        exports = wasmtime.Instance(store, wasmtime.Module(engine, code), []).exports(store)
        if fuel:
            exports["fuel"].set_value(store, wasmtime.Val.i64(fuel))
        trapped = ""
        try:
            exports["_start"](store)
        except wasmtime.Trap as trap:
            trapped = trap.trap_code.name if trap.trap_code else "uncaught exception"
        name = "fuel" if fuel else "used"
        count = exports[name].value(store) if name in exports else 0
        return count, bytes(exports["memory"].read(store)), trapped


def check(seed: int, engine: wasmtime.Engine) -> str:
    """What it trapped for."""
    program = Everything(seed)
    code = bytes(wasmtime.wat2wasm(program.text(counted=False)))
    counted = bytes(wasmtime.wat2wasm(program.text(counted=True)))
    _, memory, trapped = execute(code, engine)
    price, *same = execute(counted, engine)
    assert same == [memory, trapped], seed
    rewritten = rewrite(code, 0)
    left, *same = execute(rewritten, engine, PLENTY)
    assert same == [memory, trapped], seed
    if trapped:
        assert PLENTY - left <= price, seed
    else:
        assert PLENTY - left == price, seed
        assert execute(rewritten, engine, price)[0] == 0, seed
        assert execute(rewritten, engine, price - 1)[0] < 0, seed
    # What NaNs decide may turn out otherwise: it is to run.
    execute(rewrite(code, 0, portable=True), engine, PLENTY)
    return trapped


def operations(code: bytes) -> set[tuple[int, ...]]:
    """Opcodes of a module's functions."""
    reader = Reader(code, len(CORE_MODULE))
    while reader.byte() != CODE:
        size = reader.number()
        reader.position += size
    reader.number()  # its size
    found = set()
    for _ in range(reader.number()):
        size = reader.number()
        end = reader.position + size
        for _ in range(reader.number()):
            reader.number()
            reader.value()
        for instruction in instructions(code, reader.position, end):
            size = 2 if instruction[0] in (0xFC, 0xFD) else 1
            found.add(tuple(instruction[:size]))
        reader.position = end
    return found


NO_VECTOR = {0x9A, 0xA2, 0xA5, 0xA6, 0xAF, 0xB0, 0xB2, 0xB3, 0xB4, 0xBB, 0xC2, 0xC5, 0xC6}
NO_VECTOR |= {0xCF, 0xD0, 0xD2, 0xD3, 0xD4, 0xE2, 0xEE}
ADMITTED = {(i,) for i in (*range(0x06), 0x08, *range(0x0A, 0x14), *range(0x1A, 0x1D), 0x1F)}
ADMITTED |= {(i,) for i in (*range(0x20, 0x27), *range(0x28, 0xC5), 0xD0, 0xD1, 0xD2)}
ADMITTED |= {(0xFC, i) for i in range(18)}
ADMITTED |= {(0xFD, i) for i in range(0x100) if i not in NO_VECTOR}


def test_all_that_is_admitted_occurs():
    seen: set[tuple[int, ...]] = set()
    for seed in range(120):
        seen |= operations(bytes(wasmtime.wat2wasm(Everything(seed).text(counted=False))))
    assert seen == ADMITTED
    assert len(ADMITTED) == 188 + 18 + 236
    assert len({name for name, *_ in [*OPERATIONS, *STORES]}) == len([*OPERATIONS, *STORES])


def test_what_is_not_admitted_is_no_instruction():
    """Of each opcode that does not occur above, validation says so."""
    engine = new_engine()
    opcodes = [(i,) for i in range(256) if i not in (0xFB, 0xFC, 0xFD, 0xFE, 0xFF)]
    opcodes += [(0xFD, i) for i in range(256)] + [(0xFC, i) for i in range(256)]
    for opcode in opcodes:
        if opcode in ADMITTED:
            continue
        text = bytes(opcode) + (b"\1" if opcode[-1] >= 0x80 and len(opcode) == 2 else b"")
        body = b"\0" + text + bytes(40) + b"\x0b"
        code = CORE_MODULE + b"\1\4\1\x60\0\0\3\2\1\0\x0a" + bytes([len(body) + 2, 1, len(body)])
        with pytest.raises(wasmtime.WasmtimeError) as caught:
            wasmtime.Module.validate(engine, code + body)
        text = str(caught.value)
        assert any(
            word in text for word in ("illegal", "unknown", "not enabled", "Legacy", "legacy")
        ), (opcode, text)


def test_random_programs_of_all_instructions():
    engine = new_engine(cranelift_opt_level="none")
    ends = [check(seed, engine) for seed in range(40)]
    assert ends.count("") > 20


def check_stops(seed: int, engines: list[wasmtime.Engine]) -> int:
    """Whatever compiled it, a program that is given so much stops in the same place. How many
    times it was seen to run out."""
    code = bytes(wasmtime.wat2wasm(Everything(seed).text(counted=False)))
    rewritten = rewrite(code, 0)
    used = PLENTY - execute(rewritten, engines[0], PLENTY)[0]
    stopped = 0
    for fuel in [1, *range(used // 12, used, used // 12 + 1)]:
        first, *others = [execute(rewritten, engine, fuel) for engine in engines]
        assert others == [first] * len(others), (seed, fuel)
        stopped += first[0] < 0
    return stopped


def test_a_program_stops_in_the_same_place_however_it_was_compiled():
    engines = [new_engine(cranelift_opt_level=level) for level in ("none", "speed")]
    assert sum(check_stops(seed, engines) for seed in range(10)) > 30


@pytest.mark.deep
def test_many_programs_stop_in_the_same_place():
    levels = ("none", "speed", "speed_and_size")
    engines = [new_engine(cranelift_opt_level=level) for level in levels]
    for seed in range(50_000, 50_300):
        check_stops(seed, engines)


@pytest.mark.deep
@pytest.mark.parametrize("level", ["none", "speed"])
def test_many_random_programs_of_all_instructions(level):
    engine = new_engine(cranelift_opt_level=level)
    seeds = range(10_000, 13_000) if level == "none" else range(20_000, 21_000)
    ends = [check(seed, engine) for seed in seeds]
    assert ends.count("") > len(seeds) // 2
