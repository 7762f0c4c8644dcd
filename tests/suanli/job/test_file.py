"""job.toml: what it says, and every mistake by line and reason."""

import hashlib
import re
from pathlib import Path

import pytest

from suanli.engine import Limits, Runtime, runtime_id
from suanli.engine.runtime import TARGETS, target
from suanli.job import Gather, JobFileError, Manifest, TaskSpec
from suanli.protocol import NO_SALT, DataError, Ref, salted_digest
from tests.harness.doubles import RUNTIME

SALT = b"\x07" * 32
MODULE = Ref(hashlib.sha256(b"program").digest(), 7)


def ref(data, salt=NO_SALT):
    return Ref(salted_digest(salt, data), len(data))


def test_a_whole_file(folder):
    folder.write("table.bin", b"table")
    folder.write("merge.wasm", b"merge")
    job = folder.load(
        """
        name = "mixed"
        module = "program.wasm"
        limits = { fuel = 5_000_000_000, memory = "64 MiB", file_bytes = "1 GB", files = 7 }
        env = { MODE = "fast", LEVEL = 3 }
        inputs."data/table.bin" = "table.bin"

        [[tasks]]
        args = ["--first", 1]
        stdin = "table.bin"

        [[tasks]]
        env = { EXTRA = "1" }
        inputs = { "more.bin" = "table.bin" }

        [gather]
        kind = "program"
        module = "merge.wasm"
        args = ["--sorted"]
        to = "all.txt"
        """,
        SALT,
    )
    table = ref(b"table", SALT)
    assert job.name == "mixed"
    assert job.manifest == Manifest(
        runtime=RUNTIME,
        module=MODULE,
        tasks=(
            TaskSpec(args=("--first", "1"), stdin=table),
            TaskSpec(env={"EXTRA": "1"}, inputs={"more.bin": table}),
        ),
        limits=Limits(fuel=5_000_000_000, memory=64 << 20, file_bytes=10**9, files=7),
        env={"MODE": "fast", "LEVEL": "3"},
        inputs={"data/table.bin": table},
        gather=Gather(
            "program",
            target="all.txt",
            module=Ref(hashlib.sha256(b"merge").digest(), 5),
            args=("--sorted",),
        ),
    )
    assert job.digest == job.manifest.digest(SALT)
    assert Manifest.decode(job.manifest.encode()) == job.manifest


def args_of(job):
    return [task.args for task in job.manifest.tasks]


def test_count(folder):
    job = folder.load(
        'module="program.wasm"\n[tasks]\ncount=3\nargs=["{index}/{count}", "{{index}}"]\n'
        'env={SEED="{index}"}'
    )
    assert args_of(job) == [("0/3", "{index}"), ("1/3", "{index}"), ("2/3", "{index}")]
    assert [task.env["SEED"] for task in job.manifest.tasks] == ["0", "1", "2"]
    assert job.name == folder.path.name
    assert job.manifest.gather == Gather()


@pytest.mark.parametrize(
    ("spec", "args"),
    [
        ('range=[2,5]\nargs=["{value}"]', ["2", "3", "4"]),
        ('range=[9,0,-4]\nargs=["{value}"]', ["9", "5", "1"]),
        ('range=[10,20]\nparts=3\nargs=["{start}-{stop}"]', ["10-13", "13-16", "16-20"]),
        ('range=[0,2]\nparts=5\nargs=["{start}-{stop}"]', ["0-1", "1-2"]),
    ],
)
def test_range(folder, spec, args):
    job = folder.load(f'module="program.wasm"\n[tasks]\n{spec}')
    assert args_of(job) == [(arg,) for arg in args]


def test_glob_takes_files_by_name(folder):
    for name in ("data/b.csv", "data/a.csv", "data/deep/c.csv", "data/not.txt"):
        folder.write(name, name)
    (folder.path / "data" / "folder.csv").mkdir()
    text = 'module="program.wasm"\n[tasks]\nglob="data/{}.csv"\nargs=["{{path}}", "{{stem}}"]'
    flat = folder.load(text.format("*"))
    assert args_of(flat) == [("inputs/a.csv", "a"), ("inputs/b.csv", "b")]
    assert flat.manifest.tasks[0].inputs == {"inputs/a.csv": ref(b"data/a.csv")}
    assert flat.read(ref(b"data/a.csv")) == b"data/a.csv"
    deep = folder.load(text.format("**/*") + '\nas="{index}-{name}"')
    assert [list(task.inputs) for task in deep.manifest.tasks] == [
        ["0-a.csv"],
        ["1-b.csv"],
        ["2-c.csv"],
    ]


def test_split_cuts_no_record(folder):
    folder.write("log", b"one\ntwo\nthree\nfour\n")
    text = 'module="program.wasm"\n[tasks]\nsplit="log"\nas="stdin"\n'
    for how in ("parts=2", 'bytes="10 B"'):
        job = folder.load(text + how)
        assert [job.read(task.stdin) for task in job.manifest.tasks] == [
            b"one\ntwo\nthree\n",
            b"four\n",
        ]
    folder.write("log", b">a\nAC\nGT\n>b\nTT\n>c\nC\n")
    job = folder.load(text.replace("stdin", "{name}") + 'parts=9\nrecord-start=">"')
    refs = [task.inputs["log"] for task in job.manifest.tasks]
    assert [job.read(item) for item in refs] == [b">a\nAC\nGT\n", b">b\nTT\n", b">c\nC\n"]


def test_blobs_are_all_that_others_need(folder):
    folder.write("a.csv", b"a")
    folder.write("merge.wasm", b"merge")
    job = folder.load(
        'module="program.wasm"\n[inputs]\n"x"="a.csv"\n[tasks]\ncount=2\n'
        '[gather]\nkind="program"\nmodule="merge.wasm"',
        SALT,
    )
    blobs = {digest: b"".join(chunks) for digest, chunks in job.blobs()}
    assert all(hashlib.sha256(blob).digest() == digest for digest, blob in blobs.items())
    assert set(blobs.values()) == {
        b"program",
        b"merge",
        SALT + b"a",
        SALT + job.manifest.encode(),
    }
    assert job.module(job.manifest.module).code == b"program"


def test_inputs_that_change_under_way_are_noticed(folder):
    path = folder.write("a.csv", b"before")
    job = folder.load('module="program.wasm"\ninputs.x="a.csv"\n[tasks]\ncount=1')
    path.write_bytes(b"after!")
    with pytest.raises(DataError, match=r"a\.csv changed"):
        job.read(job.manifest.inputs["x"])
    path.write_bytes(b"")
    with pytest.raises(DataError, match=r"a\.csv changed"):
        job.read(job.manifest.inputs["x"])


HEAD = 'module = "program.wasm"\n'
COUNT = HEAD + "[tasks]\ncount = 2\n"


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("module =", [(1, "Invalid value")]),
        ('a = 1\n\nb = "x\n', [(3, "Illegal character")]),
        ("", [(0, "module: is missing"), (0, "tasks: is missing")]),
        ('module = "no.wasm"\n[tasks]\ncount=1', [(1, "no.wasm: there is no such file")]),
        ("module = 3\n[tasks]\ncount=1", [(1, "module: must be text")]),
        (HEAD + "threads = 2\n[tasks]\ncount=1", [(2, "threads: unknown; here may stand name, ")]),
        (HEAD + "[tasks]\n", [(2, "tasks: needs one of count, range, glob, split")]),
        (HEAD + "[tasks]\ncount=1\nglob='*'", [(2, "tasks: needs one of")]),
        (HEAD + "tasks = 3", [(2, "tasks: must be a table")]),
        (HEAD + "tasks = [1]", [(2, "tasks: must hold tables: write [[tasks]]")]),
        (HEAD + "tasks = []", [(2, "tasks: must be from 1 to")]),
        (HEAD + "[tasks]\ncount = 0", [(3, "tasks.count: must be from 1 to 100000")]),
        (HEAD + "[tasks]\ncount = true", [(3, "tasks.count: must be an integer")]),
        (HEAD + "[tasks]\ncount = 2000000", [(3, "tasks.count: must be from 1 to 100000")]),
        (COUNT + "as = 'x'", [(4, "tasks.as: unknown; here may stand count, args, env")]),
        (
            COUNT + 'args = ["{idx}"]',
            [(4, "tasks.args: {idx} is unknown here; there are {index}, {count}")],
        ),
        (COUNT + "args = [1.5]", [(4, "tasks.args: must hold text and integers")]),
        (COUNT + 'args = "x"', [(4, "tasks.args: must be a list")]),
        (COUNT + 'args = ["a\\u0000"]', [(2, "tasks.0: argument must not contain NUL")]),
        (COUNT + 'env = { "A=B" = "1" }', [(2, "tasks.0")]),
        (HEAD + "[tasks]\nrange = [1]", [(3, "tasks.range: must be [from, up to]")]),
        (HEAD + "[tasks]\nrange = [1, 9, 0]", [(3, "tasks.range: must be [from, up to]")]),
        (HEAD + "[tasks]\nrange = [5, 5]", [(3, "tasks.range: must hold from 1")]),
        (HEAD + "[tasks]\nrange = [0, 9000000000000]", [(3, "tasks.range: must hold from 1")]),
        (HEAD + "[tasks]\nrange = [0, 9, 2]\nparts = 2", [(3, "tasks.range: takes no step")]),
        (
            HEAD + "[tasks]\nglob = 'data/*.nope'",
            [(3, "tasks.glob: no file matches 'data/*.nope'")],
        ),
        (
            HEAD + "[tasks]\nglob = '*.wasm'\nas = '/{name}'",
            [(2, "tasks.0: input path must be relative")],
        ),
        (
            HEAD + "[tasks]\nglob = '*.wasm'\nas = '{file}'",
            [(4, "tasks.as: {file} is unknown here")],
        ),
        (HEAD + "[tasks]\nsplit = 'job.toml'", [(3, "tasks.split: needs either parts")]),
        (
            HEAD + "[tasks]\nsplit = 'job.toml'\nparts=1\nbytes=1",
            [(3, "tasks.split: needs either parts")],
        ),
        (HEAD + "[tasks]\nsplit = 'empty'\nparts = 2", [(3, "tasks.split: the file is empty")]),
        (
            HEAD + "[tasks]\nsplit = 'job.toml'\nbytes = '2 furlongs'",
            [(4, "tasks.bytes: must be bytes, such")],
        ),
        (COUNT + "[limits]\nfuel = 0", [(5, "limits.fuel: limit fuel must be an integer from 1")]),
        (
            COUNT + "[limits]\nfuel = '5 GB'",
            [(5, "limits.fuel: must be a whole number, such as 5_")],
        ),
        (COUNT + "[limits]\nfiles = '5'", [(5, "limits.files: must be a whole number, such as 1")]),
        (COUNT + "[limits]\nmemory = '5 GiB'", [(5, "limits.memory: limit memory must be")]),
        (COUNT + "[limits]\nmemory = '5 Gib'", [(5, "limits.memory: must be bytes, such as")]),
        (COUNT + "[limits]\nmemory = -5", [(5, "limits.memory: must be bytes, such as")]),
        (COUNT + "[limits]\nfuel = 5e9", [(5, "limits.fuel: must be a whole number, such as 5")]),
        (COUNT + "[limits]\nfuel = true", [(5, "limits.fuel: must be a whole number, such as 5")]),
        (COUNT + "[limits]\nfiles = -1", [(5, "limits.files: limit files must be an integer")]),
        (COUNT + "[limits]\nfile_bytes = 1.5", [(5, "limits.file_bytes: must be bytes, such")]),
        (COUNT + "[limits]\ncpu = 5", [(5, "limits.cpu: unknown")]),
        (
            "runtime = 'quick'\n" + COUNT,
            [
                (
                    1,
                    'runtime: must be "fast" or "portable"; leave it out to have what this machine'
                    " has",
                )
            ],
        ),
        ("runtime = 3\n" + COUNT, [(1, 'runtime: must be "fast" or "portable"')]),
        ("dirs = 'outputs'\n" + COUNT, [(1, "dirs: must be a list")]),
        ("dirs = ['ok', 'outputs/']\n" + COUNT, [(1, "dirs: folder path must be relative and n")]),
        ("dirs = ['a/../b']\n" + COUNT, [(1, "dirs: folder path must be relative and n")]),
        ("dirs = ['.']\n" + COUNT, [(1, "dirs: folder path must be relative and n")]),
        (
            "dirs = ['x']\n" + COUNT + "[inputs]\n'x' = 'empty'",
            [(3, "tasks.0: 'x' is an input and a folder")],
        ),
        (
            "dirs = ['x/y']\n" + COUNT + "[inputs]\n'x' = 'empty'",
            [(3, "tasks.0: input 'x' is a file and the folder of 'x/y'")],
        ),
        (COUNT + "[inputs]\na.csv = 'x'", [(5, "inputs.a: must be text; a name with dots")]),
        (COUNT + "[inputs]\n'a' = 'x'", [(5, "x: there is no such file")]),
        (COUNT + "[inputs]\n'a' = '.'", [(5, "is a folder; name its files")]),
        (COUNT + "[inputs]\n'../a' = 'empty'", [(2, "tasks.0: input path must be relative")]),
        (
            COUNT + "[gather]\nkind = 'magic'",
            [(5, "gather.kind: must be one of files, concat, sum, program")],
        ),
        (COUNT + "[gather]\nkind = 'concat'", [(4, "gather.to: is missing")]),
        (
            COUNT + "[gather]\nkind = 'sum'\nto = '../x'",
            [(4, "gather: input path must be relative")],
        ),
        (COUNT + "[gather]\nkind = 'files'\nto = 'x'", [(6, "gather.to: unknown")]),
        (COUNT + "[gather]\nkind = 'program'", [(4, "gather.module: is missing")]),
        (HEAD + "[[tasks]]\nargs=['a']\n[[tasks]]\nargz=['b']", [(5, "tasks.1.argz: unknown")]),
        (HEAD + "[[tasks]]\n[[tasks]]\nstdin='gone'", [(4, "tasks.1.stdin: ")]),
        (
            HEAD + "[env]\nA='1'\n[[tasks]]\n[[tasks]]\nenv={A='2'}",
            [(5, "tasks.1: A is set for the job already")],
        ),
        (
            COUNT + "[limits]\nfuel = 'x'\nfiles = -1\n[inputs]\n'a' = 'gone'",
            [(5, "limits.fuel"), (6, "limits.files"), (8, "inputs.a")],
        ),
    ],
)
def test_mistakes_are_named_by_line_and_reason(folder, text, problems):
    folder.write("empty")
    with pytest.raises(JobFileError) as caught:
        folder.load(text)
    found = caught.value.problems
    assert [place.line for place, _ in found] == [line for line, _ in problems], found
    for (_, reason), (_, expected) in zip(found, problems, strict=True):
        assert expected in reason
    lines = str(caught.value).splitlines()
    for line, (place, reason) in zip(lines, found, strict=True):
        where = f":{place.line}:{place.column}" if place.line else ""
        assert line.endswith(f"job.toml{where}: {reason}")


@pytest.mark.parametrize("runtime", Runtime)
def test_the_runtime_is_the_file_s_or_what_is_usual(folder, runtime):
    assert folder.load(COUNT).manifest.runtime == RUNTIME
    named = folder.load(f'runtime = "{runtime}"\n' + COUNT)
    assert named.manifest.runtime == runtime_id(runtime)


def test_a_runtime_that_this_platform_lacks(folder, monkeypatch):
    targets = {key: value for key, value in TARGETS.items() if key[2] is not Runtime.FAST}
    monkeypatch.setattr("suanli.engine.runtime.TARGETS", targets)
    monkeypatch.setattr("suanli.job.file.runtime_id", target)
    with pytest.raises(JobFileError, match=r"job.toml:1:1: runtime: no engine fast for \("):
        folder.load("runtime = 'fast'\n" + COUNT)


def test_mistakes_have_their_column(folder):
    with pytest.raises(JobFileError) as caught:
        folder.load(HEAD + '  threads = 2\n[tasks]\ncount = 1\n\t"a b" = 1\n   [limits]\n fuel= 0')
    assert [tuple(place) for place, _ in caught.value.problems] == [(2, 3), (5, 2), (7, 2)]


def test_files_that_can_not_be_read_are_named(folder):
    from suanli.job import load

    with pytest.raises(JobFileError, match="No such file"):
        load(folder.path / "none.toml", runtime=RUNTIME, salt=SALT)
    with pytest.raises(JobFileError, match="Is a directory"):
        load(folder.path, runtime=RUNTIME, salt=SALT)
    folder.write("job.toml", b"\xff\xfe")
    with pytest.raises(JobFileError, match="not a text file"):
        load(folder.path / "job.toml", runtime=RUNTIME, salt=SALT)


def test_the_example_of_the_documentation(folder):
    text = (Path(__file__).parents[3] / "docs" / "jobs.md").read_text()
    whole, listed = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    for name in ("kmers.wasm", "table.bin", "a.txt", "b.csv"):
        folder.write(name)
    folder.write("genome.fa", ">a\nACGT\n" * 100)
    job = folder.load(whole)
    assert len(job.manifest.tasks) == 16
    assert job.manifest.tasks[3].args == ("--k", "21", "inputs/genome.fa")
    assert job.manifest.units == 16 * 5000
    assert len(folder.load('module = "kmers.wasm"\n' + listed).manifest.tasks) == 1


def test_a_manifest_beyond_its_limit_is_a_mistake(folder, monkeypatch):
    size = len(folder.load(COUNT).manifest.encode())
    monkeypatch.setattr("suanli.job.file.MAX_BYTES", size)
    folder.load(COUNT)
    monkeypatch.setattr("suanli.job.file.MAX_BYTES", size - 1)
    with pytest.raises(JobFileError, match=r"job\.toml:2:1: tasks: its manifest is above"):
        folder.load(COUNT)
