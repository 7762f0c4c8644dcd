"""A court beside a market, and one case before it, party by party."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from suanli.base.accounts import Account
from suanli.chain import Call, Court, Market, Sender, Token, creation
from suanli.protocol import (
    CasePhase,
    CourtRules,
    Leaf,
    Request,
    Tree,
    case_id,
    leaf_commitment,
    leaf_hash,
    secret_commitment,
)
from tests.harness.local_chain import ALICE, BOB, CHEAP, DEPLOYER, OTHERS

TOKEN = 10**18
QUICK = CourtRules(
    inclusion=1,
    step=20,
    vote=60,
    cure=20,
    queue=20,
    filing=60,
    join_delay=60,
    leave_delay=60,
    jury=3,
    large_jury=5,
    appeal_jury=7,
    cases_per_seat=2,
    cover_bps=10_000,
    penalty_bps=100,
    least_slash_bps=5_000,
    cure_slash_bps=1_000,
    slash_factor=5,
    delay_rate=10**9,
    seat_stake=100 * TOKEN,
    seat_fee=TOKEN // 2,
    bond=25 * TOKEN,
    reward_cap=3 * TOKEN // 2,
    sink=OTHERS[1],
)
SALT, SECRETS = b"\x31" * 32, (b"\x32" * 32, b"\x33" * 32)


def sender_of(market: Market, account: Account) -> Sender:
    return Sender(market.node, account, fees=CHEAP, poll_every=0.01)


def let_judge(market: Market, rules: CourtRules = QUICK) -> tuple[Court, int]:
    """A new court, and the number of terms that name it."""
    owner = sender_of(market, DEPLOYER)
    values = tuple(vars(rules).values())
    made = owner.execute(creation(market.node, "CourtExtension", market.address, values)).contract
    court = Court(market.node, str(owner.execute(creation(market.node, "Court", made)).contract))
    least = court.least_times()
    terms = market.terms_of(1)._replace(
        court=court.address,
        challenge_window=least.challenge_window,
        verdict_by=least.verdict_by,
        default_bps=3_000,
        overturn_bps=10_000,
        court_bps=10_000,
    )
    owner.execute(market.add_terms(terms))
    return court, market.terms_count()


def fund(market: Market, court: Court, account: Account, amount: int) -> None:
    """Tokens in the court's account."""
    token, sender = Token(market.node, market.token()), sender_of(market, account)
    for call in (token.faucet(amount), token.approve(court.address, amount), court.deposit(amount)):
        sender.execute(call)


@dataclass
class Trial:
    """Alice challenges Bob's leaf of a task; `claimed` are the leaves of his result, `right` the
    leaf that she holds right."""

    market: Market
    court: Court
    request: Request
    claimed: Sequence[Leaf]
    right: Leaf
    task: int = 1
    withheld: bool = False
    rounds: int = field(default=0)

    @property
    def case(self) -> bytes:
        return case_id(self.market.domain.request_id(self.request), ALICE.address, 0)

    @property
    def phase(self) -> CasePhase:
        return self.court.case_of(self.case).phase

    def _do(self, account: Account, call: Call[Any]) -> None:
        sender_of(self.market, account).execute(call)

    def _secret(self, by_miner: bool) -> bytes:
        return secret_commitment(self.case, self.rounds, by_miner, SECRETS[by_miner])

    def file(self) -> None:
        leaf = bytes(32) if self.withheld else leaf_hash(self.right)
        commitment = leaf_commitment(ALICE.address, leaf, SALT)
        call = self.court.challenge(
            self.request, 0, self.withheld, self.task, commitment, self._secret(False)
        )
        self._do(ALICE, call)

    def answer(self) -> None:
        """From filing to Drawing."""
        path = Tree(self.claimed).path(self.task)
        leaf = self.claimed[self.task]
        self._do(BOB, self.court.answer(self.request, self.case, self._secret(True), leaf, path))
        self.market.node.request("anvil_mine", "0x2")

    def draw(self) -> None:
        """From filing to Voting."""
        self.answer()
        self._do(ALICE, self.court.reveal_secret(self.case, SECRETS[0]))
        self._do(BOB, self.court.reveal_secret(self.case, SECRETS[1]))

    def show(self) -> None:
        leaf = bytes(32) if self.withheld else leaf_hash(self.right)
        self._do(ALICE, self.court.show_leaf(self.request, self.case, leaf, SALT))

    def advance(self) -> None:
        self._do(ALICE, self.court.advance(self.request, self.case))
