"""Random small modules, and what they should cost: an interpreter with prices of its own.

It shares no code with the rewriter; a change of a price has to be made in both.
"""

from __future__ import annotations

import contextlib
import random
from dataclasses import dataclass, field

ENTRY, LOCALS_A_UNIT, PAGE, BULK, GROW, BYTE = 2, 4, 64_000, 400, 300, 1
PRICES = dict.fromkeys(("block", "loop", "nop", "return", "unreachable", "drop"), 0)
PRICES |= {"call": 4, "call_indirect": 8, "i32.div_u": 5, "f64.sqrt": 10}
PRICES |= {"i32.trunc_sat_f64_u": 3, "memory.fill": BULK, "memory.copy": BULK, "memory.grow": GROW}
MEMORY, MASK = 65_536, 0xFFFFFFFF
MOST_PAGES = 3
MOST_STEPS = 30_000

Instruction = tuple


class TooLong(Exception):
    pass


class Trapped(Exception):
    pass


class Branch(Exception):
    def __init__(self, depth: int) -> None:
        self.depth = depth


class Return(Exception):
    pass


@dataclass
class Program:
    functions: list[list[Instruction]] = field(default_factory=list)
    locals: list[int] = field(default_factory=list)
    """How many each function declares."""

    def text(self) -> str:
        count = len(self.functions)
        lines = ["(module (type $t (func))", f'(memory (export "memory") 1 {MOST_PAGES})']
        lines += [f"(table {count} funcref)"]
        lines += [f"(elem (i32.const 0) {' '.join(f'$f{i}' for i in range(count))})"]
        for index, body in enumerate(self.functions):
            export = '(export "_start")' if index == count - 1 else ""
            lines += [f"(func $f{index} {export} (local {'i32 ' * self.locals[index]})"]
            lines += [*_text(body), ")"]
        return "\n".join([*lines, ")"])


def _text(body: list[Instruction]) -> list[str]:
    lines = []
    for name, *rest in body:
        if name in ("block", "loop"):
            lines += [name, *_text(rest[0]), "end"]
        elif name == "if":
            lines += ["if", *_text(rest[0]), *(["else", *_text(rest[1])] if rest[1] else []), "end"]
        elif name == "call":
            lines.append(f"call $f{rest[0]}")
        elif name == "call_indirect":
            lines.append("call_indirect (type $t)")
        elif name == "br_table":
            lines.append(f"br_table {' '.join(map(str, rest[0]))}")
        else:
            lines.append(" ".join(map(str, (name, *rest))))
    return lines


class Maker:
    """Makes programs that end: loops count down, and functions call only earlier ones."""

    def __init__(self, seed: int) -> None:
        self._choose = random.Random(seed)

    def program(self) -> Program:
        made = Program()
        for index in range(self._choose.randint(1, 4)):
            self._function, self._locals = index, self._choose.randint(2, 9)
            self._plain = self._locals
            made.functions.append(self._body(0, 0))
            made.locals.append(self._locals)
        return made

    def _body(self, nesting: int, labels: int) -> list[Instruction]:
        found = []
        for _ in range(self._choose.randint(0, 5)):
            found += self._statement(nesting, labels)
        return found

    def _statement(self, nesting: int, labels: int) -> list[Instruction]:
        choose = self._choose
        kinds = ["set", "set", "store", "nop", "branch", "bulk", "leave"]
        if nesting < 4:
            kinds += ["block", "loop", "loop", "if", "if"]
        if self._function:
            kinds += ["call", "call"]
        match choose.choice(kinds):
            case "set":
                return [*self._value(3), ("local.set", choose.randrange(self._plain))]
            case "store":
                return [*self._address(), *self._value(2), ("i32.store",)]
            case "block":
                return [("block", self._body(nesting + 1, labels + 1))]
            case "loop":
                return self._loop(nesting, labels)
            case "if":
                bodies = [self._body(nesting + 1, labels + 1) for _ in range(2)]
                return [*self._value(2), ("if", *bodies)]
            case "call":
                to = choose.randrange(self._function)
                if choose.random() < 0.5:
                    return [("call", to)]
                return [("i32.const", to), ("call_indirect",)]
            case "branch":
                return self._branch(labels)
            case "bulk":
                return self._bulk()
            case "leave" if choose.random() < 0.3:
                return [choose.choice([("return",), ("unreachable",)])]
            case _:
                return [("nop",)]

    def _loop(self, nesting: int, labels: int) -> list[Instruction]:
        counter = self._locals
        self._locals += 1
        head = [("local.get", counter), ("i32.const", 1), ("i32.sub",)]
        head += [("local.tee", counter), ("i32.eqz",), ("br_if", 1)]
        body = [*head, *self._body(nesting + 1, labels + 2)]
        if self._choose.random() < 0.9:
            body.append(("br", 0))
        first = self._choose.randint(1, 5)
        return [("i32.const", first), ("local.set", counter), ("block", [("loop", body)])]

    def _branch(self, labels: int) -> list[Instruction]:
        choose = self._choose
        depths = [choose.randint(0, labels) for _ in range(choose.randint(1, 4))]
        kind = choose.choice(["br", "br_if", "br_if", "br_if", "br_table"])
        if kind == "br":
            return [("br", depths[0])]
        return [*self._value(2), (kind, depths if kind == "br_table" else depths[0])]

    def _bulk(self) -> list[Instruction]:
        choose = self._choose
        size = (
            "i32.const",
            choose.choice([0, 1, 100, 5_000, 70_000 if choose.random() < 0.1 else 7]),
        )
        match choose.randrange(3):
            case 0:
                return [*self._address(), *self._value(1), size, ("memory.fill",)]
            case 1:
                return [*self._address(), *self._address(), size, ("memory.copy",)]
            case _:
                return [("i32.const", choose.randint(0, 2)), ("memory.grow",), ("drop",)]

    def _address(self) -> list[Instruction]:
        return [*self._value(1), ("i32.const", 0x7FFF), ("i32.and",)]

    def _value(self, nesting: int) -> list[Instruction]:
        choose = self._choose
        if not nesting or choose.random() < 0.3:
            if choose.random() < 0.5:
                return [("i32.const", choose.choice([0, 1, 2, 77, 65_536, 2**31 - 1]))]
            return [("local.get", choose.randrange(self._plain))]
        below = nesting - 1
        match choose.randrange(5):
            case 0:
                name = choose.choice(["i32.add", "i32.sub", "i32.xor", "i32.and", "i32.lt_u"])
                return [*self._value(below), *self._value(below), (name,)]
            case 1:
                one = [("i32.const", 1), ("i32.or",), ("i32.div_u",)]
                return [*self._value(below), *self._value(below), *one]
            case 2:
                root = [("f64.convert_i32_u",), ("f64.sqrt",), ("i32.trunc_sat_f64_u",)]
                return [*self._value(below), *root]
            case 3:
                return [*self._address(), ("i32.load",)]
            case _:
                return [*[i for _ in range(3) for i in self._value(below)], ("select",)]


class Run:
    """One execution of a program: `fuel`, `memory` and whether it `trapped`."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self.memory, self.trapped, self._steps = bytearray(MEMORY), False, 0
        self.fuel = 0
        try:
            self._call(len(program.functions) - 1)
        except Trapped:
            self.trapped = True

    def _call(self, index: int) -> None:
        count = self._program.locals[index]
        self.fuel += ENTRY + -(-count // LOCALS_A_UNIT)
        with contextlib.suppress(Return, Branch):
            self._body(self._program.functions[index], [0] * count)

    def _nested(self, body: list[Instruction], locals_: list[int], loop: bool = False) -> None:
        while True:
            try:
                return self._body(body, locals_)
            except Branch as branch:
                if branch.depth:
                    raise Branch(branch.depth - 1) from None
                if not loop:
                    return None

    def _body(self, body: list[Instruction], locals_: list[int]) -> None:
        stack: list = []
        for name, *rest in body:
            self._steps += 1
            if self._steps > MOST_STEPS:
                raise TooLong
            self.fuel += PRICES.get(name, 1)
            match name:
                case "block" | "loop":
                    self._nested(rest[0], locals_, name == "loop")
                case "if":
                    self._nested(rest[0] if stack.pop() else rest[1], locals_)
                case "br":
                    raise Branch(rest[0])
                case "br_if":
                    if stack.pop():
                        raise Branch(rest[0])
                case "br_table":
                    raise Branch(rest[0][min(stack.pop(), len(rest[0]) - 1)])
                case "return":
                    raise Return
                case "unreachable":
                    raise Trapped
                case "call":
                    self._call(rest[0])
                case "call_indirect":
                    self._call(stack.pop())
                case _:
                    self._plain(name, rest, stack, locals_)

    def _plain(self, name: str, rest: list, stack: list, locals_: list[int]) -> None:
        match name:
            case "nop":
                pass
            case "drop":
                stack.pop()
            case "i32.const":
                stack.append(rest[0])
            case "local.get":
                stack.append(locals_[rest[0]])
            case "local.set":
                locals_[rest[0]] = stack.pop()
            case "local.tee":
                locals_[rest[0]] = stack[-1]
            case "i32.eqz":
                stack.append(int(not stack.pop()))
            case "select":
                choice, second, first = stack.pop(), stack.pop(), stack.pop()
                stack.append(first if choice else second)
            case "i32.store":
                value, at = stack.pop(), stack.pop()
                self.memory[at : at + 4] = value.to_bytes(4, "little")
            case "i32.load":
                at = stack.pop()
                stack.append(int.from_bytes(self.memory[at : at + 4], "little"))
            case "f64.convert_i32_u":
                stack.append(float(stack.pop()))
            case "f64.sqrt":
                stack.append(stack.pop() ** 0.5)
            case "i32.trunc_sat_f64_u":
                stack.append(int(stack.pop()))
            case "memory.fill" | "memory.copy":
                self._bulk(name, stack)
            case "memory.grow":
                self._grow(stack)
            case _:
                second, first = stack.pop(), stack.pop()
                stack.append(_binary(name, first, second) & MASK)

    def _bulk(self, name: str, stack: list) -> None:
        size, source, to = stack.pop(), stack.pop(), stack.pop()
        self.fuel += size * BYTE
        ends = (to + size,) if name == "memory.fill" else (to + size, source + size)
        if max(ends) > len(self.memory):
            raise Trapped
        if name == "memory.fill":
            self.memory[to : to + size] = bytes([source & 0xFF]) * size
        else:
            self.memory[to : to + size] = self.memory[source : source + size]

    def _grow(self, stack: list) -> None:
        pages, had = stack.pop(), len(self.memory) // MEMORY
        if had + pages > MOST_PAGES:
            stack.append(MASK)
            return
        self.fuel += pages * PAGE
        self.memory += bytes(pages * MEMORY)
        stack.append(had)


def _binary(name: str, first: int, second: int) -> int:
    match name:
        case "i32.add":
            return first + second
        case "i32.sub":
            return first - second
        case "i32.xor":
            return first ^ second
        case "i32.and":
            return first & second
        case "i32.or":
            return first | second
        case "i32.div_u":
            return first // second
        case "i32.lt_u":
            return int(first < second)
    raise AssertionError(name)
