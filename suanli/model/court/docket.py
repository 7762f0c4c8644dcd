"""What a court keeps of deals, and how it ends them."""

from collections import defaultdict
from collections.abc import Sequence

from suanli.model.court.seats import Seats
from suanli.model.court.state import Case, CourtRules, Docket
from suanli.model.market import Market
from suanli.model.state import Deal
from suanli.protocol import BPS, Address, Request, State, require
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
        self._require_filing(request_id)
        require(leaf.index < request.tasks, "TaskOutOfRange", leaf.index, request.tasks)
        depth = depth_of(request.tasks)
        require(len(path) == depth, "WrongPathLength", len(path), depth)
        total = open_leaf(deal.root, request.tasks, leaf, path)
        most = self.market.classes[request.resource].max_task_units
        lies = total is not None and total != deal.units_used
        above = total is not None and leaf.units > most
        require(lies or above, "NothingFalse", request_id)
        self._freeze(request, request_id)
        docket = self.dockets[request_id]
        docket.all_wrong |= lies
        if above:
            docket.wrong.add(leaf.index)
        self._owe_nothing(request)

    def finish(self, _sender: Address, request: Request) -> None:
        docket = self._docket_open(request)
        request_id = self.market.request_id(request)
        done = self._is_done(request, docket)
        require(done, "FilingOpen", request_id, docket.open, docket.filing_until)
        self._finish(request, docket)

    def collect(self, _sender: Address, request_id: bytes, case_id: bytes) -> None:
        docket, case = self.dockets[request_id], self.cases.get(case_id)
        mine = case is not None and case.request_id == request_id
        there = mine and docket.finished and case is not None and (case.owed or case.right)
        require(bool(there), "NothingToCollect", case_id)
        assert case is not None
        refund = case.owed * docket.refunds // docket.owed if docket.owed else 0
        due = refund + (docket.reward if case.right else 0)
        self.accounts[case.filer].available += due
        docket.left -= due
        case.owed, case.right = 0, False

    def _freeze(self, request: Request, request_id: bytes) -> None:
        docket = self.dockets[request_id]
        if docket.frozen:
            return
        self.market.freeze(self.address, request)
        docket.frozen = True
        deal = self.market.deals[request_id]
        docket.filing_until = deal.time + self.market.terms[request.terms].challenge_window

    def _require_filing(self, request_id: bytes) -> None:
        docket = self.dockets[request_id]
        if docket.frozen:
            over = self.time > docket.filing_until
            require(not over, "FilingOver", request_id, docket.filing_until)

    def _require_submitted(self, request: Request) -> Deal:
        request_id = self.market.request_id(request)
        deal = self.market.deal_of(request_id)
        require(deal.state == State.SUBMITTED, "WrongState", request_id, deal.state)
        return deal

    def _docket_open(self, request: Request) -> Docket:
        request_id = self.market.request_id(request)
        docket = self.dockets[request_id]
        require(docket.frozen and not docket.finished, "NothingFrozen", request_id)
        return docket

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

    def _is_done(self, request: Request, docket: Docket) -> bool:
        """All cases are closed and filing is over, or the court's time is nearly."""
        if docket.open == 0 and self.time > docket.filing_until:
            return True
        late = self.time > self._verdict_end(request) - self.rules.step
        return late and self._is_wrong(docket)

    def _owe_nothing(self, request: Request) -> None:
        """Should the court fall silent."""
        self.market.set_due(self.address, request, 0)

    def _finish(self, request: Request, docket: Docket) -> None:
        docket.finished = True
        if not self._judges(request):
            return
        terms = self.market.terms[request.terms]
        deal = self.market.deals[self.market.request_id(request)]
        if self._is_wrong(docket):
            share = len(docket.wrong) * BPS * self.rules.slash_factor // request.tasks
            share = max(share, self.rules.least_slash_bps, terms.default_bps)
            if docket.all_wrong:
                share = BPS
            self._resolve(request, docket, 0, min(share, terms.overturn_bps))
        elif docket.cured:
            share = min(self.rules.cure_slash_bps, terms.overturn_bps)
            self._resolve(request, docket, deal.units_used, share)
        else:
            self.market.thaw(self.address, request)
            docket.finished = docket.frozen = docket.noted = False

    def _resolve(self, request: Request, docket: Docket, units_due: int, share: int) -> None:
        received = self.market.resolve(self.address, request, units_due, share).slash.court
        if received:
            self.market.withdraw(self.address, self.address, received)
            self.wallets[self.address] -= received
            self.held += received
        docket.refunds = min(received, docket.owed)
        left = received - docket.refunds
        if docket.right:
            docket.reward = min(left, self.rules.reward_cap) // docket.right
        self.accounts[self.rules.sink].available += left - docket.reward * docket.right
        docket.left = docket.refunds + docket.reward * docket.right
