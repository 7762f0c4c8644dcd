"""Instructions that compute, load and store, by name: what they take and give, and their prices;
and random expressions of them."""

from __future__ import annotations

import random

_INTEGER = ["add", "sub", "mul", "and", "or", "xor", "shl", "shr_s", "shr_u", "rotl", "rotr"]
_DIVISION = ["div_s", "div_u", "rem_s", "rem_u"]
_COMPARE = ["eq", "ne", "lt_s", "lt_u", "gt_s", "gt_u", "le_s", "le_u", "ge_s", "ge_u"]
_FLOAT = ["add", "sub", "mul", "copysign"]
_FLOAT_UNARY = ["abs", "neg", "ceil", "floor", "trunc", "nearest"]
_FLOAT_COMPARE = ["eq", "ne", "lt", "gt", "le", "ge"]
Operation = tuple[str, str, str, int]
"""Its name, types it takes, type it gives (one letter each: i l f d v), price."""
LETTERS = {"i": "i32", "l": "i64", "f": "f32", "d": "f64", "v": "v128"}


def _scalars() -> list[Operation]:
    found: list[Operation] = []
    for kind, letter in (("i32", "i"), ("i64", "l")):
        found += [(f"{kind}.{name}", letter * 2, letter, 1) for name in _INTEGER]
        found += [(f"{kind}.{name}", letter * 2, letter, 5) for name in _DIVISION]
        found += [(f"{kind}.{name}", letter * 2, "i", 1) for name in _COMPARE]
        unary = ["clz", "ctz", "popcnt", "extend8_s", "extend16_s"]
        unary += ["extend32_s"] if letter == "l" else []
        found += [(f"{kind}.{name}", letter, letter, 1) for name in unary]
        found.append((f"{kind}.eqz", letter, "i", 1))
        for source, from_ in (("f32", "f"), ("f64", "d")):
            for sign in "su":
                found.append((f"{kind}.trunc_{source}_{sign}", from_, letter, 3))
                found.append((f"{kind}.trunc_sat_{source}_{sign}", from_, letter, 3))
                slow = 3 if source == "f32" else 1
                found.append((f"{source}.convert_{kind}_{sign}", letter, from_, slow))
    for kind, letter in (("f32", "f"), ("f64", "d")):
        found += [(f"{kind}.{name}", letter * 2, letter, 1) for name in _FLOAT]
        found += [(f"{kind}.{name}", letter * 2, letter, 3) for name in ("min", "max")]
        found += [(f"{kind}.{name}", letter, letter, 1) for name in _FLOAT_UNARY]
        found += [(f"{kind}.div", letter * 2, letter, 10), (f"{kind}.sqrt", letter, letter, 10)]
        found += [(f"{kind}.{name}", letter * 2, "i", 1) for name in _FLOAT_COMPARE]
    found += [("i32.wrap_i64", "l", "i", 1), ("i64.extend_i32_s", "i", "l", 1)]
    found += [("i64.extend_i32_u", "i", "l", 1), ("f32.demote_f64", "d", "f", 3)]
    found += [("f64.promote_f32", "f", "d", 1), ("i32.reinterpret_f32", "f", "i", 1)]
    found += [("i64.reinterpret_f64", "d", "l", 1), ("f32.reinterpret_i32", "i", "f", 1)]
    return [*found, ("f64.reinterpret_i64", "l", "d", 1)]


def _vectors() -> list[Operation]:
    one, two, three = "v", "vv", "vvv"
    found: list[Operation] = [(f"v128.{n}", two, "v", 1) for n in ("and", "andnot", "or", "xor")]
    found += [("v128.not", one, "v", 1), ("v128.bitselect", three, "v", 1)]
    found += [("v128.any_true", one, "i", 1), ("i8x16.swizzle", two, "v", 1)]
    found += [("i8x16.popcnt", one, "v", 3), ("i16x8.q15mulr_sat_s", two, "v", 1)]
    found += [("i32x4.dot_i16x8_s", two, "v", 1)]
    shapes = {"i8x16": "i", "i16x8": "i", "i32x4": "i", "i64x2": "l", "f32x4": "f", "f64x2": "d"}
    for shape, letter in shapes.items():
        last = {"i": 3, "l": 1, "f": 3, "d": 1}[letter]
        signs = ("_s", "_u") if shape in ("i8x16", "i16x8") else ("",)
        found += [(f"{shape}.extract_lane{sign} {last}", one, letter, 1) for sign in signs]
        found.append((f"{shape}.replace_lane {last}", "v" + letter, "v", 1))
        found.append((f"{shape}.splat", letter, "v", 1))
        if letter in "fd":
            found += [(f"{shape}.{name}", two, "v", 1) for name in _FLOAT_COMPARE]
            found += [(f"{shape}.{name}", one, "v", 1) for name in _FLOAT_UNARY]
            found += [(f"{shape}.{n}", two, "v", 1) for n in ("add", "sub", "mul", "pmin", "pmax")]
            found += [(f"{shape}.div", two, "v", 10), (f"{shape}.sqrt", one, "v", 10)]
            found += [(f"{shape}.{name}", two, "v", 3) for name in ("min", "max")]
            continue
        compare = [n for n in _COMPARE if shape != "i64x2" or not n.endswith("_u")]
        found += [(f"{shape}.{name}", two, "v", 1) for name in compare]
        found += [(f"{shape}.{name}", two, "v", 1) for name in ("add", "sub")]
        found += [(f"{shape}.{name}", one, "v", 1) for name in ("abs", "neg")]
        found += [(f"{shape}.{name}", one, "i", 1) for name in ("all_true", "bitmask")]
        slow = {"i8x16": "shl shr_s shr_u", "i64x2": "shl shr_s shr_u"}.get(shape, "shr_s").split()
        for name in ("shl", "shr_s", "shr_u"):
            found.append((f"{shape}.{name}", "vi", "v", 3 if name in slow else 1))
        if shape != "i8x16":
            found.append((f"{shape}.mul", two, "v", 3 if shape == "i64x2" else 1))
        if shape != "i64x2":
            names = ("min_s", "min_u", "max_s", "max_u")
            found += [(f"{shape}.{name}", two, "v", 1) for name in names]
        if shape in ("i8x16", "i16x8"):
            names = ("add_sat_s", "add_sat_u", "sub_sat_s", "sub_sat_u", "avgr_u")
            found += [(f"{shape}.{name}", two, "v", 1) for name in names]
    for wide, narrow in (("i16x8", "i8x16"), ("i32x4", "i16x8"), ("i64x2", "i32x4")):
        for sign in "su":
            for half in ("low", "high"):
                found.append((f"{wide}.extend_{half}_{narrow}_{sign}", one, "v", 1))
                found.append((f"{wide}.extmul_{half}_{narrow}_{sign}", two, "v", 1))
            if wide != "i64x2":
                found.append((f"{wide}.extadd_pairwise_{narrow}_{sign}", one, "v", 1))
                found.append((f"{narrow}.narrow_{wide}_{sign}", two, "v", 1))
    for sign in "su":
        found += [(f"i32x4.trunc_sat_f32x4_{sign}", one, "v", 3)]
        found += [(f"f32x4.convert_i32x4_{sign}", one, "v", 3)]
        found += [(f"i32x4.trunc_sat_f64x2_{sign}_zero", one, "v", 3)]
        found += [(f"f64x2.convert_low_i32x4_{sign}", one, "v", 3)]
    found += [("f32x4.demote_f64x2_zero", one, "v", 1), ("f64x2.promote_low_f32x4", one, "v", 1)]
    return found


def _loads() -> list[Operation]:
    found: list[Operation] = [(f"{kind}.load", "a", letter, 1) for letter, kind in LETTERS.items()]
    found += [(f"i32.load{size}_{sign}", "a", "i", 1) for size in (8, 16) for sign in "su"]
    found += [(f"i64.load{size}_{sign}", "a", "l", 1) for size in (8, 16, 32) for sign in "su"]
    found += [
        (f"v128.load{s}_{sign}", "a", "v", 1) for s in ("8x8", "16x4", "32x2") for sign in "su"
    ]
    found += [(f"v128.load{size}_splat", "a", "v", 1) for size in (8, 16, 32, 64)]
    found += [(f"v128.load{size}_zero", "a", "v", 1) for size in (32, 64)]
    return found + [(f"v128.load{size}_lane 1", "av", "v", 1) for size in (8, 16, 32, 64)]


def _stores() -> list[Operation]:
    found: list[Operation] = [
        (f"{kind}.store", f"a{letter}", "", 1) for letter, kind in LETTERS.items()
    ]
    found += [(f"i32.store{size}", "ai", "", 1) for size in (8, 16)]
    found += [(f"i64.store{size}", "al", "", 1) for size in (8, 16, 32)]
    return found + [(f"v128.store{size}_lane 1", "av", "", 1) for size in (8, 16, 32, 64)]


OPERATIONS = [*_scalars(), *_vectors(), *_loads()]
STORES = _stores()

_GIVING = {letter: [o for o in OPERATIONS if o[2] == letter] for letter in LETTERS}
TABLE = 40
NUMBERS = {
    "i": ["0", "1", "-1", "77", "65536", "0x7fffffff", "0x80000000"],
    "l": ["0", "1", "-1", "12345678901", "0x8000000000000000"],
    "f": ["0", "-0", "1.5", "-3e38", "inf", "nan", "-nan:0x200001"],
    "d": ["0", "-0", "2.5", "1e308", "-inf", "nan", "nan:0x4000000000001"],
    "v": [
        "i64x2 0 -1",
        "i32x4 1 2 3 4",
        "f64x2 nan 1",
        "f32x4 -nan 1 inf 0",
        "i8x16" + " 200" * 16,
    ],
}
KINDS = LETTERS | {"x": "exnref"}
LOCALS = {"i": 4, "l": 3, "f": 3, "d": 3, "v": 3}

Piece = tuple[str, int]
"""Text of an instruction, and its price."""


class Expressions:
    """Random ones, of locals, globals, memory and the table."""

    def __init__(self, seed: int) -> None:
        self._choose = random.Random(seed)

    def _values(self, letters: str) -> list[Piece]:
        return [piece for letter in letters for piece in self._value(letter, 1)]

    def _local(self, letter: str) -> str:
        if letter == "x":
            return self._choose.choice("xy")
        return f"{letter}{self._choose.randrange(LOCALS[letter])}"

    def _address(self, depth: int) -> list[Piece]:
        return [*self._value("i", depth), ("i32.const 0x3fff", 1), ("i32.and", 1)]

    def _value(self, letter: str, depth: int) -> list[Piece]:
        choose = self._choose
        if letter == "x":
            return [(f"local.get ${self._local(letter)}", 1)]
        if depth >= 4 or choose.random() < 0.15:
            return [self._leaf(letter)]
        if choose.random() < 0.06:
            values = self._value(letter, depth + 1) + self._value(letter, depth + 1)
            how = choose.choice(["select", f"select (result {LETTERS[letter]})"])
            return [*values, *self._value("i", depth + 1), (how, 1)]
        if letter == "v" and choose.random() < 0.08:
            order = " ".join(str(choose.randrange(32)) for _ in range(16))
            return [
                *self._value("v", depth + 1),
                *self._value("v", 3),
                (f"i8x16.shuffle {order}", 1),
            ]
        if letter == "i" and choose.random() < 0.05:
            return [*self._reference(), ("ref.is_null", 1)]
        return self._operation(choose.choice(_GIVING[letter]), depth + 1)

    def _operation(self, operation: Operation, depth: int) -> list[Piece]:
        name, takes, gives, price = operation
        kind = LETTERS.get(gives, "")
        if ".trunc_f" in name and not name.startswith("i32x4"):
            number = [*self._value("i", depth), ("i32.const 0xffff", 1), ("i32.and", 1)]
            slow = 3 if takes == "f" else 1
            return [*number, (f"{LETTERS[takes]}.convert_i32_u", slow), (name, price)]
        if price == 5:
            positive = [
                *self._value(gives, depth),
                (f"{kind}.const 0x7fffffff", 1),
                (f"{kind}.and", 1),
            ]
            some = [*self._value(gives, depth), (f"{kind}.const 1", 1), (f"{kind}.or", 1)]
            return [*positive, *some, (name, price)]
        found: list[Piece] = []
        for letter in takes:
            found += self._address(depth) if letter == "a" else self._value(letter, depth)
        if takes[0] == "a":
            word, *lane = name.split()
            name = " ".join([word, *self._choose.choice([[], ["offset=40"], ["align=1"]]), *lane])
        return [*found, (name, price)]

    def _leaf(self, letter: str) -> Piece:
        choose = self._choose
        which = choose.randrange(10)
        if which < 6:
            return f"local.get ${self._local(letter)}", 1
        if which < 8:
            return f"global.get $g{letter}", 1
        if which == 8 and letter == "i":
            return choose.choice(["memory.size", "table.size $t"]), 1
        return f"{LETTERS[letter]}.const {choose.choice(NUMBERS[letter])}", 1

    def _reference(self) -> list[Piece]:
        slot = self._choose.randrange(TABLE)
        return self._choose.choice(
            [
                [("ref.null func", 1)],
                [(f"ref.func $f{self._choose.randrange(3)}", 100)],
                [(f"i32.const {slot}", 1), ("table.get $t", 3)],
                [("local.get $r", 1)],
            ]
        )
