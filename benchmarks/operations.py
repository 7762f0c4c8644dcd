"""Which operations cost least fuel for their time: `python -m benchmarks.operations`, minutes.

Each that computes or loads runs in a loop, fed with its own result or with what was loaded.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator

from benchmarks.instructions import measure
from suanli.engine.guest.wasi.link import Host
from suanli.engine.runtime import new_engine
from tests.suanli.engine.instructions import LETTERS, OPERATIONS

TURNS = 3_000_000
SHOWN = 10
_LOCALS = {"i": "$x", "l": "$q", "f": "$g", "d": "$f", "v": "$v"}
_CONSTANTS = {"i": "3", "l": "3", "f": "1.5", "d": "1.5", "v": "i32x4 1 2 3 4"}
_PLACE = "(i32.and (local.get $i) (i32.const 0xff8))"


def constant(letter: str) -> str:
    return f"({LETTERS[letter]}.const {_CONSTANTS[letter]})"


def bodies(name: str, takes: str, gives: str) -> Iterator[str]:
    """Loops of one operation."""
    if ".trunc_f" in name:
        return  # may trap; those that saturate take longer
    if ".div_" in name or ".rem_" in name:
        kind, again = LETTERS[gives], f"(local.get {_LOCALS[gives]})"
        some = f"({kind}.or {again} ({kind}.const 3))"
        yield f"(local.set {_LOCALS[gives]} ({name} ({kind}.const -7) {some}))"
        return
    for position in {takes.find(gives), takes.rfind(gives)} - {-1}:
        operands = [_PLACE if letter == "a" else constant(letter) for letter in takes]
        operands[position] = f"(local.get {_LOCALS[gives]})"
        yield f"(local.set {_LOCALS[gives]} ({name} {' '.join(operands)}))"
    loads, operands = [], []
    for letter in takes:
        if letter == "a":
            operands.append(_PLACE)
        else:
            loads.append(f"(local.set {_LOCALS[letter]} ({LETTERS[letter]}.load {_PLACE}))")
            operands.append(f"(local.get {_LOCALS[letter]})")
    result = f"({name} {' '.join(operands)})"
    yield " ".join([*loads, f"({LETTERS[gives]}.store (i32.const 4096) {result})"])


def main() -> None:
    engine = new_engine()
    host = Host(engine)
    gc.freeze()  # as workers do: each run looks for cycles
    seconds, fuel = measure(10 * TURNS, "", engine, host)
    plain, found = fuel / seconds, []
    for name, takes, gives, _ in OPERATIONS:
        for body in bodies(name, takes, gives):
            seconds, fuel = measure(TURNS, body, engine, host)
            found.append((fuel / seconds / plain, 1e9 * seconds / TURNS, name))
    print(f"{len(OPERATIONS)} operations; fuel for their time, as a share of the plainest loop's")
    for share, nanoseconds, name in sorted(found)[:SHOWN]:
        print(f"{name:38}{nanoseconds:12.2f} ns{share:8.3f}")


if __name__ == "__main__":
    main()
