"""What a court keeps of deals, and how it ends them."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from suanli.model.court.seats import Seats
from suanli.model.court.state import Case, CourtRules, Docket
from suanli.model.market import Market
from suanli.model.state import Deal
from suanli.protocol import BPS, Address, Refused, Request, State, Terms, Trial, require
from suanli.protocol.result_tree import Leaf, Sibling, depth_of, open_leaf


class Dockets(Seats):
    def __init__(self, market: Market, address: Address, rules: CourtRules) -> None:
        super().__init__(market, address, rules)
        self.cases: dict[bytes, Case] = {}
        self.dockets: defaultdict[bytes, Docket] = defaultdict(Docket)

    def prove_false(
        self, _sender: Address, request: Request, leaf: Leaf, path: Sequence[Sibling]
    ) -> None:
        request_id = self.market.request_id(request)
        deal = self._require_submitted(request)
        with self._open_docket(request, request_id) as docket:
            require(leaf.index < request.tasks, "TaskOutOfRange", leaf.index, request.tasks)
            depth = depth_of(request.tasks)
            require(len(path) == depth, "WrongPathLength", len(path), depth)
            total = open_leaf(deal.root, request.tasks, leaf, path)
            most = self.market.classes[request.resource].max_task_units
            lies = total is not None and total != deal.units_used
            above = total is not None and leaf.units > most
            require(lies or above, "NothingFalse", request_id)
        if lies:
            docket.all_wrong = True
        else:
            docket.wrong.add(leaf.index)
        self._owe_nothing(request)

    def finish(self, _sender: Address, request: Request) -> None:
        request_id = self.market.request_id(request)
        docket = self.dockets[request_id]
        require(docket.frozen and not docket.finished, "NothingFrozen", request_id)
        done = self._is_done(docket) or (self._is_wrong(docket) and self._is_late(request))
        require(done, "FilingOpen", request_id, docket.open, docket.filing_until)
        self._finish(request, docket)

    def collect(self, _sender: Address, request_id: bytes, case_id: bytes) -> None:
        docket, case = self.dockets[request_id], self.cases.get(case_id)
        mine = case is not None and case.request_id == request_id
        there = mine and docket.finished and case is not None and case.claims
        require(bool(there), "NothingToCollect", case_id)
        assert case is not None
        refund = case.owed * docket.refunds // docket.owed if docket.owed else 0
        docket.owed -= case.owed
        docket.refunds -= refund
        due = refund + (docket.reward if case.right else 0)
        docket.right -= case.right
        self.accounts[self.address].available -= due
        self.accounts[case.filer].available += due
        case.claims = case.right = False

    @contextmanager
    def _open_docket(self, request: Request, request_id: bytes) -> Iterator[Docket]:
        """Frozen, for filing; as it was if what follows is refused."""
        docket = self.dockets[request_id]
        if docket.frozen:
            over = self.time > docket.filing_until
            require(not over, "FilingOver", request_id, docket.filing_until)
            yield docket
            return
        self.market.freeze(self.address, request)
        try:
            yield docket
        except Refused:
            self.market.deals[request_id].trial = Trial.NONE
            raise
        docket.frozen = True
        deal = self.market.deals[request_id]
        docket.filing_until = deal.time + self.market.terms[request.terms].challenge_window

    def _require_submitted(self, request: Request) -> Deal:
        request_id = self.market.request_id(request)
        deal = self.market.deal_of(request_id)
        require(deal.state == State.SUBMITTED, "WrongState", request_id, deal.state)
        return deal

    def _judges(self, request: Request) -> bool:
        """The deal still is the court's."""
        deal = self.market.deal_of(self.market.request_id(request))
        return (
            deal.state == State.SUBMITTED
            and deal.trial.open
            and self.time <= self._verdict_end(request)
        )

    def _verdict_end(self, request: Request) -> int:
        deal = self.market.deal_of(self.market.request_id(request))
        terms = self.market.terms[request.terms]
        return deal.time + terms.challenge_window + terms.verdict_by

    def _is_wrong(self, docket: Docket) -> bool:
        return docket.all_wrong or bool(docket.wrong)

    def _is_done(self, docket: Docket) -> bool:
        """All cases are closed and filing is over."""
        return docket.open == 0 and self.time > docket.filing_until

    def _is_late(self, request: Request) -> bool:
        """The court's time is nearly over."""
        return self.time > self._verdict_end(request) - self.rules.step

    def _owe_nothing(self, request: Request) -> None:
        """Should the court fall silent."""
        self.market.set_due(self.address, request, 0)

    def _finish(self, request: Request, docket: Docket) -> None:
        wrong = self._is_wrong(docket)
        if not wrong and not docket.cured:
            self.market.thaw(self.address, request)
            docket.frozen = docket.noted = False
            return
        terms = self.market.terms[request.terms]
        deal = self.market.deals[self.market.request_id(request)]
        share = self._share_of(docket, request, terms) if wrong else self.rules.cure_slash_bps
        units_due = 0 if wrong else deal.units_used
        share = min(share, terms.overturn_bps)
        received = self.market.resolve(self.address, request, units_due, share).slash.court
        docket.finished = True
        docket.refunds = min(received, docket.owed)
        left = received - docket.refunds
        if docket.right:
            docket.reward = min(left, self.rules.reward_cap) // docket.right
        kept = docket.refunds + docket.reward * docket.right
        self.accounts[self.rules.sink].available += received - kept
        self.accounts[self.address].available += kept

    def _push(self, to: Address, amount: int) -> None:
        """What the court received stands in the market until a withdrawal needs it."""
        there = self.market.accounts[self.address].available
        if self.held < amount and there:
            self.market.withdraw(self.address, self.address, there)
            self.wallets[self.address] -= there
            self.held += there
        super()._push(to, amount)

    def _share_of(self, docket: Docket, request: Request, terms: Terms) -> int:
        """Of the collateral, in basis points."""
        if docket.all_wrong:
            return terms.overturn_bps
        share = len(docket.wrong) * BPS * self.rules.slash_factor // request.tasks
        return max(share, self.rules.least_slash_bps, terms.default_bps)
