"""Each example gives its expected result, and the same one however it is run."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from suanli.engine import Limits, Module, Task, runtime_id
from suanli.engine.host import Pool
from suanli.engine.host.library import Library
from suanli.job import Job, LocalRun, load, run_local
from suanli.protocol import NO_SALT
from tests.examples.executors import InProcess, Native

EXAMPLES = Path(__file__).parents[2] / "examples"
# Whole jobs where they take a second, small ones of the same programs elsewhere.
JOBS = (
    "kmeans/job.toml",
    "kmers/job.toml",
    "queens/small.toml",
    "raytrace/small.toml",
    "wordcount/job.toml",
)
MODULES = sorted(EXAMPLES.glob("*/*.wasm"))
COMPILED = sorted({*EXAMPLES.glob("*/job.toml")} - {*EXAMPLES.glob("python-*/job.toml")})
each_job = pytest.mark.parametrize("name", JOBS)
each_module = pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)

# On-Line Encyclopedia of Integer Sequences, A000170.
QUEENS = {10: 724, 16: 14_772_512}


def job(name: str, changes: dict[str, str] | None = None, folder: Path = EXAMPLES) -> Job:
    """The job in `folder`. Of what `changes` replaces, each must be there."""
    path = folder / name
    if changes:
        text = path.read_text()
        for old, new in changes.items():
            assert old in text
            text = text.replace(old, new)
        path.write_text(text)
    return load(path, runtime=runtime_id(), salt=NO_SALT)


def run_whole(job: Job, executor) -> LocalRun:
    done = run_local(job, executor, ahead=4, on_done=lambda *_: None)
    assert not done.failed
    return done


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("modules")


@pytest.fixture(scope="module")
def pool(cache):
    with Pool(2, cache=cache) as pool:
        yield pool


@pytest.fixture(scope="module")
def first(pool):
    """Each job's first run, on two workers; its modules were compiled for it."""
    return {name: run_whole(job(name), pool) for name in JOBS}


def assert_expected(folder: Path, files: dict[str, bytes]) -> None:
    """As `expected.sha256` says, or as in the folder `expected`."""
    listed = folder / "expected.sha256"
    if listed.exists():
        lines = "".join(f"{hashlib.sha256(files[n]).hexdigest()}  out/{n}\n" for n in files)
        assert listed.read_text() == lines
        return
    assert files
    for name, data in files.items():
        assert (folder / "expected" / name).read_bytes() == data, name


@pytest.mark.parametrize("name", [name for name in JOBS if not name.startswith("kmeans")])
def test_gives_the_expected_result(name, first):
    assert_expected((EXAMPLES / name).parent, first[name].files)


def test_queens_are_counted_right(first):
    assert first["queens/small.toml"].files == {"small.tsv": b"solutions\t%d\n" % QUEENS[10]}
    whole = (EXAMPLES / "queens" / "expected" / "queens.tsv").read_text()
    assert whole == f"solutions\t{QUEENS[16]}\n"


def test_kmeans_trains_to_the_known_clusters(tmp_path):
    """By its own script. 78.851441 is what others find for these data and three clusters."""
    shutil.copytree(EXAMPLES / "kmeans", tmp_path, dirs_exist_ok=True)
    shutil.rmtree(tmp_path / "out", ignore_errors=True)
    bin_folder = Path(sys.executable).parent
    path = f"{bin_folder}:{os.environ['PATH']}"
    env = os.environ | {"PATH": path, "XDG_CACHE_HOME": str(tmp_path)}
    done = subprocess.run(
        ["sh", "train.sh"], cwd=tmp_path, env=env, capture_output=True, text=True, check=True
    )
    assert "round 4: inertia 78.851441, points 50 62 38\n" in done.stdout
    last = tmp_path / "out" / "4"
    assert_expected(tmp_path, {path.name: path.read_bytes() for path in last.iterdir()})
    assert not (tmp_path / "out" / "5").exists()


@each_job
def test_other_worker_and_machine_code_from_the_cache(name, first, cache, monkeypatch):
    """One worker runs the tasks in another order than two; nothing is compiled any more."""
    monkeypatch.setattr(Library, "_compile", lambda *_: pytest.fail("not in the cache"))
    with Pool(1, cache=cache) as other:
        again = run_whole(job(name), other)
    assert (again.results, again.leaves) == (first[name].results, first[name].leaves)
    assert (again.fuel, again.root) == (first[name].fuel, first[name].root)
    assert again.files == first[name].files


@each_job
@pytest.mark.parametrize("level", ["none", "speed_and_size"])
def test_optimized_otherwise(name, level, first):
    other = run_whole(job(name), InProcess(cranelift_opt_level=level))
    assert (other.results, other.leaves) == (first[name].results, first[name].leaves)
    assert other.files == first[name].files


@pytest.fixture(scope="module")
def native(tmp_path_factory):
    compiler = shutil.which("cc")
    if not compiler:
        pytest.skip("no C compiler (cc) to build the examples natively")
    sources = {Module.from_file(path).digest: path.with_suffix(".c") for path in MODULES}
    return Native(compiler, tmp_path_factory.mktemp("native"), sources)


@each_job
def test_built_natively(name, first, native):
    """What the sandbox gives is what the source says."""
    other = run_whole(job(name), native)
    for mine, theirs in zip(first[name].results, other.results, strict=True):
        assert (theirs.exit_code, theirs.stdout) == (mine.exit_code, mine.stdout)
        assert theirs.files == mine.files
    assert other.files == first[name].files


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("kmers/job.toml", {"parts = 8": "parts = 3"}),
        ("wordcount/job.toml", {'"64 KiB"': '"200 KB"'}),
        ("raytrace/small.toml", {'"32"': '"45"', "range = [0, 15]": "range = [0, 8]"}),
    ],
)
def test_the_way_it_is_split_does_not_matter(name, changes, first, pool, tmp_path):
    shutil.copytree(EXAMPLES, tmp_path, dirs_exist_ok=True)
    other = run_whole(job(name, changes, tmp_path), pool)
    assert len(other.results) < len(first[name].results)
    assert other.files == first[name].files


@each_module
def test_wrong_arguments_are_explained(path, pool):
    result = pool.submit(Task(Module.from_file(path), ("what?",), limits=Limits(10**9))).result()
    assert result.exit_code == 2
    assert result.stderr.startswith(b"usage: ")


@each_module
def test_readme_gives_the_digest(path):
    readme = (path.parent / "README.md").read_text()
    assert f"`{hashlib.sha256(path.read_bytes()).hexdigest()}`" in readme


def test_every_example_is_tested():
    # An interpreter takes longer: tests/suanli/python has the Python functions.
    assert {path.parent.name for path in COMPILED} == {Path(name).parent.name for name in JOBS}


@pytest.mark.parametrize("path", COMPILED, ids=lambda path: path.parent.name)
def test_job_files_are_valid(path):
    job(str(path.relative_to(EXAMPLES)))
