"""A juror's daemon stepped by hand, and a deal for its court."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from suanli.chain import Court, Market, Sender, TransactionJournal
from suanli.engine.host import Pool
from suanli.job import Manifest, Outputs, leaf_of
from suanli.juror import core as c
from suanli.juror.daemon import JurorDaemon, JurorServices
from suanli.protocol import Claim, Leaf, Request, Tree, encode_leaves
from suanli.store import DirectoryStore
from tests.harness.court import TOKEN, Trial, fund, sender_of
from tests.harness.local_chain import ALICE, BOB, CAROL, CHEAP
from tests.harness.world import ECHO, SALT, Requester, manifest_of

SEATS = 15
PATIENCE = 60.0
"""Seconds of this machine's for anything."""


class Juror:
    """Carol's daemon, stepped by hand."""

    def __init__(self, market: Market, court: Court, pool: Pool, folder: Path) -> None:
        self.market, self.court, self.pool, self.folder = market, court, pool, folder
        self.store = DirectoryStore(folder / "store")
        self.claims: list[Claim] = []
        self.transactions = TransactionJournal(folder / "sent.sqlite")
        self.ahead = 0.0
        """Seconds by which this machine's clock is wrong."""

    def start(self) -> None:
        sender = Sender(self.market.node, CAROL, self.transactions, fees=CHEAP, poll_every=0.01)
        services = JurorServices(
            self.market, self.court, sender, self.pool, [self.store], lambda id_: self.claims
        )
        settings = c.JurorSettings(CAROL.address, seats=SEATS, reserve=15, patience=5)
        self.daemon = JurorDaemon(
            settings,
            services,
            self.folder / "data",
            poll=0.01,
            wall=lambda: time.time() + self.ahead,
        )
        self.daemon.begin()

    def kill(self) -> None:
        """Nothing of it is left but its files. May be called again."""
        self.daemon._cases.shutdown()
        self.daemon.journal.close()

    def until(self, holds: Callable[[], object]) -> None:
        ends = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < ends, self.daemon.core.state
            for lane in self.daemon.lanes:
                lane.step()
            self.daemon.work(timeout=0.02)

    def pass_time(self, seconds: int) -> None:
        self.market.node.request("evm_increaseTime", seconds)
        self.market.node.request("anvil_mine", "0x1")

    @property
    def stages(self) -> list[c.BallotStage]:
        return [ballot.stage for ballot in self.daemon.core.state.ballots.values()]


class JudgedWorld:
    """A deal of Alice's and Bob's, of so much value that five seats judge it."""

    def __init__(self, market: Market, court: Court, terms: int, juror: Juror) -> None:
        self.market, self.court, self.juror = market, court, juror
        self.manifest: Manifest = manifest_of(2)
        alice = Requester(market, None, juror.store)
        alice.fund(1_000 * TOKEN)
        alice.put(self.manifest)
        self.request: Request = alice.request(self.manifest, BOB.address, terms=terms)
        self.id = market.domain.request_id(self.request)
        self._send(ALICE, market.post_request(self.request))
        self._send(BOB, market.confirm_request(self.request))
        results = [
            juror.pool.submit(self.manifest.engine_task(index, ECHO, lambda ref: b"")).result()
            for index in range(2)
        ]
        for result in results:
            for plaintext in Outputs.of(result, SALT).plaintexts.values():
                juror.store.put(SALT + plaintext)
        self.right = [leaf_of(index, result, SALT) for index, result in enumerate(results)]

    def _send(self, account, call) -> None:
        sender_of(self.market, account).execute(call)

    def submit(self, leaves: list[Leaf]) -> Trial:
        tree = Tree(leaves)
        self._send(BOB, self.market.submit_result(self.request, tree.root, tree.total))
        listed = self.juror.store.put(encode_leaves(leaves))
        claim = Claim(BOB.address, 1, self.id, tree.root, tree.total, listed)
        self.juror.claims = [claim]
        fund(self.market, self.court, ALICE, 100 * TOKEN)
        return Trial(self.market, self.court, self.request, leaves, self.right[1])

    def lied_about(self) -> list[Leaf]:
        return [self.right[0], replace(self.right[1], digest=b"\x01" * 32)]
