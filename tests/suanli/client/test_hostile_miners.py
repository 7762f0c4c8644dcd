"""Miners that deliver what no program can leave, or what nobody should believe."""

from __future__ import annotations

import json
import os
from contextlib import closing
from typing import Any

import pytest

from suanli.base.saving import SaveError
from suanli.client import ClaimRefused, DealEnded, NobodyTakes, TaskAccepted
from suanli.client.run.progress import describe
from suanli.protocol import State
from suanli.store import DirectoryStore
from tests.harness.doubles import exited
from tests.suanli.client.conftest import ALICE, BOB, TOKEN, World

FILES_JOB = """
module = "program.wasm"
limits = { fuel = 10_000_000, file_bytes = 1024 }
tasks = { count = 2, args = ["{index}"] }
gather = { kind = "files" }
"""


def writes(name: str) -> Any:
    return lambda task: exited(b"", {name: b"evil", f"ok{task.args[0]}": b"x"})


@pytest.mark.parametrize("name", ["../../up", "/absolute", "a\0b", "ok0/below"])
def test_a_file_that_no_program_can_leave_is_refused(world: World, name: str) -> None:
    world.miner(BOB, program=writes(name)).join()
    job = world._job.write("job.toml", FILES_JOB)
    with closing(world.client().submit(job, budget="500", audit=0.0)) as run:
        refused = next(e for e in run.events() if isinstance(e, ClaimRefused))
        assert refused.kind == "wrong"
        assert "no program can leave such files" in refused.why
        assert len(refused.why) < 400


def test_a_link_does_not_lead_out_of_the_folder_of_results(world: World) -> None:
    world.miner(BOB, program=writes("sub/file")).join()
    job = world._job.write("job.toml", FILES_JOB)
    out, elsewhere = world.folder / "out", world.folder / "elsewhere"
    with closing(world.client().submit(job, budget="500", audit=0.0)) as run:
        assert len([e for e in run.events() if isinstance(e, TaskAccepted)]) == 2
        out.mkdir(), elsewhere.mkdir()
        (out / "sub").symlink_to(elsewhere)
        with pytest.raises(SaveError, match="is a link, which may lead anywhere"):
            run.save(out)
        (out / "sub").unlink()
        assert list(out.iterdir()) == list(elsewhere.iterdir()) == []
        assert {path.name for path in run.save(out)} == {"file", "ok0", "ok1"}


def test_control_characters_are_paid_for_but_not_written(world: World) -> None:
    """The job's own program may write them: its miner did no wrong."""
    world.miner(BOB, program=writes("a\x1b[2J")).join()
    job = world._job.write("job.toml", FILES_JOB)
    with closing(world.client().submit(job, budget="500", audit=0.0)) as run:
        assert len([e for e in run.events() if isinstance(e, TaskAccepted)]) == 2
        with pytest.raises(SaveError, match=r"'a\\x1b\[2J'"):
            run.save(world.folder / "out")
        assert not (world.folder / "out").exists()


def test_a_refused_result_is_settled_after_its_window(world: World) -> None:
    """It is paid all the same, but what it does not bill comes back."""
    bob = world.miner(BOB, on_chain=True).join()
    bob.claim = lambda made: made._replace(units_used=1, root=b"\x11" * 32)
    client = world.client()
    with closing(client.submit(world.job(2), budget="500", patience=0)) as run:
        with pytest.raises(NobodyTakes):
            list(run.events())
        world.pass_time(2 * 86_400)
        (part,) = run.ledger.deals()
        assert world.market.state_of(part.request) is State.SETTLEABLE
        bob.takes = False
        events = list(run.cancel())
        assert [event.how for event in events if isinstance(event, DealEnded)] == ["settled"]
        assert run.reserved == world.spent() == TOKEN
    assert world.market.account_of(ALICE.address).locked == 0


def test_another_result_is_submitted_than_the_one_accepted(world: World) -> None:
    bob = world.miner(BOB, collects=False).join()
    run = world.client().submit(world.job(2), budget="500", patience=0.1)
    submitted = []

    def wait() -> None:
        if run.done and not submitted:
            (request,) = bob.taken.values()
            call = world.market.submit_result(request, b"\x11" * 32, request.units)
            bob.sender.execute(call)
            submitted.append(request)

    world.on_wait = wait
    with closing(run):
        (refused,) = [event for event in run.events() if isinstance(event, ClaimRefused)]
        assert refused.why.endswith("20 units, not 6")
        assert json.loads(refused.evidence.read_text())["result"]["unitsUsed"] == "20"
        assert run.done, "what was checked is kept"
        assert world.market.state_of(submitted[0]) is State.SUBMITTED, "never accepted there"


@pytest.mark.parametrize("where", ["blob", "result"])
def test_a_pipe_in_the_shared_folder(world: World, where: str) -> None:
    """To open one for reading waits until somebody writes."""
    world.shared = DirectoryStore(world.folder / "shared")
    bob = world.miner(BOB).join()
    run = world.client().submit(world.job(2), budget="500", patience=0.1)

    def wait() -> None:
        for request, claim in bob.done.items():
            assert world.shared is not None
            path = world.shared._path(claim.leaves)
            if where == "result":
                world.wire.cut = True
                path = world.shared.root / "claims" / f"0x{request.hex()}.json"
            if path.is_file():
                path.unlink()
                os.mkfifo(path)
                return
            world.pass_time(60)
            if run.ledger.deals()[0].end:
                raise InterruptedError

    world.on_wait = wait
    with closing(run):
        with pytest.raises((InterruptedError, NobodyTakes)):
            list(run.events())
        assert [part.end for part in run.ledger.deals()] == ["defaulted"]


def test_what_a_miner_says_can_t_move_the_terminal(world: World) -> None:
    world.miner(BOB, reason="limits: \x1b]0;owned\x07\x1b[2J\n[2/2] done").join()
    client = world.client()
    with closing(client.submit(world.job(2), budget="500", patience=0)) as run:
        lines = []
        with pytest.raises(NobodyTakes) as nobody:
            lines.extend(describe(client, event) for event in run.events())
    assert r"limits: \x1b]0;owned\x07\x1b[2J\n[2/2] done" in nobody.value.reasons[-1]
    assert not [line for line in [*lines, str(nobody.value)] if "\x1b" in line]
