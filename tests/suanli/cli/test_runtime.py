"""`suanli runtime …` as somebody at a terminal uses it."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from suanli.cli import cli
from suanli.engine import runtime_ids
from suanli.engine.host import RuntimeHolder, RuntimePackage, packages
from suanli.juror.journal import JurorJournal
from suanli.miner.core import Changes, MinerDeal, Stage
from suanli.miner.journal import Journal
from tests.harness.older import Older
from tests.harness.simulation import START, request


def call(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["runtime", *arguments])


@pytest.fixture
def kept(former: Older, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RuntimePackage:
    """The former version's runtimes, in a folder that may be changed."""
    shutil.copytree(former.root, tmp_path / "runtimes")
    monkeypatch.setenv("SUANLI_RUNTIMES", str(tmp_path / "runtimes"))
    (package,) = packages()
    return package


def holder(tmp_path: Path, role: str) -> Path:
    data = tmp_path / role
    data.mkdir()
    RuntimeHolder(role, str(data)).register()
    return data


def test_this_versions_are_kept_and_go_to_another_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUANLI_RUNTIMES", str(tmp_path / "here"))
    assert "`suanli runtime keep` keeps this version's" in call("list").stdout
    assert call("keep").exit_code == 0
    file = tmp_path / "it.zip"
    packed = call("pack", runtime_ids()[0].hex()[:8], str(file))
    digest = packed.stdout.split("digest")[1].split()[0]
    monkeypatch.setenv("SUANLI_RUNTIMES", str(tmp_path / "there"))
    wrong = call("add", str(file), "07" * 32)
    assert (wrong.exit_code, f"has the digest {digest}, not 0707" in wrong.stderr) == (1, True)
    assert call("add", str(file), "0707").exit_code == 2
    added = call("add", str(file), digest)
    assert (added.exit_code, "started again" in added.stderr) == (0, True)
    assert "this version's own" in call("list").stdout
    (about,) = json.loads(call("list", "--json").stdout)
    assert (about["digest"], about["leaving"], about["needed_by"]) == (digest, False, [])
    assert [one["id"] for one in about["runtimes"]] == [id_.hex() for id_ in runtime_ids()]


def test_what_nothing_needs_goes_at_once(kept: RuntimePackage) -> None:
    assert "suanli 0.0.9 with wasmtime 49.0.0" in call("list").stdout
    nobody = call("remove", "77")
    assert (nobody.exit_code, "no package begins with '77'" in nobody.stderr) == (1, True)
    gone = call("remove", kept.digest.hex()[:16] + "…")
    assert gone.stdout == "suanli 0.0.9 with wasmtime 49.0.0 is gone\n"
    assert packages() == []


def test_what_a_deal_names_stays_until_that_is_final(kept: RuntimePackage, tmp_path: Path) -> None:
    data = holder(tmp_path, "miner")
    deal = MinerDeal(b"\x07" * 32, request(runtime=1), b"", False, START, Stage.RUNNING)
    with closing(Journal.of_folder(data)) as journal:
        listed = {"1": ["77" * 32, kept.ids[0].hex()]}
        journal.save(Changes({deal.id: deal}), listed=listed)
        leaving = call("remove", kept.digest.hex()[:8])
        assert leaving.exit_code == 0
        assert leaving.stdout.splitlines() == [
            "suanli 0.0.9 with wasmtime 49.0.0 takes nothing new from now on, and goes when nothing"
            " needs it:",
            f"  1 deal of the miner in {data}",
            "A daemon that starts takes it away by then, and `suanli runtime prune`.",
        ]
        assert "leaving, needed by 1 deal of the miner" in call("list").stdout
        assert f"stays: 1 deal of the miner in {data}" in call("prune").stdout
        journal.save(Changes(forgotten={deal.id}))
        pruned = call("prune").stdout
        assert "are taken away: nothing needs them any more" in pruned
        assert packages() == []


def test_a_daemon_that_runs_may_still_take_deals_by_it(
    kept: RuntimePackage, tmp_path: Path
) -> None:
    data = holder(tmp_path, "miner")
    with closing(Journal.of_folder(data)) as journal:
        now = time.time()
        journal.note(status={"pid": os.getpid(), "started": now - 60, "noted": now})
        assert "until it is started again" in call("remove", kept.digest.hex()[:8]).stdout
        journal.note(status={"pid": os.getpid(), "started": time.time() + 1, "noted": now})
        assert "are taken away" in call("prune").stdout


def test_a_juror_keeps_what_classes_list(kept: RuntimePackage, tmp_path: Path) -> None:
    data = holder(tmp_path, "juror")
    with closing(JurorJournal.of_folder(data)) as journal:
        journal.note(listed={"1": [kept.ids[1].hex()]})
    assert f"the juror in {data}: class 1 lists it" in call("remove", kept.digest.hex()[:8]).stdout
    assert packages() == [kept]


def test_a_journal_that_can_not_be_read_keeps_all(kept: RuntimePackage, tmp_path: Path) -> None:
    data = holder(tmp_path, "miner")
    Journal.of_folder(data).close()
    with closing(sqlite3.connect(data / "journal.sqlite")) as other:
        other.execute(f"PRAGMA user_version = {Journal.VERSION + 1}")
    said = call("remove", kept.digest.hex()[:8]).stdout
    assert f"the miner in {data} can't be asked" in said
    assert packages() == [kept]


def test_a_job_that_is_not_over_keeps_what_it_is_for(kept: RuntimePackage, tmp_path: Path) -> None:
    data = holder(tmp_path, "requester")
    folder = data / "jobs" / "0a0a0a0a0a0a"
    folder.mkdir(parents=True)
    (folder / "job.sqlite").write_text("no database")
    assert f"1 job in {data}" in call("remove", kept.digest.hex()[:8]).stdout
