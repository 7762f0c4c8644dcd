"""Outages, lies and hostile requests: nothing is lost, and the daemon goes on."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from suanli.base import strict_json
from suanli.base.database import DatabaseFailed
from suanli.chain import Node, Sender
from suanli.engine import Limits, Runtime, runtime_id
from suanli.job import Manifest
from suanli.miner.core import Policy, Stage
from suanli.miner.ports.data import Data, Unfit
from suanli.protocol import (
    ZERO_ADDRESS,
    Claim,
    Ref,
    State,
    decode_leaves,
    refer,
    signed_from_json,
    verify,
)
from suanli.relay import HttpStore, RelayClient
from suanli.store import DirectoryStore
from tests.harness.bench import Bench, PythonExecutor, register
from tests.harness.faults import Faulty, drop_answer, drop_question
from tests.harness.local_chain import BOB, CAROL, CHEAP, Controls
from tests.harness.simulation import CLASS
from tests.harness.simulation import request as request_of
from tests.harness.world import (
    ECHO,
    SALT,
    TOKEN,
    Requester,
    World,
    lodged,
    manifest_of,
    reasons,
    send,
    settled,
)


def test_what_it_sent_itself_is_seen_at_once(bench: Bench) -> None:
    """Though the market is looked at now and then only, while there is nothing to do."""
    bench.until(lambda: bench.daemon.core.state.view.classes[1].offer.valid_until, rounds=4)


# This machine


def test_a_full_disk_stops_nothing_for_good(
    registered: World, bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """What can't be written down is not done; once there is room the deal goes on to its end."""
    daemon = bench.daemon
    database = daemon.journal._database
    ((pages,),) = database.rows("PRAGMA page_count")
    waits: list[float] = []

    class Stop:
        """Makes room when the daemon has waited three times."""

        def wait(self, seconds: float) -> bool:
            waits.append(seconds)
            if len(waits) == 3:
                database.rows("PRAGMA max_page_count = 1000000")
            return False

    daemon._stop = Stop()
    database.rows(f"PRAGMA max_page_count = {pages}")
    with suppress(DatabaseFailed):
        for number in range(10_000):
            daemon.journal.note(**{f"filler {number}": "x" * 100})
    request, id_ = lodged(registered, manifest_of(20), max_price=TOKEN)
    bench.until(settled(registered, request, id_))
    assert len(waits) == 3
    assert "journal is away" in caplog.text
    assert "database or disk is full" in caplog.text
    assert daemon.away == {}


# Hostile requests


def hostile(**changes) -> Manifest:
    return manifest_of(2, **changes)


@pytest.mark.parametrize(
    ("manifest", "changes", "says"),
    [
        (
            hostile(runtime=b"\x02" * 32),
            {"runtime": 1},
            "runtime: its manifest is for 0202020202020202…, the request names fast",
        ),
        (
            hostile(runtime=runtime_id(Runtime.FAST)),
            {"runtime": 2},
            "runtime: its manifest is for fast, the request names portable",
        ),
        (hostile(), {"units": 99}, "limits: tasks of 100 units"),
        (hostile(), {"tasks": 3}, "limits: 2 tasks, the request says 3"),
        (hostile(limits=Limits(fuel=50_000_000, memory=2 << 30)), {}, "limits: 2147483648 bytes"),
        (hostile(limits=Limits(fuel=50_000_000, memory=1, file_bytes=1 << 30)), {}, "limits:"),
        (hostile(inputs={"a": Ref(b"\x01" * 32, 5 << 30)}), {}, "limits:"),
        (hostile(module=Ref(ECHO.digest, 1 << 40)), {}, "limits:"),
        (hostile(module=Ref(ECHO.digest, 7)), {}, "data:"),
    ],
)
def test_manifests_that_do_not_fit_are_refused_with_the_reason(
    registered: World, bench: Bench, manifest: Manifest, changes: dict, says: str
) -> None:
    _, id_ = lodged(registered, manifest, **changes)
    bench.until(lambda: reasons(registered, id_))
    assert reasons(registered, id_)[0].startswith(says)
    assert id_ in bench.daemon.core.state.passed


@pytest.mark.parametrize(
    "blob",
    [b"", b"short", SALT + b"{}", SALT + b'{"tasks":[', SALT + b"[" * 100_000],
    ids=["empty", "short", "object", "broken", "deep"],
)
def test_what_is_no_manifest_is_refused(registered: World, bench: Bench, blob: bytes) -> None:
    requester = registered.requester
    requester.store.put(blob)
    request = requester.request(manifest_of(2), BOB.address, job=hashlib.sha256(blob).digest())
    id_ = requester.lodge(request)
    bench.until(lambda: reasons(registered, id_))
    assert reasons(registered, id_)[0].startswith("data: manifest")


def test_inputs_with_another_salt_are_refused(registered: World, bench: Bench) -> None:
    foreign = b"\x01" * 32 + b"secret of another job"
    ref = Ref(hashlib.sha256(foreign).digest(), len(foreign) - 32)
    manifest = manifest_of(2, inputs={"inputs/a": ref})
    registered.requester.put(manifest, (foreign,))
    id_ = registered.requester.lodge(registered.requester.request(manifest, BOB.address))
    bench.until(lambda: reasons(registered, id_))
    assert "salt of another job" in reasons(registered, id_)[0]


def test_a_module_that_the_engine_refuses_is_not_taken(registered: World, bench: Bench) -> None:
    bench.executor.refused = "unknown import"
    _, id_ = lodged(registered)
    bench.until(lambda: reasons(registered, id_))
    assert reasons(registered, id_) == ["module: the engine refuses it: unknown import"]


def test_data_that_comes_late_is_waited_for(registered: World, bench: Bench) -> None:
    manifest = manifest_of(2, inputs={"inputs/a": refer(SALT, [b"late"])})
    registered.requester.put(manifest)
    request = registered.requester.request(manifest, BOB.address)
    id_ = registered.requester.lodge(request)
    bench.until(lambda: reasons(registered, id_))
    assert reasons(registered, id_)[0].startswith("data: blob")
    registered.requester.store.put(SALT + b"late")
    bench.until(settled(registered, request, id_))


def test_a_requester_without_money_is_waited_for(registered: World, bench: Bench) -> None:
    market, requester = registered.market, registered.requester
    available = market.account_of(requester.account.address).available
    send(market, requester.account, market.withdraw(requester.account.address, available))
    request, id_ = lodged(registered)
    bench.until(lambda: reasons(registered, id_))
    assert reasons(registered, id_)[0].startswith("money:")
    requester.fund(1_000 * 10**18)
    bench.until(settled(registered, request, id_))


def test_what_another_miner_took_or_the_requester_cancelled_is_let_go(
    registered: World, bench: Bench, tmp_path: Path
) -> None:
    """Both wait for data that never comes, and are not asked about on chain."""
    market, requester = registered.market, registered.requester
    register(market, CAROL, tmp_path)
    send(market, CAROL, market.publish_offer(1, 1_000, 10**18, 1 << 31, False))
    absent = manifest_of(2, inputs={"inputs/a": refer(SALT, [b"never"])})
    requester.put(absent)
    taken, cancelled = (requester.request(absent, ZERO_ADDRESS) for _ in range(2))
    for request in (taken, cancelled):
        send(market, requester.account, market.post_request(request))
    ids = [market.domain.request_id(request) for request in (taken, cancelled)]
    deals, passed = bench.daemon.core.state.deals, bench.daemon.core.state.passed
    bench.until(lambda: all(id_ in deals and deals[id_].reason for id_ in ids))
    send(market, CAROL, market.confirm_request(taken))
    send(market, requester.account, market.cancel_request(cancelled))
    bench.until(lambda: all(id_ in passed for id_ in ids))
    assert [passed[id_].reason.code for id_ in ids] == ["taken", "cancelled"]


# Outages


def test_a_silent_node_delays_and_loses_nothing(registered: World, tmp_path: Path) -> None:
    """Every method of the node fails now and then, before acting and after."""
    faulty = Faulty(registered.market.node.transport)
    relay = registered.requester.relay
    bench = Bench(registered.market, tmp_path, HttpStore(relay), relay, node=Node(faulty))
    bench.restart()
    request, id_ = lodged(registered)
    for method in (
        "eth_getBlockByNumber",
        "eth_call",
        "eth_getLogs",
        "eth_sendRawTransaction",
        "eth_getTransactionReceipt",
        "eth_estimateGas",
    ):
        faulty.spoil(method, drop_question, drop_answer, drop_question)
    bench.until(settled(registered, request, id_), rounds=600)
    assert faulty.exhausted
    assert not bench.daemon.away
    bench.daemon.journal.close()


def test_a_node_that_stays_away_is_told_of(
    registered: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    faulty = Faulty(registered.market.node.transport)
    relay = registered.requester.relay
    bench = Bench(registered.market, tmp_path, HttpStore(relay), relay, node=Node(faulty))
    bench.restart()
    bench.round()
    faulty.always["eth_getBlockByNumber"] = drop_question
    for _ in range(40):
        bench.round()
    assert "dropped" in bench.daemon.away["chain"]
    asked = faulty.asked.count("eth_getBlockByNumber")
    for _ in range(40):
        bench.round()
    assert faulty.asked.count("eth_getBlockByNumber") - asked <= 5, "it should back off"
    assert caplog.text.count("chain is away") == 1
    del faulty.always["eth_getBlockByNumber"]
    bench.until(lambda: "chain" not in bench.daemon.away)
    bench.daemon.journal.close()


def test_fees_above_the_bound_are_waited_out(registered: World, bench: Bench) -> None:
    chain = Controls(registered.market.node)
    chain.anvil_setNextBlockBaseFeePerGas(hex(10**13))
    chain.mine()
    request, id_ = lodged(registered)
    bench.until(lambda: "confirm" in bench.daemon.troubles)
    assert "above the bound" in bench.daemon.troubles["confirm"]
    chain.anvil_setNextBlockBaseFeePerGas(hex(10**9))
    chain.mine()
    bench.until(settled(registered, request, id_))
    assert not bench.daemon.troubles


def test_an_empty_wallet_is_told_of_and_waited_for(registered: World, bench: Bench) -> None:
    chain = Controls(registered.market.node)
    chain.anvil_setBalance(BOB.address, "0x1")
    request, id_ = lodged(registered)
    bench.until(lambda: "confirm" in bench.daemon.troubles)
    assert "send it at least" in bench.daemon.troubles["confirm"]
    chain.anvil_setBalance(BOB.address, hex(10**20))
    bench.until(settled(registered, request, id_))


def test_endless_bytes_are_cut_off(tmp_path: Path) -> None:
    """At the declared size, whatever else bounds a blob."""
    sent = []

    class Endless:
        def get(self, digest: bytes, limit: int) -> bytes:
            return SALT + manifest.encode()

        def stream(self, digest: bytes, start: int = 0) -> Iterator[bytes]:
            while len(sent) < 100:
                sent.append(SALT)
                yield SALT

    manifest = manifest_of(1, module=Ref(b"\x01" * 32, 50))
    local = DirectoryStore(tmp_path / "blobs")
    data = Data(Endless(), local, PythonExecutor(), 1 << 20, Policy())
    made = request_of(job=refer(SALT, [manifest.encode()]).digest, tasks=1, units=50)
    with pytest.raises(Unfit, match="holds more than 50 bytes as declared"):
        data.fetch(made, CLASS, manifest.runtime, lambda digests: None)
    assert len(sent) == 2
    assert list(local) == [made.job], "nothing but the manifest"


def test_a_nonce_used_elsewhere_costs_one_more_try(registered: World, bench: Bench) -> None:
    """Another program sends from the account between signing and mining."""
    chain = Controls(registered.market.node)
    request, id_ = lodged(registered)
    bench.until(lambda: registered.market.offer_of(BOB.address, 1).valid_until > 0)
    chain.automine(False)
    deals = bench.daemon.core.state.deals
    bench.until(lambda: id_ in deals and bench.daemon.services.sender.pending())
    chain.anvil_dropAllTransactions()
    chain.automine(True)
    elsewhere = Sender(registered.market.node, BOB, fees=CHEAP, poll_every=0.01)
    transfer = replace(
        registered.market.withdraw_offer(1), to=CAROL.address, data=b"", name="gift", value=1
    )
    elsewhere.execute(transfer)
    bench.until(settled(registered, request, id_), rounds=90)


def test_a_reorganization_takes_the_confirmation_back_for_a_while(
    registered: World, bench: Bench
) -> None:
    chain = Controls(registered.market.node)
    request, id_ = lodged(registered)
    bench.until(lambda: registered.market.state_of(request) is State.CONFIRMED)
    bench.round()
    chain.anvil_reorg(2, [])
    assert registered.market.state_of(request) is not State.CONFIRMED
    bench.until(settled(registered, request, id_), rounds=250)
    assert bench.executor.runs.total() == 2, "what was done is kept"


def test_a_lying_store_is_caught(registered: World, tmp_path: Path) -> None:
    """Other bytes, then endless ones, then the truth."""
    answers = iter([b"other bytes", b"x" * (40 << 20)])

    def lie(request: httpx.Request) -> httpx.Response:
        if "/blobs/" in request.url.path and (answer := next(answers, None)) is not None:
            return httpx.Response(200, content=answer)
        return real.handle_request(request)

    real = httpx.HTTPTransport()
    relay = registered.requester.relay
    liar = RelayClient(relay.url, relay.domain, transport=httpx.MockTransport(lie))
    bench = Bench(registered.market, tmp_path, HttpStore(liar), relay)
    bench.restart()
    request, id_ = lodged(registered)
    bench.until(lambda: reasons(registered, id_))
    assert "sent other bytes" in reasons(registered, id_)[0]
    _, second_id = lodged(registered)
    bench.until(lambda: reasons(registered, second_id))
    bench.until(settled(registered, request, id_))
    bench.daemon.journal.close()
    liar.close()
    real.close()


def test_without_a_relay_posted_requests_are_served_and_results_shown(
    registered: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The relay is away all the time; store and results are in a folder both reach."""
    caplog.set_level(logging.INFO)
    market = registered.market
    folder = DirectoryStore(tmp_path / "shared")
    away = RelayClient("http://127.0.0.1:9", market.domain)
    requester = Requester(market, None, folder)
    bench = Bench(market, tmp_path, folder, away)
    bench.claims = tmp_path / "shared" / "claims"
    bench.restart()
    manifest = manifest_of(2)
    requester.put(manifest)
    request = requester.request(manifest, BOB.address, salt=77)
    send(market, requester.account, market.post_request(request))
    bench.until(lambda: market.state_of(request) is State.SUBMITTED)
    assert "going on over the chain" in caplog.text
    id_ = market.domain.request_id(request)
    shown = signed_from_json(
        Claim, strict_json.loads((bench.claims / f"0x{id_.hex()}.json").read_bytes())
    )
    assert verify(market.domain, shown)
    leaves = decode_leaves(folder.get(shown.message.leaves), 2)
    assert market.deal_of(id_).root == shown.message.root
    assert all(folder.has(leaf.digest) for leaf in leaves)
    Controls(market.node).evm_increaseTime(2 * 86_400)
    Controls(market.node).mine()
    bench.until(lambda: market.state_of(request) is State.SETTLED)
    bench.daemon.journal.close()
    away.close()


def test_a_requester_that_stays_silent_is_not_waited_for(registered: World, bench: Bench) -> None:
    request, _ = lodged(registered)
    bench.until(lambda: registered.market.state_of(request) is State.SUBMITTED)


def test_an_acceptance_of_another_result_is_no_acceptance(registered: World, bench: Bench) -> None:
    request, id_ = lodged(registered)
    bench.until(lambda: registered.requester.relay.claims(id_))
    (claim,) = registered.requester.relay.claims(id_)
    registered.requester.accept(claim._replace(units_used=1))
    bench.until(lambda: registered.market.state_of(request) is State.SUBMITTED)


def test_a_machine_that_fails_gives_the_deal_back(registered: World, bench: Bench) -> None:
    bench.executor.fails = 100
    request, _ = lodged(registered)
    bench.until(lambda: registered.market.state_of(request) is State.RELEASED, rounds=130)


def test_a_machine_that_fails_now_and_then_goes_on(registered: World, bench: Bench) -> None:
    bench.executor.fails = 3
    request, id_ = lodged(registered)
    bench.until(settled(registered, request, id_))


def test_data_of_ended_deals_is_deleted(registered: World, bench: Bench) -> None:
    request, id_ = lodged(registered)
    bench.until(settled(registered, request, id_))
    deals = bench.daemon.core.state.deals
    bench.until(lambda: deals[id_].stage is Stage.ENDED)
    assert list(DirectoryStore(bench.folder / "blobs"))
    Controls(registered.market.node).evm_increaseTime(1_000)
    Controls(registered.market.node).mine()
    bench.until(lambda: id_ in bench.daemon.core.state.passed)
    bench.round()
    assert not list(DirectoryStore(bench.folder / "blobs"))
    (paid,) = bench.daemon.journal.paid().items()
    head = registered.market.node.head()
    assert paid[0] == "0x" + id_.hex()
    assert paid[1].amount == registered.market.miner_account(BOB.address).earnings
    assert head.time - 1_100 < paid[1].at <= head.time - 1_000


def test_draining_collects_and_leaves(registered: World, bench: Bench) -> None:
    request, id_ = lodged(registered)
    bench.until(settled(registered, request, id_))
    bench.daemon.journal.note(draining=True)
    bench.until(lambda: bench.daemon._finished)
    assert registered.market.offer_of(BOB.address, 1).valid_until == 0
    assert registered.market.miner_account(BOB.address).earnings == 0
