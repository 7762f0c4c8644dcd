"""Tasks, limits and results as plain records."""

import pickle
from dataclasses import FrozenInstanceError

import pytest

import suanli.engine
from suanli.engine import UNIT, InvalidTask, Limits, Module, Outcome, Result, Task
from suanli.engine.guest.wasi.abi import Errno
from suanli.engine.task import units_of
from tests.suanli.engine.conftest import command

MODULE = Module(b"code")


def test_the_public_names():
    assert all(hasattr(suanli.engine, name) for name in suanli.engine.__all__)


@pytest.mark.parametrize(
    ("fuel", "units"), [(0, 0), (1, 1), (UNIT - 1, 1), (UNIT, 1), (UNIT + 1, 2), (10**18, 10**12)]
)
def test_units_round_up(fuel, units):
    assert units_of(fuel) == units
    assert Result(Outcome.EXITED, 0, fuel=fuel).units == units


@pytest.mark.parametrize(
    "wrong",
    [
        {"fuel": 0},
        {"fuel": 2**62 + 1},
        {"fuel": 1.5},
        {"fuel": True},
        {"memory": -1},
        {"memory": (4 << 30) + 1},
        {"files": -1},
        {"file_bytes": 1 << 50},
        {"stdout_bytes": -1},
        {"stderr_bytes": None},
    ],
)
def test_limits_out_of_range(wrong):
    with pytest.raises(InvalidTask, match=next(iter(wrong))):
        Limits(**wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"args": ("a\0b",)},
        {"args": (1,)},
        {"args": ("\ud800",)},
        {"args": ("a" * (5 << 20),)},
        {"args": ("",) * (5 << 20)},
        {"env": {"": "x"}},
        {"env": {"A=B": "x"}},
        {"env": {"A": "x\0"}},
        {"stdin": "text"},
        {"seed": "text"},
        {"inputs": {"a": "text"}},
        {"inputs": {"": b""}},
        {"inputs": {"/a": b""}},
        {"inputs": {"a/": b""}},
        {"inputs": {"a/../b": b""}},
        {"inputs": {"./a": b""}},
        {"inputs": {"a//b": b""}},
        {"inputs": {"a" * 256: b""}},
        {"inputs": {"a/" * 3000 + "a": b""}},
        {"inputs": {"a": b"", "a/b/c": b""}},
    ],
)
def test_what_no_guest_could_be_given(wrong):
    with pytest.raises(InvalidTask):
        Task(MODULE, **wrong)


def test_nothing_can_be_changed_later():
    env, inputs = {"B": "1", "A": "2"}, {"z": b"", "a/b": b"x"}
    task = Task(MODULE, ["a"], env, inputs=inputs)
    env.clear()
    inputs.clear()
    assert (task.args, list(task.env), list(task.inputs)) == (("a",), ["A", "B"], ["a/b", "z"])
    with pytest.raises(FrozenInstanceError):
        task.args = ()
    with pytest.raises(TypeError):
        task.env["C"] = "3"


def test_tasks_travel_to_other_processes():
    task = Task(MODULE, ("a",), {"A": "b"}, b"in", {"a": b"b"}, Limits(fuel=5), b"seed")
    assert pickle.loads(pickle.dumps(task)) == task


def test_modules_are_named_by_their_sha256():
    assert MODULE.digest.hex() == (
        "5694d08a2e53ffcae0c3103e5ad6f6076abd960eb1f8a56577040bc1028f702b"
    )
    assert Module.known(MODULE.digest).digest == MODULE.digest
    with pytest.raises(InvalidTask):
        Module("text")


def test_outcomes_have_fixed_codes():
    assert [(o.value, o.code) for o in Outcome] == [
        ("exited", 0),
        ("trapped", 1),
        ("out-of-fuel", 2),
        ("limit", 3),
        ("invalid", 4),
    ]


def test_equality_leaves_out_what_differs_between_machines():
    one = Result(Outcome.EXITED, 0, seconds=1.0, detail="x")
    assert one == Result(Outcome.EXITED, 0, seconds=2.0)
    assert one != Result(Outcome.EXITED, 1, seconds=1.0)
    assert (one.ok, Result(Outcome.EXITED, 1).ok, Result(Outcome.TRAPPED, None).ok) == (
        True,
        False,
        False,
    )


class TestPaths:
    @pytest.mark.parametrize(
        "task", [{"inputs": {"/".join("a" * 513): b""}}, {"dirs": ["/".join("a" * 513)]}]
    )
    def test_are_not_deeper_than_the_walk_that_collects_outputs(self, task):
        with pytest.raises(InvalidTask, match="path has more than 512 names"):
            Task(Module(b""), **task)

    def test_as_deep_as_they_may_be_they_come_out(self, run):
        deepest = "/".join("a" * 512)
        deeper = {deepest: b"x", "/".join("b" * 512): b"y"}
        assert run(command(""), inputs=deeper, dirs=["/".join("c" * 512)]).ok

    def test_as_deep_as_they_may_be_they_are_moved_no_further(self, run):
        """A worker that ran out of Python's depth would break down, and its miner pay for it."""
        move = """
            (call $proc_exit (call $path_rename (i32.const 3) (i32.const 0) (i32.const 1)
                                                (i32.const 3) (i32.const 1) (i32.const 1)))"""
        module = command(move, imports="path_rename", data='(data (i32.const 0) "ab")')
        result = run(module, dirs=["/".join("a" * 512)])
        assert (result.outcome, result.exit_code) == (Outcome.EXITED, Errno.NAMETOOLONG)

    def test_folders_do_not_change_what_is_random(self):
        assert Task(Module(b""), dirs=["a"]).entropy() == Task(Module(b"")).entropy()

    def test_folders_are_not_files(self):
        with pytest.raises(InvalidTask, match="'a' is an input and a folder"):
            Task(Module(b""), inputs={"a": b""}, dirs=["a"])
        with pytest.raises(InvalidTask, match="input 'a' is a file and the folder of 'a/b'"):
            Task(Module(b""), inputs={"a": b""}, dirs=["a/b"])
