"""Random programs of all instructions that are admitted, and what each should cost.

One program makes two texts. One is the program. The other says of each run of instructions, before
it, what it costs by the prices that stand here, and adds that up in a global of its own: an
interpreter of the price list that lets the module execute itself. It shares nothing with the
rewriter; a change of a price has to be made in both.
"""

from __future__ import annotations

from tests.suanli.engine.instructions import (
    KINDS,
    LETTERS,
    LOCALS,
    NUMBERS,
    STORES,
    TABLE,
    Expressions,
    Piece,
)

ENTRY, LOCALS_A_UNIT = 2, 4
CALL, CALL_INDIRECT, THROW, THROWN, BULK, GROW, PAGE, BYTE = 4, 8, 1_000, 250, 400, 300, 64_000, 1
ELEMENT, ELEMENT_INIT, LEFT = 5, 50, 60
MOST_PAGES = 3

_SIGNATURES = [("", ""), ("i", "i"), ("ld", "fd"), ("vf", "vil"), ("fi", "i"), ("", "dv")]
_TAGS = ["", "i", "dv", "fd"]
_HEADER = f"""(memory (export "memory") 1 {MOST_PAGES}) (table $t {TABLE} {TABLE + 20} funcref)
  (data $d0 "some bytes") (data $d1 "and others")"""


class Everything(Expressions):
    """One program of a seed. It ends, and leaves what it computed in memory."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._tokens: list[str | tuple] = []
        self._signatures = [self._choose.choice(_SIGNATURES) for _ in range(3)] + [("", "")]
        self._functions = [self._function(i) for i in range(len(self._signatures))]

    def text(self, counted: bool) -> str:
        count = len(self._signatures)
        names = " ".join(f"$f{i}" for i in range(count))
        lines = ["(module"]
        for i, (takes, gives) in enumerate(self._signatures):
            lines.append(f"(type $s{i} (func{_typed('param', takes)}{_typed('result', gives)}))")
        lines += [f"(tag $t{i}{_typed('param', types)})" for i, types in enumerate(_TAGS)]
        lines += [_HEADER, f"(elem (i32.const 0) {names})"]
        lines += [f"(elem $e{i} funcref (ref.func $f0) (ref.null func))" for i in range(2)]
        for letter, kind in LETTERS.items():
            lines.append(f"(global $g{letter} (mut {kind}) ({kind}.const {NUMBERS[letter][1]}))")
        if counted:
            lines.append('(global $used (export "used") (mut i64) (i64.const 0))')
            lines.append("(global $depth (mut i32) (i32.const 0))")
        for tokens in self._functions:
            for token in tokens:
                if isinstance(token, str):
                    lines.append(token)
                elif counted:
                    lines.append(_counting(*token))
        return "\n".join([*lines, ")"])

    def _function(self, index: int) -> list[str | tuple]:
        self._tokens, self._index = [], index
        takes, gives = self._signatures[index]
        self._labels, self._loops, self._counters = [gives], 0, 0
        last = index == len(self._signatures) - 1
        if last:
            self._try(0, [("catch_all", "")])
        for _ in range(self._choose.randint(2, 6)):
            self._statement(0)
        if last:
            self._keep()
        self._run([piece for letter in gives for piece in self._value(letter, 1)])
        body, self._tokens = self._tokens, []
        declared = "".join(
            f" (local ${letter}{i} {LETTERS[letter]})"
            for letter, count in LOCALS.items()
            for i in range(count)
        )
        declared += " (local $n i32) (local $r funcref) (local $x exnref) (local $y exnref)"
        declared += "".join(f" (local $c{i} i32)" for i in range(self._counters))
        count = declared.count("(local")
        export = ' (export "_start")' if last else ""
        head = f"(func $f{index}{export} (type $s{index}){declared}"
        entry = ENTRY + -(-count // LOCALS_A_UNIT)
        self._run([(f"local.get {i}", 1) for i in range(len(takes))])
        self._set(takes)
        arguments, self._tokens = self._tokens, []
        texts = [token for token in body if isinstance(token, str)]
        if any(text.startswith(("call", "try_table")) for text in texts):
            begin: list[str | tuple] = [
                ("local",),
                ("static", entry),
                ("enter", _typed("result", gives)),
            ]
            return [head, *begin, *arguments, *body, ("end",), ")"]
        alone = [token for token in body if token not in (("left",), ("leave",))]
        return [head, ("static", entry), *arguments, *alone, ")"]

    # Pieces.

    def _run(self, pieces: list[Piece], more: tuple = ()) -> None:
        """Instructions between which nothing else is entered or left."""
        self._tokens.append(("static", sum(price for _, price in pieces)))
        if more:
            self._tokens.append(more)
        if pieces and pieces[-1][0].startswith("return"):
            self._tokens.append(("leave",))
        self._tokens += [text for text, _ in pieces]

    def _set(self, letters: str) -> None:
        """Take what is on the stack into locals."""
        self._run([(f"local.set ${self._local(letter)}", 1) for letter in reversed(letters)])

    # Statements.

    def _statement(self, depth: int) -> None:
        kinds = [self._assign, self._assign, self._store, self._bulk, self._tables, self._grow]
        kinds += [self._branch, self._refer, self._rethrow, self._odd]
        if depth < 3:
            kinds += [self._block, self._if, self._loop, self._catching, self._throw]
        if self._index:
            kinds += [self._call, self._call]
        kind = self._choose.choice(kinds)
        kind(depth)

    def _body(self, depth: int) -> None:
        for _ in range(self._choose.randint(1, 3)):
            self._statement(depth + 1)

    def _assign(self, _: int) -> None:
        letter = self._choose.choice("ilfdv")
        value = self._value(letter, 0)
        target = f"${self._local(letter)}"
        how = self._choose.randrange(4)
        if how == 0:
            self._run([*value, (f"global.set $g{letter}", 1)])
        elif how == 1:
            self._run([*value, (f"local.tee {target}", 1), ("drop", 0)])
        else:
            self._run([*value, (f"local.set {target}", 1)])

    def _store(self, _: int) -> None:
        self._run(self._operation(self._choose.choice(STORES), 1))

    def _bulk(self, _: int) -> None:
        choose = self._choose
        number = ("i32.const 0x1ff", 1)
        self._run([*self._value("i", 2), number, ("i32.and", 1), ("local.set $n", 1)])
        length = ("local.get $n", 1)
        match choose.randrange(5):
            case 0:
                pieces = [*self._address(2), *self._value("i", 2), length, ("memory.fill", BULK)]
                self._run(pieces, ("each", "$n", BYTE))
            case 1:
                pieces = [*self._address(2), *self._address(2), length, ("memory.copy", BULK)]
                self._run(pieces, ("each", "$n", BYTE))
            case 2:
                size = choose.choice([0, 1, 10])
                pieces = [*self._address(2), ("i32.const 0", 1), (f"i32.const {size}", 1)]
                self._run([*pieces, ("memory.init $d0", BULK + size * BYTE)])
            case 3:
                pieces = [*self._address(2), ("i32.const 0", 1), ("i32.const 0", 1)]
                self._run([("data.drop $d1", BULK), *pieces, ("memory.init $d1", BULK)])
            case _ if choose.random() < 0.05:
                outside = [("i32.const -5", 1), ("i32.const 1", 1), ("i32.const 90", 1)]
                self._run([*outside, ("memory.fill", BULK)], ("static", 90 * BYTE))

    def _tables(self, _: int) -> None:
        choose, free = self._choose, f"i32.const {self._choose.randint(10, TABLE - 10)}"
        size = choose.choice([0, 1, 9])
        length = (f"i32.const {size}", 1)
        match choose.randrange(5):
            case 0:
                self._run([(free, 1), *self._reference(), ("table.set $t", 10)])
            case 1:
                fill = ("table.fill $t", BULK + size * ELEMENT)
                self._run([(free, 1), *self._reference(), length, fill])
            case 2:
                copy = ("table.copy $t $t", BULK + size * ELEMENT)
                self._run([(free, 1), ("i32.const 20", 1), length, copy])
            case 3:
                size = min(size, 2)
                init = ("table.init $t $e0", BULK + size * ELEMENT_INIT)
                self._run([(free, 1), ("i32.const 0", 1), (f"i32.const {size}", 1), init])
            case _:
                init = [(free, 1), ("i32.const 0", 1), ("i32.const 0", 1)]
                self._run([("elem.drop $e1", BULK), *init, ("table.init $t $e1", BULK)])

    def _grow(self, _: int) -> None:
        if self._choose.random() < 0.5:
            count = self._choose.choice([0, 1, 5])
            pieces = [(f"i32.const {count}", 1), ("memory.grow", GROW), ("local.set $n", 1)]
            self._run(pieces)
            self._tokens.append(("grown", "$n", count * PAGE))
        else:
            count = self._choose.choice([0, 3, 50])
            pieces = [*self._reference(), (f"i32.const {count}", 1), ("table.grow $t", GROW)]
            self._run([*pieces, ("local.set $n", 1)])
            self._tokens.append(("grown", "$n", count * ELEMENT))

    def _refer(self, _: int) -> None:
        typed = [*self._reference(), *self._reference(), *self._value("i", 3)]
        value = self._choose.choice([self._reference(), [*typed, ("select (result funcref)", 1)]])
        self._run([*value, ("local.set $r", 1)])

    def _odd(self, _: int) -> None:
        if self._choose.random() < 0.05:
            self._run([("unreachable", 0)])
        else:
            self._run([("nop", 0)])

    def _open(self, opening: str, price: int, carries: str) -> None:
        self._run([(opening, price)])
        self._labels.append(carries)

    def _close(self) -> None:
        self._labels.pop()
        self._tokens += ["end", ("left",)]

    def _types(self) -> str:
        return "".join(
            self._choose.choice("ilfdvx") for _ in range(self._choose.choice([0, 0, 1, 2]))
        )

    def _block(self, depth: int) -> None:
        takes, gives = self._types(), self._types()
        self._run(self._values(takes))
        self._open(f"block{_typed('param', takes)}{_typed('result', gives)}", 0, gives)
        self._set(takes)
        self._body(depth)
        self._run(self._values(gives))
        self._close()
        self._set(gives)

    def _if(self, depth: int) -> None:
        takes, gives = self._types(), self._types()
        self._run([*self._values(takes), *self._value("i", 2)])
        self._open(f"if{_typed('param', takes)}{_typed('result', gives)}", 1, gives)
        self._set(takes)
        self._body(depth)
        self._run(self._values(gives))
        if takes or gives or self._choose.random() < 0.5:
            self._tokens.append("else")
            self._set(takes)
            self._body(depth)
            self._run(self._values(gives))
        self._close()
        self._set(gives)

    def _loop(self, depth: int) -> None:
        if self._loops >= 2:
            return
        counter, takes = f"$c{self._counters}", self._types()
        self._counters += 1
        self._loops += 1
        first = self._choose.randint(1, 4)
        self._run([(f"i32.const {first}", 1), (f"local.set {counter}", 1)])
        self._open("block", 0, "")
        self._run(self._values(takes))
        self._open(f"loop{_typed('param', takes)}", 0, takes)
        self._tokens.append(("left",))
        self._set(takes)
        less = [(f"local.get {counter}", 1), ("i32.const 1", 1), ("i32.sub", 1)]
        self._run([*less, (f"local.tee {counter}", 1), ("i32.eqz", 1), ("br_if 1", 1)])
        self._body(depth)
        if self._choose.random() < 0.8:
            self._run([*self._values(takes), ("br 0", 1)])
        self._close()
        self._close()
        self._loops -= 1

    def _branch(self, _: int) -> None:
        choose = self._choose
        depth = choose.randrange(len(self._labels))
        carried = self._labels[-1 - depth]
        values = self._values(carried)
        kind = choose.choice(["br", "br_if", "br_if", "br_table", "return"])
        if kind == "return":
            self._run([*self._values(self._labels[0]), ("return", 0)])
        elif kind == "br":
            self._run([*values, (f"br {depth}", 1)])
        elif kind == "br_if":
            self._run([*values, *self._value("i", 2), (f"br_if {depth}", 1)])
            self._set(carried)
        else:
            alike = self._alike(carried)
            table = " ".join(str(choose.choice(alike)) for _ in range(choose.randint(1, 5)))
            self._run([*values, *self._value("i", 2), (f"br_table {table}", 1)])

    def _call(self, _: int) -> None:
        to = self._choose.randrange(self._index)
        takes, gives = self._signatures[to]
        tail = "return_" if gives == self._labels[0] else ""
        tail = tail if self._choose.random() < 0.3 else ""
        if self._choose.random() < 0.5:
            self._run([*self._values(takes), (f"{tail}call $f{to}", CALL)])
        else:
            indirect = (f"{tail}call_indirect $t (type $s{to})", CALL_INDIRECT)
            self._run([*self._values(takes), (f"i32.const {to}", 1), indirect])
        if not tail:
            self._set(gives)

    # Exceptions.

    def _throw(self, _: int) -> None:
        tag = self._choose.randrange(len(_TAGS))
        price = THROW + THROWN * len(_TAGS[tag])
        if self._choose.random() < 0.6:
            self._run(self._value("i", 2))
            self._open("if", 1, "")
            self._run([*self._values(_TAGS[tag]), (f"throw $t{tag}", price)])
            self._close()
        else:
            self._run([*self._values(_TAGS[tag]), (f"throw $t{tag}", price)])

    def _rethrow(self, _: int) -> None:
        local = self._choose.choice(["$x", "$y"])
        self._run([(f"local.get {local}", 1), ("ref.is_null", 1), ("i32.eqz", 1)])
        self._open("if", 1, "")
        self._run([(f"local.get {local}", 1), ("throw_ref", THROW)])
        self._close()

    def _catching(self, depth: int) -> None:
        kinds = ["catch", "catch_ref", "catch_all", "catch_all_ref"]
        clauses = []
        for _ in range(self._choose.randint(1, 2)):
            kind = self._choose.choice(kinds)
            tag = "" if "all" in kind else str(self._choose.randrange(len(_TAGS)))
            clauses.append((kind, tag))
        self._try(depth, clauses)

    def _try(self, depth: int, clauses: list[tuple[str, str]]) -> None:
        """A block for each clause, or one that is there already; what comes goes into locals."""
        opened: list[str] = []
        text, gives = "", self._types()
        for kind, tag in clauses:
            carried = _TAGS[int(tag)] if tag else ""
            carried += "x" if kind.endswith("_ref") else ""
            name = f"{kind} $t{tag}" if tag else kind
            alike = self._alike(carried)
            if alike and depth and self._choose.random() < 0.4:
                text += f" ({name} {{{len(self._labels) - 1 - self._choose.choice(alike)}}})"
                continue
            self._open(f"block{_typed('result', carried)}", 0, carried)
            opened.append(carried)
            text += f" ({name} {{{len(self._labels) - 1}}})"
        # Labels were noted from the outside; they count from the inside.
        depths = [str(len(self._labels) - 1 - i) for i in range(len(self._labels))]
        self._open(f"try_table{_typed('result', gives)}{text.format(*depths)}", 0, gives)
        self._body(depth)
        self._run(self._values(gives))
        self._close()
        self._set(gives)
        for carried in reversed(opened):
            self._run(self._values(carried))
            self._close()
            self._set(carried)

    def _alike(self, carried: str) -> list[int]:
        """Depths of labels that take the same."""
        return [i for i, label in enumerate(reversed(self._labels)) if label == carried]

    def _keep(self) -> None:
        """Put into memory what nobody would see otherwise."""
        at = 40_000
        for letter, kind in LETTERS.items():
            sources = [f"global.get $g{letter}"]
            sources += [f"local.get ${letter}{i}" for i in range(LOCALS[letter])]
            for source in sources:
                self._run([(f"i32.const {at}", 1), (source, 1), (f"{kind}.store", 1)])
                at += 16


def _typed(word: str, letters: str) -> str:
    return "".join(f" ({word} {KINDS[letter]})" for letter in letters)


def _counting(how: str, *what: object) -> str:
    """Instructions that count. Of functions that are being executed and call or catch, each knows
    as `$own` how many they are with it."""
    match how, *what:
        case "static", 0:
            return ""
        case ("local",):
            return "(local $own i32)"
        case "enter", results:
            more = "global.get $depth i32.const 1 i32.add local.tee $own global.set $depth"
            return f"{more} block {results}"
        case ("end",):
            return f"end {_counting('left')} {_counting('leave')}"
        case ("leave",):
            return "local.get $own i32.const 1 i32.sub global.set $depth"
        case ("left",):
            left = "global.get $depth local.get $own i32.sub i64.extend_i32_u"
            charge = f"global.get $used {left} i64.const {LEFT} i64.mul i64.add global.set $used"
            return f"{charge} local.get $own global.set $depth"
        case "static", price:
            more = f"i64.const {price}"
        case "each", local, price:
            more = f"local.get {local} i64.extend_i32_u i64.const {price} i64.mul"
        case "grown", local, price:
            more = (
                f"local.get {local} i32.const -1 i32.ne i64.extend_i32_u i64.const {price} i64.mul"
            )
    return f"global.get $used {more} i64.add global.set $used"
