"""What a relay saw when it looked at itself."""

from __future__ import annotations

from dataclasses import dataclass, field

from suanli.chain import Block
from suanli.relay.server.index import IndexProgress


@dataclass
class RelaySeen:
    """`at`: in seconds since 1970; `wrong`: what callers meet, and `warnings`: what they will meet
    before long, by what it is about, as everybody may know it. None: it could not be seen, or
    there is none of it. `board`: entries by kind. Sizes in bytes."""

    at: float
    wrong: dict[str, str] = field(default_factory=dict)
    warnings: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    """For the log alone: they may name files, servers and users."""
    board: dict[str, int] | None = None
    open_requests: int | None = None
    database_size: int | None = None
    blob_size: int | None = None
    blob_limit: int | None = None
    free: int | None = None
    """On the disk."""
    head: Block | None = None
    index: IndexProgress | None = None
    behind: int | None = None
    """Blocks that the index has not read yet."""
    index_size: int | None = None

    def ails(self, what: str, text: str, reason: Exception | str | None = None) -> None:
        self.wrong[what] = text
        if reason is not None:
            self.reasons[what] = str(reason)
