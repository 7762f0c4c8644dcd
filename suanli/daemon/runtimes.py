"""What the journals of daemons say of the runtimes that classes list, by place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

LISTED = "listed"
"""Name of the fact that says which runtimes the classes list: ids by place, by class."""


def listed_in(fact: Mapping[str, list[str]] | None) -> dict[int, Sequence[bytes]]:
    """By class, from the fact `LISTED` of a journal."""
    return {
        int(resource): [bytes.fromhex(id_) for id_ in ids] for resource, ids in (fact or {}).items()
    }


def listed_fact(listed: Mapping[int, Sequence[bytes]]) -> dict[str, list[str]]:
    return {str(resource): [id_.hex() for id_ in ids] for resource, ids in listed.items()}
