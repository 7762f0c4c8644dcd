"""The registry beside a model that keeps the history, under all that anybody may try."""

from __future__ import annotations

from collections import Counter
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.harness.evm import account, reverts
from tests.harness.market import ALICE, BOB, OWNER, STRANGER, ZERO, World
from tests.harness.registry import ATTESTOR, Attestation, Registry

LEAST = 2
KEYS = tuple(account(f"attestor {number}") for number in range(3))
SUBJECTS = ((1, 0, ZERO), (1, 1, ZERO), (2, 0, ZERO), (0, 0, ALICE), (0, 0, BOB))
NO_SUBJECTS = ((0, 0, ZERO), (1, 0, ALICE), (0, 1, ALICE))
CALLERS = (OWNER, STRANGER, *KEYS)
OUTCOMES: Counter[str] = Counter()
"""Calls that were compared, by function or by error."""
EXPECTED = {
    *("addAttestor", "removeAttestor", "submit", "revokeMiner", "revokeRequester"),
    *("OwnableUnauthorizedAccount", "AlreadyAttestor", "NotAttestor", "NotAttestorOrOwner"),
    *("WrongRegistry", "NotOneSubject", "IssuedBeforeOffice", "IssuedInFuture"),
    *("AttestationExpired", "InvalidSignature", "NotNewer"),
}
few = st.sampled_from(KEYS)
subjects = st.sampled_from(SUBJECTS)


class Word(NamedTuple):
    """What was said last of a subject, in the registry's form."""

    issued: int
    valid_until: int
    level: int


@dataclass
class Model:
    """Every word by who said it of whom, in order; who holds the office since when."""

    office: dict[str, int] = field(default_factory=dict)
    words: dict[tuple[str, tuple], list[Word]] = field(default_factory=dict)

    def last(self, attestor: str, subject: tuple) -> Word:
        return next(reversed(self.words.get((attestor, subject), [])), Word(0, 0, 0))

    def say(self, attestor: str, subject: tuple, word: Word) -> None:
        self.words.setdefault((attestor, subject), []).append(word)

    def is_verified(self, subject: tuple, now: int) -> bool:
        return any(
            word.level >= LEAST and since <= word.issued and now <= word.valid_until
            for attestor, since in self.office.items()
            for word in [self.last(attestor, subject)]
        )

    def objection(self, said: Attestation, honest: bool, here: Registry, now: int) -> tuple | None:
        subject = (said.miner, said.tenure, said.requester)
        last, since = self.last(said.attestor, subject), self.office.get(said.attestor)
        if said.registry != here.address:
            return "WrongRegistry", said.registry
        if subject not in SUBJECTS:
            return ("NotOneSubject",)
        if since is None:
            return "NotAttestor", said.attestor
        if said.issued < since:
            return "IssuedBeforeOffice", said.issued, since
        if said.issued > now:
            return "IssuedInFuture", said.issued, now
        if said.validUntil < now:
            return "AttestationExpired", said.validUntil
        if not honest:
            return "InvalidSignature", said.attestor, here.digest(said)
        if said.issued <= last.issued:
            return "NotNewer", said.issued, last.issued
        return None


@cache
def built() -> Registry:
    registry = Registry(World(), LEAST)
    registry.contract.removeAttestor(ATTESTOR, sender=OWNER)
    for attestor in KEYS[:2]:
        registry.contract.addAttestor(attestor, sender=OWNER)
    return registry


class RegistryMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.registry = built()
        self.contract, self.evm = self.registry.contract, self.registry.world.evm
        self._rollback = self.evm.rollback()
        self._rollback.__enter__()
        self.model = Model(dict(self.contract.attestors()))
        self.signed: list[tuple[Attestation, bytes, bool]] = []

    def teardown(self) -> None:
        self._rollback.__exit__(None, None, None)

    def call(self, function: str, sender: str, *args: object, error: tuple | None) -> bool:
        """See exactly this error, or success; whether it succeeded."""
        with reverts(*error) if error else nullcontext():
            getattr(self.contract, function)(*args, sender=sender)
        OUTCOMES[error[0] if error else function] += 1
        return error is None

    @rule(seconds=st.sampled_from((0, 1, 1, 5, 60)))
    def wait(self, seconds: int) -> None:
        self.evm.advance(seconds)

    @rule(
        function=st.sampled_from(("addAttestor", "addAttestor", "removeAttestor")),
        attestor=few,
        caller=st.sampled_from((OWNER, OWNER, OWNER, STRANGER)),
    )
    def change_office(self, function: str, attestor: str, caller: str) -> None:
        error, adds = None, function == "addAttestor"
        if caller != OWNER:
            error = ("OwnableUnauthorizedAccount", caller)
        elif adds == (attestor in self.model.office):
            error = ("AlreadyAttestor" if adds else "NotAttestor", attestor)
        if self.call(function, caller, attestor, error=error):
            self.model.office.pop(attestor, None)
            self.model.office |= {attestor: self.evm.time} if adds else {}

    @rule(
        attestor=few,
        subject=st.sampled_from((*SUBJECTS * 3, *NO_SUBJECTS)),
        level=st.integers(0, 4),
        ago=st.sampled_from((0, 0, 0, 0, 1, 5, -1)),
        lasts=st.sampled_from((0, 1, 10, 1_000, 1_000)),
        honest=st.sampled_from((*[True] * 7, False)),
        here=st.sampled_from((*[True] * 15, False)),
        at_once=st.booleans(),
    )
    def sign(self, attestor, subject, level, ago, lasts, honest, here, at_once) -> None:
        now = self.evm.time
        miner, tenure, requester = subject
        said = self.registry.of_miner(miner, tenure, requester=requester, attestor=attestor)
        said = said._replace(level=level, issued=now - ago, validUntil=now + lasts)
        said = said if here else said._replace(registry=STRANGER)
        signature = self.registry.sign(said, attestor if honest else KEYS[KEYS.index(attestor) - 1])
        self.signed.append((said, signature, honest))
        if at_once:
            self.submit(0)

    @precondition(lambda self: self.signed)
    @rule(number=st.integers(0, 9))
    def submit_any(self, number: int) -> None:
        """Of the last ten, whether submitted before or not."""
        self.submit(number)

    def submit(self, number: int) -> None:
        said, signature, honest = self.signed[-1 - min(number, len(self.signed) - 1)]
        error = self.model.objection(said, honest, self.registry, self.evm.time)
        if self.call("submit", STRANGER, said, signature, error=error):
            subject = (said.miner, said.tenure, said.requester)
            word = Word(said.issued, said.validUntil, said.level)
            self.model.say(said.attestor, subject, word)

    @rule(attestor=few, subject=subjects, caller=st.sampled_from((None, None, *CALLERS)))
    def revoke(self, attestor: str, subject: tuple, caller: str | None) -> None:
        caller = caller or attestor
        error = None
        if caller not in (attestor, OWNER):
            error = ("NotAttestorOrOwner", caller, attestor)
        elif attestor not in self.model.office:
            error = ("NotAttestor", attestor)
        miner, tenure, requester = subject
        name, args = ("revokeMiner", (miner, tenure)) if miner else ("revokeRequester", [requester])
        if self.call(name, caller, attestor, *args, error=error):
            self.model.say(attestor, subject, Word(self.evm.time, 0, 0))

    @invariant()
    def all_is_as_the_model_says(self) -> None:
        assert dict(self.contract.attestors()) == self.model.office
        for subject in SUBJECTS:
            miner, tenure, requester = subject
            known = (
                self.registry.knows_miner(miner, tenure)
                if miner
                else self.registry.knows_requester(requester)
            )
            assert known == self.model.is_verified(subject, self.evm.time)
            for attestor in self.model.office:
                said = (
                    self.contract.attestedOfMiner(attestor, miner, tenure)
                    if miner
                    else self.contract.attestedOfRequester(attestor, requester)
                )
                assert said == self.model.last(attestor, subject)


def run(examples: int, steps: int) -> None:
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        suppress_health_check=[HealthCheck.too_slow],
    )
    run_state_machine_as_test(RegistryMachine, settings=chosen)


@pytest.mark.spec("15.3", "15.4", "15.5", "15.6")
def test_registry_beside_its_model():
    OUTCOMES.clear()
    run(examples=60, steps=40)
    assert set(OUTCOMES) >= EXPECTED


@pytest.mark.deep
def test_registry_beside_its_model_for_long():
    run(examples=2_000, steps=80)
