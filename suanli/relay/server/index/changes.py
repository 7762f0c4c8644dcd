"""Rows that a batch of events changes: read once, changed in memory, written together.

What they were before goes into `undo`, so that the batch can be taken back exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, LargeBinary, Table, and_, bindparam, delete, insert, select
from sqlalchemy import update as sql_update

from suanli.relay.server.index.tables import MADE, UNDO, Whole

Key = tuple[Any, ...]
Row = dict[str, Any]
TOGETHER = 400
"""Rows asked for at once."""
_BY_NAME = {table.name: table for table in MADE}


class RowChanges:
    """In one transaction. Rows are changed in place by whoever asked for them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._before: dict[Table, dict[Key, Row | None]] = {}
        self._rows: dict[Table, dict[Key, Row | None]] = {}

    def find(self, table: Table, *key: Any) -> Row | None:
        """To be changed; None: there is none."""
        if key not in self._rows.setdefault(table, {}):
            self.fetch(table, [key])
        return self._rows[table][key]

    def get(self, table: Table, *key: Any) -> Row:
        """One that must be there. Raises LookupError."""
        row = self.find(table, *key)
        if row is None:
            raise LookupError(f"{table.name} has no {key}")
        return row

    def add(self, table: Table, **values: Any) -> Row:
        """A new row, or one in the place of what was there; what is not named is None."""
        row = {column.name: values.get(column.name) for column in table.columns}
        key = tuple(row[column.name] for column in table.primary_key)
        self.find(table, *key)
        self._rows[table][key] = row
        return row

    def remove(self, table: Table, *key: Any) -> None:
        self.find(table, *key)
        self._rows[table][key] = None

    def fetch(self, table: Table, keys: Iterable[Key]) -> None:
        """Read those that were not asked for before."""
        known, before = self._rows.setdefault(table, {}), self._before.setdefault(table, {})
        missing = [key for key in dict.fromkeys(keys) if key not in known]
        columns = list(table.primary_key)
        for begin in range(0, len(missing), TOGETHER):
            part = missing[begin : begin + TOGETHER]
            if len(columns) == 1:
                wanted = columns[0].in_([key[0] for key in part])
                self._take(table, wanted, columns)
            else:
                for key in part:
                    each = (column == value for column, value in zip(columns, key, strict=True))
                    self._take(table, and_(*each), columns)
            for key in part:
                known.setdefault(key, None)
                before.setdefault(key, None)

    def _take(self, table: Table, wanted: Any, columns: Sequence[Any]) -> None:
        names = [column.name for column in columns]
        for found in self._connection.execute(select(table).where(wanted)).mappings():
            row = dict(found)
            key = tuple(row[name] for name in names)
            self._rows[table][key], self._before[table][key] = row, dict(row)

    def write(self, block: int | None) -> None:
        """`block`: with which the batch ends that can be taken back; None: it can't."""
        undone: list[Row] = []
        for table in MADE:
            rows, before = self._rows.get(table, {}), self._before.get(table, {})
            changed = {key: row for key, row in rows.items() if row != before[key]}
            self._write(table, changed, before)
            if block is not None:
                undone += (
                    {
                        "block": block,
                        "table_name": table.name,
                        "key": [_packed(part) for part in key],
                        "row": _packed_row(before[key]),
                    }
                    for key in changed
                )
        for step, row in enumerate(undone):
            row["step"] = step
        if undone:
            self._connection.execute(insert(UNDO), undone)

    def _write(
        self, table: Table, changed: dict[Key, Row | None], before: dict[Key, Row | None]
    ) -> None:
        new, altered, gone = [], [], []
        for key, row in changed.items():
            if row is None:
                gone.append(key)
            elif before[key] is None:
                new.append(row)
            else:
                altered.append(row)
        write_rows(self._connection, table, new, altered, gone)


def write_rows(
    connection: Connection,
    table: Table,
    new: Sequence[Row],
    altered: Sequence[Row],
    gone: Sequence[Key],
) -> None:
    keys = list(table.primary_key)
    this = and_(*(column == bindparam(f"k_{column.name}") for column in keys))
    if gone:
        values = [{f"k_{c.name}": v for c, v in zip(keys, key, strict=True)} for key in gone]
        connection.execute(delete(table).where(this), values)
    if altered:
        names = [column.name for column in table.columns if not column.primary_key]
        change = sql_update(table).where(this).values({n: bindparam(f"v_{n}") for n in names})
        connection.execute(
            change,
            [
                {f"k_{c.name}": row[c.name] for c in keys} | {f"v_{n}": row[n] for n in names}
                for row in altered
            ],
        )
    if new:
        connection.execute(insert(table), list(new))


def take_back(connection: Connection, block: int) -> None:
    """All batches that end above a block, the newest first."""
    found = connection.execute(
        select(UNDO).where(UNDO.c.block > block).order_by(UNDO.c.block.desc(), UNDO.c.step.desc())
    ).mappings()
    oldest: dict[tuple[str, Key], Row | None] = {}
    for undone in found:  # of each row the oldest remains
        table = _BY_NAME[undone["table_name"]]
        columns = list(table.primary_key)
        key = tuple(_unpacked(c, v) for c, v in zip(columns, undone["key"], strict=True))
        row = undone["row"]
        oldest[table.name, key] = (
            None if row is None else {c.name: _unpacked(c, row[c.name]) for c in table.columns}
        )
    for table in MADE:
        keys = [key for name, key in oldest if name == table.name]
        rows = [row for (name, _), row in oldest.items() if name == table.name and row]
        write_rows(connection, table, rows, [], keys)
    connection.execute(delete(UNDO).where(UNDO.c.block > block))


def _packed(value: Any) -> Any:
    """Numbers too, as text: JSON's are not exact everywhere."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value


def _packed_row(row: Row | None) -> Row | None:
    return None if row is None else {name: _packed(value) for name, value in row.items()}


def _unpacked(column: Any, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(column.type, LargeBinary):
        return bytes.fromhex(value)
    if isinstance(column.type, Whole) or column.type.python_type is int:
        return int(value)
    return value
