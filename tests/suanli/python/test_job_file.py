"""`[python]` in a job file: a function with what a job has, run as any other program."""

import shutil
from pathlib import Path

import pytest

from suanli.engine import runtime_id
from suanli.job import JobFileError, failure, load, run_local
from suanli.protocol import NO_SALT

EXAMPLE = Path(__file__).parents[3] / "examples" / "python-pi"
WORK = """
import json, os, sys
from helper import tens

WORD = "x"

def rows(index, count):
    with open("outputs/" + index, "w") as file:
        file.write(WORD * tens(index))
    return f"{index}\\t{len(open('table.csv').read())}\\n{os.environ['MODE']}\\t{int(count)}"

def data(index):
    return bytes([int(index)])

def fails(index):
    raise ValueError("no row " + index)

def leaves(index):
    sys.exit(int(index))
"""
JOB = """
dirs = ["outputs"]
[python]
function = "work.py:{name}"
[inputs]
"table.csv" = "table.csv"
"helper.py" = "helper.py"
[env]
MODE = "7"
[tasks]
range = [3, 5]
args = {args}
"""


@pytest.fixture
def run(tmp_path, pool):
    (tmp_path / "work.py").write_text(WORK)
    (tmp_path / "helper.py").write_text("def tens(text):\n    return 10 * int(text)\n")
    (tmp_path / "table.csv").write_text("a,b\n")

    def run(name, args='["{value}"]'):
        path = tmp_path / "job.toml"
        path.write_text(JOB.format(name=name, args=args))
        job = load(path, salt=NO_SALT, runtime=runtime_id())
        return run_local(job, pool, ahead=2, on_done=lambda *_: None).results

    return run


def test_arguments_inputs_outputs(run):
    first, second = run("rows", '["{value}", "{count}"]')
    assert first.stdout == b"3\t4\n7\t2\n"
    assert first.files == {"outputs/3": b"x" * 30}
    assert second.files == {"outputs/4": b"x" * 40}


def test_bytes_are_written_as_they_are(run):
    assert [result.stdout for result in run("data")] == [b"\3", b"\4"]


def test_a_function_that_fails(run):
    first, _ = run("fails")
    assert failure(first) == "exit code 1: ValueError: no row 3"
    assert b'  File "/work.py", line 16, in fails\n' in first.stderr
    assert [result.exit_code for result in run("leaves")] == [3, 4]


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ('function = "work.py:nothing"', 2, "work.py has no function nothing; it has rows, data, "),
        ('function = "work.py"', 2, "names no function: write"),
        ('function = "gone.py:main"', 2, "gone.py: No such file or directory"),
        ('function = "bad.py:main"', 2, "invalid syntax"),
        ('function = "a-b.py:main"', 2, "can't be imported by its name: rename it"),
        ('function = "work.py:rows"\npackages = ["torch"]', 2, "no Python for the sandbox has"),
        ("packages = []", 1, "function: is missing: name a file and a function"),
        (
            'function = "work.py:rows"\n[inputs]\n"work.py" = "work.py"',
            4,
            "is there for the function",
        ),
    ],
)
def test_mistakes(tmp_path, text, line, why):
    (tmp_path / "work.py").write_text(WORK)
    (tmp_path / "bad.py").write_text("def main(:")
    path = tmp_path / "job.toml"
    path.write_text(f"[python]\n{text}\n[tasks]\ncount = 1\n")
    with pytest.raises(JobFileError) as caught:
        load(path, salt=NO_SALT, runtime=runtime_id())
    ((place, reason),) = caught.value.problems
    assert place.line == line
    assert why in reason


def test_one_program_only(tmp_path):
    (tmp_path / "work.py").write_text(WORK)
    path = tmp_path / "job.toml"
    path.write_text('module = "work.py"\n[python]\nfunction = "work.py:rows"\n[tasks]\ncount = 1\n')
    with pytest.raises(JobFileError, match=":1:1: module: is one program too many"):
        load(path, salt=NO_SALT, runtime=runtime_id())


def test_the_example_in_small(tmp_path, pool):
    shutil.copytree(EXAMPLE, tmp_path, dirs_exist_ok=True)
    text = (tmp_path / "job.toml").read_text().replace("[0, 16]", "[0, 2]")
    (tmp_path / "job.toml").write_text(text.replace('"200000"', '"1000"'))
    job = load(tmp_path / "job.toml", salt=NO_SALT, runtime=runtime_id())
    done = run_local(job, pool, ahead=2, on_done=lambda *_: None)
    import random

    within = 0
    for seed in range(2):
        source = random.Random(seed)
        within += sum(source.random() ** 2 + source.random() ** 2 < 1 for _ in range(1000))
    assert done.files == {"pi.tsv": b"points\t2000\nwithin\t%d\n" % within}
