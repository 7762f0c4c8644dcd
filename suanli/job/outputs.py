"""What a task left, as the leaf commits to it.

The output record is canonical JSON: outcome, exit code, and digest and size of stdout, stderr and
each file. Its salted digest is the leaf's; every part is a salted blob of its own, so that one
file can be fetched and checked without the others.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from suanli.engine import Result
from suanli.job import canonical
from suanli.job.digests import refer, salted_digest
from suanli.job.tree import Leaf


@dataclass(frozen=True)
class Outputs:
    """The record (canonical bytes) and the plaintext of every blob by its salted digest."""

    record: bytes
    plaintexts: Mapping[bytes, bytes] = field(repr=False)

    @classmethod
    def of(cls, result: Result, salt: bytes) -> "Outputs":
        plaintexts: dict[bytes, bytes] = {}

        def keep(data: bytes) -> dict[str, str | int]:
            ref = refer(salt, [data])
            plaintexts[ref.digest] = data
            return {"digest": ref.digest.hex(), "size": ref.size}

        record = canonical.encode(
            {
                "version": 1,
                "outcome": str(result.outcome),
                "exit_code": result.exit_code,
                "stdout": keep(result.stdout),
                "stderr": keep(result.stderr),
                "files": {path: keep(data) for path, data in result.files.items()},
            }
        )
        plaintexts[salted_digest(salt, record)] = record
        return cls(record, plaintexts)


def leaf_of(index: int, result: Result, salt: bytes) -> Leaf:
    """The leaf of task `index`."""
    digest = salted_digest(salt, Outputs.of(result, salt).record)
    return Leaf(index, result.outcome.code, digest, result.units)
