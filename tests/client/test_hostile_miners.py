"""Miners that deliver what no program can leave, or what nobody should believe."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from suanli.client import PartRefused, TaskDone
from suanli.job.saving import SaveError
from tests.client.conftest import BOB, World
from tests.job.doubles import exited

FILES_JOB = """
module = "program.wasm"
limits = { fuel = 10_000_000, file_bytes = 1024 }
tasks = { count = 2, args = ["{index}"] }
gather = { kind = "files" }
"""


def writes(name: str) -> Any:
    return lambda task: exited(b"", {name: b"evil", f"ok{task.args[0]}": b"x"})


@pytest.mark.parametrize(
    "name", ["../../up", "/absolute", "a\0b", "", "a//b", "./a", "a/", "x" * 256, "ok0/below"]
)
def test_a_file_that_no_program_can_leave_is_refused(world: World, name: str) -> None:
    world.miner(BOB, program=writes(name)).join()
    job = world._job.write("job.toml", FILES_JOB)
    with closing(world.client().submit(job, budget="500", audit=0.0)) as run:
        refused = next(e for e in run.events() if isinstance(e, PartRefused))
        assert refused.kind == "wrong"
        assert "no program can leave such files" in refused.why
        assert len(refused.why) < 400


def test_a_link_does_not_lead_out_of_the_folder_of_results(world: World) -> None:
    world.miner(BOB, program=writes("sub/file")).join()
    job = world._job.write("job.toml", FILES_JOB)
    out, elsewhere = world.folder / "out", world.folder / "elsewhere"
    with closing(world.client().submit(job, budget="500", audit=0.0)) as run:
        assert len([e for e in run.events() if isinstance(e, TaskDone)]) == 2
        out.mkdir(), elsewhere.mkdir()
        (out / "sub").symlink_to(elsewhere)
        with pytest.raises(SaveError, match="perhaps by a link"):
            run.save(out)
        (out / "sub").unlink()
        assert list(out.iterdir()) == list(elsewhere.iterdir()) == []
        assert {path.name for path in run.save(out)} == {"file", "ok0", "ok1"}


def test_control_characters_are_paid_for_but_not_written(world: World) -> None:
    """The job's own program may write them: its miner did no wrong."""
    world.miner(BOB, program=writes("a\x1b[2J")).join()
    job = world._job.write("job.toml", FILES_JOB)
    with closing(world.client().submit(job, budget="500", audit=0.0)) as run:
        assert len([e for e in run.events() if isinstance(e, TaskDone)]) == 2
        with pytest.raises(SaveError, match=r"'a\\x1b\[2J'"):
            run.save(world.folder / "out")
        assert not (world.folder / "out").exists()
