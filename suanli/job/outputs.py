"""What a task left, as the leaf commits to it.

The output record is canonical JSON: outcome, exit code, and stdout, stderr and each file. What is
small in all stands in the record itself, so that it comes with it; else each part is a salted blob
of its own, named by digest and size, so that one file can be fetched and checked without the
others. The record's salted digest is the leaf's.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field

from suanli.engine import Outcome, Result
from suanli.protocol import DIGEST_BYTES, Leaf, Ref, canonical, refer, salted_digest

VERSION = 2
INLINE = 4 << 10
"""Bytes of all parts together up to which they stand in the record."""

Part = Ref | bytes
"""Of a task's outputs: where it is, or itself."""


@dataclass(frozen=True)
class OutputRecord:
    """An output record, decoded; `parts` are stdout, stderr and the files by path."""

    outcome: Outcome
    exit_code: int | None
    stdout: Part = field(repr=False)
    stderr: Part = field(repr=False)
    files: Mapping[str, Part] = field(repr=False)

    @classmethod
    def decode(cls, data: bytes, limit: int) -> "OutputRecord":
        """Raises ValueError: longer than `limit` bytes, or no record in its one form."""
        raw = canonical.decode(data, limit)
        try:
            code = raw["exit_code"]
            if code is not None and type(code) is not int:
                raise ValueError("no exit code")
            found = cls(
                Outcome(raw["outcome"]),
                code,
                _part(raw["stdout"]),
                _part(raw["stderr"]),
                {str(path): _part(part) for path, part in raw["files"].items()},
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"no output record: {error!r}") from error
        inline = [isinstance(part, bytes) for part in found.parts]
        if any(inline) != (found.size <= INLINE) or any(inline) != all(inline):
            raise ValueError("small outputs stand in the record, others do not")
        if found.encode() != data:
            raise ValueError("not in its one form")
        return found

    def encode(self) -> bytes:
        return canonical.encode(
            {
                "version": VERSION,
                "outcome": str(self.outcome),
                "exit_code": self.exit_code,
                "stdout": _plain(self.stdout),
                "stderr": _plain(self.stderr),
                "files": {path: _plain(part) for path, part in self.files.items()},
            }
        )

    @property
    def ok(self) -> bool:
        """As `Result.ok`."""
        return self.outcome is Outcome.EXITED and self.exit_code == 0

    @property
    def parts(self) -> list[Part]:
        return [self.stdout, self.stderr, *self.files.values()]

    @property
    def refs(self) -> list[Ref]:
        """The parts that are blobs of their own."""
        return [part for part in self.parts if isinstance(part, Ref)]

    @property
    def size(self) -> int:
        """Bytes of all parts."""
        return sum(size_of(part) for part in self.parts)


@dataclass(frozen=True)
class Outputs:
    """The record (canonical bytes) and the plaintext of every blob by its salted digest."""

    record: bytes
    plaintexts: Mapping[bytes, bytes] = field(repr=False)

    @classmethod
    def of(cls, result: Result, salt: bytes) -> "Outputs":
        plaintexts: dict[bytes, bytes] = {}
        parts = [result.stdout, result.stderr, *result.files.values()]
        small = sum(map(len, parts)) <= INLINE

        def keep(data: bytes) -> Part:
            if small:
                return data
            ref = refer(salt, [data])
            plaintexts[ref.digest] = data
            return ref

        record = OutputRecord(
            result.outcome,
            result.exit_code,
            keep(result.stdout),
            keep(result.stderr),
            {path: keep(data) for path, data in result.files.items()},
        ).encode()
        plaintexts[salted_digest(salt, record)] = record
        return cls(record, plaintexts)


def leaf_of(index: int, result: Result, salt: bytes) -> Leaf:
    """The leaf of task `index`."""
    digest = salted_digest(salt, Outputs.of(result, salt).record)
    return Leaf(index, result.outcome.code, digest, result.units)


def size_of(part: Part) -> int:
    """Bytes."""
    return part.size if isinstance(part, Ref) else len(part)


def _plain(part: Part) -> dict[str, str | int]:
    if isinstance(part, Ref):
        return {"digest": part.digest.hex(), "size": part.size}
    return {"data": base64.b64encode(part).decode("ascii")}


def _part(raw: Mapping[str, object]) -> Part:
    if "data" in raw:
        return base64.b64decode(str(raw["data"]), validate=True)
    size = raw["size"]
    if type(size) is not int or size < 0:
        raise ValueError("no size")
    digest = bytes.fromhex(str(raw["digest"]))
    if len(digest) != DIGEST_BYTES:
        raise ValueError("no digest")
    return Ref(digest, size)
