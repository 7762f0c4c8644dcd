"""The court in plain Python, beside the shadow market, written from the specification."""

from suanli.model.court.court import Court
from suanli.model.court.state import Case, CourtRules, Docket, Round, Seat

__all__ = ["Case", "Court", "CourtRules", "Docket", "Round", "Seat"]
