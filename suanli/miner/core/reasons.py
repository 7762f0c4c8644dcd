"""Why requests are not taken: what requesters are told."""

from __future__ import annotations

from dataclasses import dataclass

STARTING = "starting"
"""Code of reasons that end by themselves: requesters need not hear of them."""


@dataclass(frozen=True)
class Reason:
    """Why a request is not taken. `final`: no waiting changes it."""

    code: str
    text: str
    final: bool = True

    def __str__(self) -> str:
        return f"{self.code}: {self.text}"
