"""Carries out what our part in a court's cases takes: reading, challenging, acting, collecting."""

from __future__ import annotations

import hmac
from contextlib import suppress
from typing import Any

from suanli.chain import (
    Call,
    ContractError,
    Court,
    CursorState,
    EventCursor,
    TransactionReverted,
    caught_up,
    events,
)
from suanli.client.bonds import Bonds
from suanli.client.records import DealRecord, Filing
from suanli.client.run.core import instructions as i
from suanli.client.run.core import observations as o
from suanli.client.run.sealing import Sealing
from suanli.client.run.ways import Ways
from suanli.protocol import (
    Deal,
    State,
    Terms,
    case_id,
    leaf_commitment,
    leaf_hash,
    secret_commitment,
    slash,
)
from suanli.verify import rerun

NO_LEAF = bytes(32)
"""In the place of the right leaf's hash where data is withheld."""
_MONEY = (
    events.ChallengeFiled,
    events.Appealed,
    events.DepositsDivided,
    events.RewardPaid,
)
FIRST, APPEAL = 0, 2
"""Rounds of a case whose secrets the filer commits to in advance."""


class Pleading:
    def __init__(self, ways: Ways, sealing: Sealing) -> None:
        self._sealing = sealing
        self._ways, self._session, self._market = ways, ways.session, ways.session.market
        self._me = ways.session.account.address

    # Reading

    def read_stakes(self, wanted: i.ReadStakes) -> o.RunObservation:
        record, market, at = wanted.record, self._market, self._head()
        request_id, court = self._ways.id_of(record), self._court(record)
        deal, terms = market.deal_of(request_id), market.terms_of(record.request.terms)
        rules, docket = court.rules(), court.docket_of(request_id)
        due, value, slashed = self._stakes(record, deal, terms, rules.least_slash_bps)
        seats = court.jury_of(value)
        until = max(docket.filing_until, deal.time + terms.challenge_window)
        return o.StakesRead(
            self._now,
            record.number,
            at,
            until,
            court.deposit_of(wanted.number, seats, deal.miner_id),
            court.appeal_deposit_of(deal.miner_id),
            seats * rules.seat_fee,
            due,
            slashed,
        )

    def read_case(self, wanted: i.ReadCase) -> o.RunObservation:
        record, filing, at = wanted.record, wanted.filing, self._head()
        request_id, court = self._ways.id_of(record), self._court(record)
        case, docket = self._case(record, filing), court.docket_of(request_id)
        until = docket.filing_until
        if not until:
            deal = self._market.deal_of(request_id)
            until = deal.time + self._market.terms_of(record.request.terms).challenge_window
        return o.CaseRead(
            self._now,
            record.number,
            filing.number,
            at,
            case,
            court.case_of(case),
            docket,
            until,
            court.appeal_deposit_of(record.request.miner),
            self._market.state_of(record.request) is not State.CHALLENGED,
        )

    # Acting

    def send(self, wanted: i.SendCaseAct) -> o.RunObservation:
        """The court may refuse it, as when somebody else was quicker."""
        record, filing, act = wanted.record, wanted.filing, wanted.act
        key = f"case:{act}:{self._case(record, filing).hex()}:{wanted.step}"
        court, sender = self._court(record), self._session.sender
        done, why = True, ""
        try:
            if act in (i.CaseAct.FILE, i.CaseAct.APPEAL):
                needed = self._deposit(court, record, filing, act)
                if needed > filing.deposit and sender.find(key) is None:
                    why = f"it holds {self._session.show(needed)} now, more than was planned"
                    return o.CaseActSent(
                        self._now, record.number, filing.number, act, done=False, why=why
                    )
                if filing.fault.right is not None:
                    self._sealing.publish(record, filing.fault.index)
                Bonds(self._session, court).send(self._call(court, wanted), key, needed)
            else:
                sender.execute(self._call(court, wanted), key)
        except (ContractError, TransactionReverted) as error:
            done, why = False, str(error)
        return o.CaseActSent(self._now, record.number, filing.number, act, done, why)

    def prove_false(self, wanted: i.ProveFalse) -> o.RunObservation:
        """And once nobody can challenge it any more, have the deal ended: there is no case that
        would."""
        record, fault, court = wanted.record, wanted.fault, self._court(wanted.record)
        request_id = self._ways.id_of(record)
        assert fault.proof is not None
        key, call = f"false:{request_id.hex()}", court.prove_false(record.request, *fault.proof)
        docket = court.docket_of(request_id)
        if docket.all_wrong and not docket.open and self._head().time > docket.filing_until:
            key, call = f"finish:{request_id.hex()}", court.finish(record.request)
        new, done = self._session.sender.find(key) is None, True
        try:
            self._session.sender.execute(call, key)
        except (ContractError, TransactionReverted):
            done = False
        return o.FalseProved(self._now, record.number, done and new)

    def run_again(self, wanted: i.RunFaultAgain) -> o.RunObservation:
        record, fault, job = wanted.record, wanted.filing.fault, self._ways.job
        assert fault.right is not None
        known = {fault.index: fault.right}
        differing = rerun(job, job.part(record.tasks), known, [fault.index], self._ways.pool())
        return o.FaultRunAgain(self._now, record.number, wanted.filing.number, same=not differing)

    def close(self, wanted: i.CloseCase) -> o.RunObservation:
        record, filing, court = wanted.record, wanted.filing, self._court(wanted.record)
        case = self._case(record, filing)
        if wanted.finished:
            call = court.collect(self._ways.id_of(record), case)
            with suppress(ContractError, TransactionReverted):  # nothing, or nothing any more
                self._session.sender.execute(call, f"case:collect:{case.hex()}")
        cost, reward = self._came_of_it(court, case, filing)
        Bonds(self._session, court).withdraw()
        return o.CaseClosed(self._now, record.number, filing.number, cost, reward)

    def _call(self, court: Court, wanted: i.SendCaseAct) -> Call[Any]:
        record, filing, request = wanted.record, wanted.filing, wanted.record.request
        case, secret = self._case(record, filing), self._secret(filing, wanted.round)
        fault, salt = filing.fault, self._random(filing, b"salt")
        leaf = NO_LEAF if fault.right is None else leaf_hash(fault.right)
        match wanted.act:
            case i.CaseAct.FILE:
                shown = leaf_commitment(self._me, leaf, salt)
                first = secret_commitment(case, FIRST, False, self._secret(filing, FIRST))
                number, withheld = filing.number, fault.right is None
                return court.challenge(request, number, withheld, fault.index, shown, first)
            case i.CaseAct.COMMIT:
                return court.commit_secret(
                    case, secret_commitment(case, wanted.round, False, secret)
                )
            case i.CaseAct.REVEAL:
                return court.reveal_secret(case, secret)
            case i.CaseAct.RECORD:
                return court.record_hash(case)
            case i.CaseAct.DRAW:
                return court.draw(case)
            case i.CaseAct.SHOW:
                return court.show_leaf(request, case, leaf, salt)
            case i.CaseAct.APPEAL:
                last = secret_commitment(case, APPEAL, False, self._secret(filing, APPEAL))
                return court.appeal(case, last)
            case i.CaseAct.ADVANCE:
                return court.advance(request, case)
            case i.CaseAct.FINISH:
                return court.finish(request)

    def _deposit(self, court: Court, record: DealRecord, filing: Filing, act: i.CaseAct) -> int:
        """What it takes now, in base units."""
        if act is i.CaseAct.APPEAL:
            return court.appeal_deposit_of(record.request.miner)
        market, terms = self._market, self._market.terms_of(record.request.terms)
        deal = market.deal_of(self._ways.id_of(record))
        _, value, _ = self._stakes(record, deal, terms, 0)
        return court.deposit_of(filing.number, court.jury_of(value), record.request.miner)

    def _stakes(
        self, record: DealRecord, deal: Deal, terms: Terms, least_slash: int
    ) -> tuple[int, int, int]:
        """In base units what settling pays for the claim, what is at stake in the deal, and what of
        the least slash the court receives."""
        request, scale = record.request, self._session.scale
        stake = self._market.resource_class(request.resource).stake_per_unit
        due = scale.value_down(deal.units_used, deal.price)
        value = due + scale.value_down(request.units, stake)
        parted = slash(
            scale,
            units=request.units,
            price=deal.price,
            stake_per_unit=stake,
            slash_bps=min(max(least_slash, terms.default_bps), terms.overturn_bps),
            compensation_cap=terms.compensation_cap,
            court_bps=terms.court_bps,
        )
        return due, value, parted.court

    def _came_of_it(self, court: Court, case: bytes, filing: Filing) -> tuple[int, int]:
        """What of the deposits did not come back, and the reward, by the court's own events."""
        cursor = EventCursor(self._market.node, court.address, only=_MONEY)
        held = returned = reward = 0
        for batch in caught_up(cursor, CursorState.from_block(filing.block)):
            for event in batch.events:
                if getattr(event, "case_id", b"") != case:
                    continue
                match event:
                    case events.ChallengeFiled():
                        held += event.deposit
                    case events.Appealed(appellant=self._me):
                        held += event.deposit
                    case events.DepositsDivided():
                        returned += event.filer + (event.appellant if filing.appealed else 0)
                    case events.RewardPaid():
                        returned, reward = returned + event.refund, reward + event.reward
        return max(0, held - returned), reward

    def _court(self, record: DealRecord) -> Court:
        terms = self._market.terms_of(record.request.terms)
        court = self._session.court_at(terms.court)
        assert court is not None, "only what such a court judges is challenged"
        return court

    def _case(self, record: DealRecord, filing: Filing) -> bytes:
        return case_id(self._ways.id_of(record), self._me, filing.number)

    def _secret(self, filing: Filing, round_: int) -> bytes:
        return self._random(filing, b"draw %d" % round_)

    def _random(self, filing: Filing, what: bytes) -> bytes:
        """32 bytes that nobody else knows, and a restart finds again: of the job's secret, which
        was written down before the job began."""
        name = b"case %d %d %s" % (filing.deal, filing.number, what)
        return hmac.digest(self._ways.secret, name, "sha256")

    def _head(self) -> o.At:
        """As the court sees it."""
        head = self._market.node.head()
        return o.At(head.evm_number, head.time)

    @property
    def _now(self) -> float:
        return self._session.clock()
