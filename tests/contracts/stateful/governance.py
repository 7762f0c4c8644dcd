"""Rules for the owner and the guardian, and for those who would like to be."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from suanli.protocol import Terms
from tests.contracts.stateful import choices
from tests.contracts.stateful.base import Base
from tests.contracts.stateful.world import (
    COLD,
    COURTED,
    DAY,
    GUARDIAN,
    HARSH,
    OTHER_COURT,
    PLAIN,
    TOKEN,
    verify_miner,
)
from tests.harness.market import RUNTIME, ZERO

OFTEN = ("set_price_model", "unpause", "add_terms", "add_class", "verify")
"""What leaves a market that is worth going on with."""
SELDOM = (
    "permit_runtime",
    "set_runtime_suspended",
    "pause",
    "retire_resource_class",
    "retire_terms",
    "set_guardian",
    "transfer_ownership",
    "accept_ownership",
    "renounce_ownership",
)


class Governance(Base):
    @rule(
        what=st.sampled_from(OFTEN * 3 + SELDOM),
        number=choices.which,
        units=choices.units,
        who=choices.people,
        owner=choices.mostly,
    )
    def govern(self, what: str, number: int, units: int, who: str, owner: bool) -> None:
        sender = self.model.owner if owner and self.model.owner != ZERO else who
        resource = 1 + number % 6
        match what:
            case "set_price_model":
                models = (*self.price_models, *self.price_models, COLD)
                self.act(what, sender, resource, self.nth(models, number))
            case "unpause":
                self.act(what, sender)
            case "pause":
                self.act(what, GUARDIAN if owner else who)
            case "retire_resource_class" if number < 4:
                self.act(what, sender, 1 + units % 6)
            case "retire_terms" if number < 6:
                in_use = [request.terms for request in self.live()] or [*range(1, 7)]
                self.act(what, sender, self.nth(in_use, units))
            case "add_terms":
                self.act(what, sender, self.terms(number, units, who))
            case "add_class":
                self.add_class(sender, number, units)
            case "permit_runtime":
                self.act(what, sender, resource, bytes([number]) * 32)
            case "set_runtime_suspended":
                self.act(what, sender, resource, number % 2, number == 4)
            case "verify":
                self.verify(self.verifiers[number % 2], who)
            case "set_guardian":
                self.act(what, sender, (GUARDIAN, GUARDIAN, who)[number % 3])
            case "transfer_ownership":
                self.act(what, sender, who)
            case "accept_ownership":
                heir = self.model.pending_owner
                self.act(what, who if number % 2 or heir == ZERO else heir)
            case "renounce_ownership" if number == 11:
                self.act(what, sender)

    def terms(self, number: int, units: int, who: str) -> Terms:
        """Old records with other addresses and shares, now and then out of bounds."""
        figure = min(units, 2**16 - 1)
        changes: tuple[dict[str, Any], ...] = (
            {"fee_bps": figure},
            {"challenge_window": figure},
            {"verdict_by": figure * DAY // 10},
            {"release_bps": figure},
            {"default_bps": figure},
            {"overturn_bps": figure},
            {"compensation_cap": figure * TOKEN // 100},
            {"court_bps": figure},
            {"treasury": who},
            {"court": (OTHER_COURT, ZERO, who, self.model.address)[units % 4]},
            {"reward_pool": (ZERO, who, self.actors[4], self.model.token)[units % 4]},
            {"retired": True},
            {"identity_verifier": (ZERO, *self.verifiers, who)[units % 4]},
        )
        return (COURTED, PLAIN, HARSH)[units % 3]._replace(**self.nth(changes, number))

    def add_class(self, sender: str, number: int, units: int) -> None:
        kind = self.model.classes[1 + number % 4]._replace(retired=number == 7)
        kind = kind._replace(stake_per_unit=units % 2**96, floor=number)
        kind = kind._replace(unit_seconds={9: 1, 10: 0}.get(number, kind.unit_seconds))
        runtimes = [RUNTIME] * (1 + (number == 8))
        self.act("add_resource_class", sender, kind, "unit", runtimes)

    def verify(self, verifier: str, who: str) -> None:
        """Whoever it is: as a requester, and as a miner if it is one."""
        self.chain.send(verifier, "setVerified", who, who, True)
        self.model.verifiers[verifier].requesters.add(who)
        if who in self.model.miners:
            verify_miner(self.twin, verifier, who)
