"""Runtimes of a former version beside today's: really installed, and run by the same pool."""

import hashlib
import json
import shutil
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from suanli.engine import (
    BeyondEnd,
    EngineUnavailable,
    Limits,
    Module,
    Outcome,
    Result,
    Runtime,
    Task,
    default_runtime,
    program_id,
    runtime,
    runtime_id,
    runtime_ids,
    wire,
)
from suanli.engine.host import (
    BadPackage,
    Isolation,
    Pool,
    RuntimeHolder,
    holders,
    packages,
    packing,
    pool_by,
    process,
    usable_packages,
)
from suanli.engine.host.packages import LIST, found_in, listing, parsed, read
from tests.suanli.engine.conftest import MODULES

TASK = Task(
    Module.from_file(MODULES / "libc.wasm"),
    ("a", "b"),
    {"NAME": "value"},
    b"typed\n",
    {"inputs/data.csv": b"x,y\n1,2\n"},
    Limits(fuel=60_000_000, memory=64 << 20),
)


@pytest.fixture
def kept(former, monkeypatch):
    """The folder of packages has the former version's."""
    monkeypatch.setenv("SUANLI_RUNTIMES", str(former.root))
    return former.package


@pytest.fixture
def copied(former, tmp_path, monkeypatch):
    """The same, to be changed."""
    root = tmp_path / "runtimes"
    shutil.copytree(former.root, root)
    monkeypatch.setenv("SUANLI_RUNTIMES", str(root))
    (package,) = packages()
    return package


def ids_of(package):
    return {one.runtime: one.id for one in package.runtimes}


def test_two_versions_run_side_by_side_in_one_pool(kept, pool, tmp_path):
    """The same outcome, outputs and fuel, each by its own wasmtime; and other runtime ids, since
    the depth of the stack may differ."""
    theirs, name = ids_of(kept), default_runtime()
    assert not set(theirs.values()) & set(runtime_ids())
    with Pool(1, cache=tmp_path, isolation=Isolation.NONE) as both:
        engines = [both.of(id_) for id_ in (runtime_id(name), theirs[name])]
        first, second = (engine.submit(TASK).result(timeout=60) for engine in engines)
        assert replace(first, seconds=0) == replace(second, seconds=0)
        assert replace(first, seconds=0) == replace(pool.submit(TASK).result(), seconds=0)
        warm = both.pids()
        assert len(warm) == 2, "a worker each"
        loaded = [Path(f"/proc/{pid}/maps").read_text() for pid in warm]
        there = [str(kept.folder) in maps for maps in loaded]
        assert there == [False, True]
        assert all("_libwasmtime.so" in maps for maps in loaded)
        assert set(both.compiled().programs) <= {
            program_id(id_, TASK.module.digest) for id_ in (runtime_id(name), theirs[name])
        }
    assert len(list(tmp_path.glob("*.bin"))) == 2, "machine code of both, side by side"


def test_a_pool_of_a_former_runtime_traces_like_it(kept, pool):
    with pool_by(ids_of(kept)[default_runtime()], 1) as former:
        fuel = former.submit(TASK).result(timeout=60).fuel
        traced = former.trace(TASK, fuel // 2).result(timeout=60)
        assert traced.trace == pool.trace(TASK, fuel // 2).result(timeout=60).trace
        assert former.prepare(TASK.module) is None
        with pytest.raises(BeyondEnd):
            former.trace(TASK, fuel + 1).result(timeout=60)


def test_what_of_packages_this_machine_can_run_is_seen_by_starting_it(kept, monkeypatch, tmp_path):
    assert usable_packages() == {kept: dict.fromkeys(kept.runtimes, "")}
    info = tmp_path / "cpuinfo"
    info.write_text("flags : fpu sse2 avx bmi1 bmi2 abm\n")
    monkeypatch.setattr(runtime, "_CPUINFO", info)
    (found,) = usable_packages().values()
    why = {one.runtime: text for one, text in found.items()}
    assert why[Runtime.PORTABLE] == ""
    assert why[Runtime.FAST] == "this processor lacks avx2, fma, which the runtime fast uses"


def test_this_version_is_kept_once_and_what_it_has_itself_it_runs_itself(tmp_path, monkeypatch):
    monkeypatch.setenv("SUANLI_RUNTIMES", str(tmp_path))
    with ThreadPoolExecutor(2) as threads:
        made = [threads.submit(packing.keep) for _ in range(2)]
    assert len({one.result().digest for one in made}) == 1
    (package,) = packages()
    assert (package.ids, packing.keep()) == (runtime_ids(), package)
    package.verify()
    assert usable_packages() == {}
    assert [path.name for path in tmp_path.iterdir()] == [package.digest.hex()]


def test_what_was_kept_and_damaged_is_made_anew(tmp_path, monkeypatch):
    monkeypatch.setenv("SUANLI_RUNTIMES", str(tmp_path))
    package = packing.keep()
    for name in ("suanli/engine/task.py", LIST):
        (package.folder / name).write_text("")
        assert packing.keep() == package
        package.verify()
        assert packages() == [package]


def test_another_forms_package_does_not_stand_in_for_this_versions(tmp_path, monkeypatch):
    """Nor is one that is of no use here in the way of one that is."""
    monkeypatch.setenv("SUANLI_RUNTIMES", str(tmp_path))
    former = packing.keep()
    monkeypatch.setattr(wire, "FORM", wire.FORM + 1)
    kept = packing.keep()
    assert (kept.form, kept.ids, {one.digest for one in packages()}) == (
        former.form + 1,
        former.ids,
        {former.digest, kept.digest},
    )
    assert found_in(kept.ids[0]) == kept.runtimes[0]
    packing.remove(kept)
    with pytest.raises(EngineUnavailable, match="speak form"):
        found_in(kept.ids[0])


def test_a_damaged_package_is_not_in_the_way_of_a_good_one(copied, monkeypatch):
    (name,) = {name for name in copied.files if name.endswith("engine/task.py")}
    body = json.loads(listing(copied)) | {"version": "0.0.8"}
    content = json.dumps(body).encode()
    older = copied.folder.with_name(hashlib.sha256(content).hexdigest())
    shutil.copytree(copied.folder, older)
    (older / LIST).write_bytes(content)
    (copied.folder / name).write_text("")
    assert [one.version for one in packages()] == ["0.0.9", "0.0.8"]
    assert found_in(copied.ids[0]).folders[0].parent == older


def test_a_runtime_that_nothing_here_has_is_told_with_what_to_do(kept):
    with pytest.raises(EngineUnavailable, match=r"add the package .* \(suanli runtime add\)"):
        pool_by(b"\x07" * 32)


# What is damaged, or another's


def test_a_package_is_added_by_its_digest_alone(former, tmp_path, monkeypatch):
    monkeypatch.setenv("SUANLI_RUNTIMES", str(tmp_path / "there"))
    file, digest = tmp_path / "it.zip", former.package.digest
    packing.pack(former.package, file)
    with pytest.raises(BadPackage, match=f"has the digest {digest.hex()}, not {'07' * 32}"):
        packing.add(file, b"\x07" * 32)
    assert packages() == []
    added = packing.add(file, digest)
    assert (added.digest, added.ids, added.version) == (digest, former.package.ids, "0.0.9")
    assert packages() == [added] == [packing.add(file, digest)]
    (added.folder / "suanli" / "engine" / "task.py").unlink()
    packing.add(file, digest).verify()


def test_files_that_were_changed_are_not_run(copied):
    file = copied.folder / "suanli" / "engine" / "task.py"
    file.write_text(file.read_text() + "\n")
    told = rf"damaged \(suanli/engine/task.py was changed\): remove {copied.folder}"
    with pytest.raises(BadPackage, match=told):
        copied.verify()
    with pytest.raises(BadPackage, match=told):
        packing.pack(copied, copied.folder.parent / "it.zip")
    (found,) = usable_packages().values()
    assert all("was changed" in why for why in found.values())
    with pytest.raises(BadPackage, match=told):
        pool_by(copied.ids[0])
    file.unlink()
    with pytest.raises(BadPackage, match="No such file"):
        copied.verify()


def test_files_that_are_not_of_it_are_not_run(copied):
    (copied.folder / "suanli" / "more.py").write_text("")
    with pytest.raises(BadPackage, match=r"suanli/more\.py is not of it"):
        copied.verify()


def test_a_list_that_was_changed_is_no_package(copied, caplog):
    path = copied.folder / LIST
    path.write_bytes(path.read_bytes().replace(b"0.0.9", b"0.0.8"))
    with pytest.raises(BadPackage, match=r"package\.json was changed"):
        read(copied.folder)
    assert packages() == []
    assert "remove it and add it again" in caplog.text


def test_a_folder_that_others_can_write_to_is_not_used(copied, caplog):
    copied.folder.parent.chmod(0o777)
    assert packages() == []
    assert "writable by nobody else" in caplog.text


def changed(former, tmp_path, **changes):
    """A package's file with another list, and the digest of that."""
    body = json.loads(listing(former.package)) | changes
    content = json.dumps(body).encode()
    with zipfile.ZipFile(tmp_path / "it.zip", "w") as archive:
        archive.writestr(LIST, content)
        for name in body["files"] or ():
            if not name.startswith("suanli/.."):
                archive.writestr(name, b"x" * 100)
    return tmp_path / "it.zip", hashlib.sha256(content).digest()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"form": wire.FORM + 1}, f"speak form {wire.FORM + 1}, this version of suanli"),
        ({"machine": "linux-riscv64"}, "are for linux-riscv64, not "),
        ({"files": {"suanli/../../x.py": [1, "00"]}}, r"'suanli/\.\./\.\./x\.py' is no file"),
        ({"files": {"/suanli/x.py": [1, "00"]}}, "is no file of a package"),
        ({"files": {"other/x.py": [1, "00"]}}, "is no file of a package"),
        ({"files": {"suanli/x.py": [1, "00"]}}, "is larger than the package's list says"),
        ({"files": {"suanli/x.py": [100, "00"]}}, "is not what the package's list says"),
        ({"files": {"suanli/x.py": [1 << 40, "00"]}}, "at most 1,073,741,824 bytes"),
        ({"runtimes": [{"id": "07", "name": "fast", "features": []}]}, "is no runtime id"),
        ({"runtimes": [{"id": "07" * 32, "name": "other", "features": []}]}, "not a valid"),
        ({"version": None, "files": None}, "no list of a package"),
    ],
)
def test_what_is_no_package_for_this_machine_is_refused(
    former, tmp_path, monkeypatch, changes, why
):
    monkeypatch.setenv("SUANLI_RUNTIMES", str(tmp_path / "there"))
    with pytest.raises(EngineUnavailable, match=why):
        packing.add(*changed(former, tmp_path, **changes))
    assert packages() == []
    there = tmp_path / "there"
    assert not there.exists() or list(there.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04nonsense", b"text"])
def test_a_file_that_is_no_package_is_refused(tmp_path, content):
    file = tmp_path / "it.zip"
    file.write_bytes(content)
    with pytest.raises(BadPackage, match=r"it\.zip is no package of runtimes"):
        packing.add(file, b"\x07" * 32)


def test_a_worker_of_another_form_or_runtime_is_not_talked_to(kept, monkeypatch, tmp_path):
    one = kept.runtimes[0]
    for said in ({"form": 9, "runtime": one.id.hex()}, {"form": wire.FORM, "runtime": "07" * 32}):
        answer = tmp_path / "answer"
        answer.write_bytes(b"".join(wire.pack(said, [])))
        monkeypatch.setattr(process, "command", lambda *_, at=answer: ["/bin/cat", str(at)])
        with pytest.raises(EngineUnavailable, match="a worker does not start"):
            process.WorkerProcess(Isolation.NONE, runtime=one)


# Going


def test_what_leaves_stays_marked_until_it_is_added_again(copied, tmp_path):
    packing.leave(copied)
    assert (copied.is_leaving, packages()) == (True, [copied])
    packing.pack(copied, tmp_path / "it.zip")
    packing.add(tmp_path / "it.zip", copied.digest)
    assert not copied.is_leaving
    packing.leave(copied)
    packing.remove(copied)
    assert packages() == []
    assert list(copied.folder.parent.iterdir()) == []


def test_who_needs_runtimes_is_known_by_its_folder_as_long_as_that_is_there(tmp_path, monkeypatch):
    root = tmp_path / "runtimes"
    monkeypatch.setenv("SUANLI_RUNTIMES", str(root))
    told: list[str] = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        packing.hold("miner", tmp_path / name, told.append)
        packing.hold("miner", tmp_path / name, told.append)
    (root / "holders" / "other.json").write_text("no JSON")
    assert {one.data for one in holders()} == {str(tmp_path / "one"), str(tmp_path / "two")}
    (tmp_path / "two").rmdir()
    assert (holders(), told) == ([RuntimeHolder("miner", str(tmp_path / "one"))], [])
    assert [one.ids for one in packages()] == [runtime_ids()]


def test_runtimes_that_cannot_be_kept_are_told_and_stop_nothing(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SUANLI_RUNTIMES", str(tmp_path / "file"))
    told: list[str] = []
    packing.hold("miner", tmp_path, told.append)
    assert "can't be kept for the next one" in told[0]
    assert "suanli runtime keep" in told[0]


# The form


def test_what_is_said_to_workers_changes_with_its_form_only():
    """Former versions' workers hear this: with another form they are not asked."""
    task = replace(TASK, module=Module.known(bytes(32)))
    asked = b"".join(wire.pack(*wire.task_message(task, traced=True)))
    answered = Result(Outcome.EXITED, 3, b"out", b"err", {"a": b"b"}, 5, "why", 0.5, b"\x01")
    told = b"".join(wire.pack(*wire.result_message(answered)))
    assert wire.FORM == 1
    assert hashlib.sha256(asked).hexdigest()[:16] == "58d0d76e9970db63"
    assert hashlib.sha256(told).hexdigest()[:16] == "85f6ecad1c04590a"


def test_a_list_is_read_as_it_is_written(kept):
    assert parsed(kept.folder, listing(kept)) == kept
    assert (kept.folder / LIST).read_bytes() == listing(kept)
