"""What the juror tells: its log, what is wrong, and the notes that `status` shows."""

from __future__ import annotations

import logging
from typing import Any

from suanli.daemon import DaemonTeller
from suanli.juror.core import JurorChanges, JurorState

log = logging.getLogger("suanli.juror")


class JurorTeller(DaemonTeller):
    def tell_changes(self, changes: JurorChanges) -> None:
        """Log what a ballot has come to, once."""
        for id_, ballot in changes.ballots.items():
            if ballot.stage != self._told.get(id_):
                self._told[id_] = ballot.stage
                why = f" ({ballot.reason})" if ballot.reason else ""
                log.info("0x%s, round %d: %s%s", id_.case.hex()[:8], id_.round, ballot.stage, why)
        for id_ in changes.forgotten:
            self._told.pop(id_, None)

    def status(self, state: JurorState, chain: float | None) -> dict[str, Any] | None:
        """A note, now and then. `chain`: by how much its clock is ahead."""
        if not self.is_due():
            return None
        view = state.view
        if view is None:
            return self.note(None, chain)
        if not state.leaving:
            stays, seats = sum(not seat.until for seat in view.seats.values()), state.settings.seats
            few = f"{stays} of {seats} can be drawn: start again to take others"
            self.trouble("seats", few if stays < seats else "")
        return self.note(None, chain) | {
            "available": str(view.credit),
            "wei": str(view.gas),
            "seats": [
                {"position": at, **seat._asdict()} for at, seat in sorted(view.seats.items())
            ],
        }
