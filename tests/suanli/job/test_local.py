"""A whole job, with Python functions in the place of modules."""

import pytest

from suanli.engine import UNIT, Outcome, Result
from suanli.job import GatherError, OutputRecord, Outputs, leaf_of, run_local
from suanli.job.outputs import INLINE
from suanli.protocol import Ref, Tree, plaintext_of, salted_digest
from suanli.protocol.result_tree import verify
from suanli.schedule import ScheduleError
from tests.harness.doubles import FakeExecutor, exited

JOB = 'module = "program.wasm"\n[tasks]\ncount = 3\nargs = ["{index}"]\n[gather]\n'
SALT = b"\x05" * 32


def run(job, ahead=2, on_done=lambda *_: None, **programs):
    return run_local(job, FakeExecutor(**programs), ahead=ahead, on_done=on_done)


def test_results_leaves_root_and_progress(folder):
    heard = []
    job = folder.load(JOB + 'kind = "concat"\nto = "all"', SALT)
    done = run(
        job,
        program=lambda task: exited(f"<{task.args[0]}>".encode(), fuel=int(task.args[0]) * UNIT),
        on_done=lambda index, result: heard.append((index, result.stdout)),
    )
    assert done.files == {"all": b"<0><1><2>"}
    assert sorted(heard) == [(0, b"<0>"), (1, b"<1>"), (2, b"<2>")]
    assert (done.units, done.fuel, done.failed) == (3, 3 * UNIT, [])
    tree = Tree(done.leaves)
    assert done.root == tree.root
    assert [leaf.units for leaf in done.leaves] == [0, 1, 2]
    assert done.leaves == [leaf_of(i, result, SALT) for i, result in enumerate(done.results)]
    assert verify(done.root, 3, 3, done.leaves[2], tree.path(2))


def test_tasks_with_most_input_come_first_and_few_are_under_way(folder):
    for name, size in (("a", 5), ("b", 50), ("c", 500)):
        folder.write(f"{name}.bin", bytes(size))
    job = folder.load('module = "program.wasm"\n[tasks]\nglob = "?.bin"\nas = "in"')
    executor = FakeExecutor(program=lambda task: exited(b"%d" % len(task.inputs["in"])))
    submitted = []

    def on_done(*_):
        submitted.append(len(executor.order))

    done = run_local(job, executor, ahead=1, on_done=on_done)
    assert [len(task.inputs["in"]) for task in executor.order] == [500, 50, 5]
    assert submitted == [1, 2, 3]
    assert [result.stdout for result in done.results] == [b"5", b"50", b"500"]


@pytest.mark.parametrize(
    "bad",
    [
        exited(code=3, stderr=b"first\ncannot open it\n"),
        Result(Outcome.TRAPPED, None, fuel=9 * UNIT, detail="unreachable"),
        Result(Outcome.OUT_OF_FUEL, None, fuel=9 * UNIT),
    ],
)
def test_nothing_is_gathered_when_a_task_failed(folder, bad):
    job = folder.load(JOB + 'kind = "concat"\nto = "all"')
    done = run(job, program=lambda task: bad if task.args == ("1",) else exited(b"fine"))
    assert done.files is None
    assert done.failed == [1]
    assert done.leaves[1].outcome == bad.outcome.code
    assert done.leaves[1].units == bad.units


def test_concatenation_of_files(folder):
    job = folder.load(JOB + 'kind = "concat"\nfrom = "part.txt"\nto = "deep/all.txt"')
    done = run(job, program=lambda task: exited(files={"part.txt": task.args[0].encode()}))
    assert done.files == {"deep/all.txt": b"012"}
    with pytest.raises(GatherError, match=r"task 0 did not write part\.txt; it wrote other"):
        run(job, program=lambda task: exited(files={"other": b""}))
    with pytest.raises(GatherError, match="wrote no files"):
        run(job, program=lambda task: exited())


def test_sums(folder):
    job = folder.load(JOB + 'kind = "sum"\nto = "sums.tsv"')
    done = run(job, program=lambda task: exited(b"b\t1\na\t%d\n" % int(task.args[0])))
    assert done.files == {"sums.tsv": b"a\t3\nb\t3\n"}
    with pytest.raises(ScheduleError, match="part 2, line 1"):
        run(job, program=lambda task: exited(b"words" if task.args == ("2",) else b""))


def test_files_side_by_side(folder):
    job = folder.load(JOB + 'kind = "files"')
    done = run(job, program=lambda t: exited(files={f"out/{t.args[0]}": b"x", "same": b"y"}))
    assert done.files == {"out/0": b"x", "out/1": b"x", "out/2": b"x", "same": b"y"}
    with pytest.raises(GatherError, match="tasks 0 and 1 both wrote same"):
        run(job, program=lambda task: exited(files={"same": task.args[0].encode()}))


PROGRAM = JOB + 'kind = "program"\nmodule = "merge.wasm"\nargs = ["--max"]\nto = "log"'


def test_a_program_gathers(folder):
    folder.write("merge.wasm", b"merge")
    job = folder.load(PROGRAM)

    def merge(task):
        assert task.args == ("--max",)
        assert task.limits == job.manifest.limits
        parts = b",".join(path.encode() + b"=" + data for path, data in task.inputs.items())
        return exited(b"merged", files={"best": parts})

    done = run(
        job, program=lambda t: exited(b"s" + t.args[0].encode(), files={"f": b"data"}), merge=merge
    )
    assert done.files == {
        "log": b"merged",
        "best": b",".join(
            b"parts/00000%d/files/f=data,parts/00000%d/stdout=s%d" % (i, i, i) for i in range(3)
        ),
    }


def test_a_program_that_fails_to_gather_is_named(folder):
    folder.write("merge.wasm", b"merge")
    with pytest.raises(GatherError, match="program that gathers failed: exit code 1: no parts"):
        run(
            folder.load(PROGRAM),
            program=lambda task: exited(),
            merge=lambda task: exited(code=1, stderr=b"no parts"),
        )


def test_outputs_can_be_fetched_one_by_one():
    long = bytes(INLINE)
    result = exited(b"out", files={"a/b": long}, stderr=b"err")
    outputs = Outputs.of(result, SALT)
    assert set(outputs.plaintexts.values()) == {b"out", b"err", long, outputs.record}
    for digest, plaintext in outputs.plaintexts.items():
        blob = SALT + plaintext
        assert plaintext_of(blob, SALT, Ref(digest, len(plaintext))) == plaintext
    assert leaf_of(4, result, SALT).digest == salted_digest(SALT, outputs.record)


def test_small_outputs_come_with_the_record():
    half = bytes(INLINE // 2)
    outputs = Outputs.of(exited(half, files={"f": half[1:]}, stderr=b"!"), SALT)
    assert list(outputs.plaintexts.values()) == [outputs.record]
    one_more = Outputs.of(exited(half, files={"f": half}, stderr=b"!"), SALT)
    assert set(one_more.plaintexts.values()) == {half, b"!", one_more.record}


def test_the_record_is_the_documented_one():
    outputs = Outputs.of(exited(b"out", files={"f": b""}, code=7), bytes(32))
    assert outputs.record.decode() == (
        '{"exit_code":7,"files":{"f":{"data":""}},"outcome":"exited",'
        '"stderr":{"data":""},"stdout":{"data":"b3V0"},"version":2}'
    )
    long = bytes(INLINE + 1)
    outputs = Outputs.of(exited(b"", files={"f": long}, code=7), bytes(32))
    data, empty = (salted_digest(bytes(32), data).hex() for data in (long, b""))
    assert outputs.record.decode() == (
        '{"exit_code":7,"files":{"f":{"digest":"' + data + '","size":4097}},"outcome":"exited",'
        '"stderr":{"digest":"' + empty + '","size":0},'
        '"stdout":{"digest":"' + empty + '","size":0},"version":2}'
    )


@pytest.mark.parametrize("size", [0, INLINE, INLINE + 1])
def test_records_come_back(size):
    outputs = Outputs.of(exited(bytes(size), files={"f": b"x"}), SALT)
    record = OutputRecord.decode(outputs.record, 1 << 20)
    assert record.encode() == outputs.record
    assert record.ok
    assert {ref.digest for ref in record.refs} == outputs.plaintexts.keys() - {
        salted_digest(SALT, outputs.record)
    }


EMPTY = '{"digest":"' + "00" * 32 + '","size":0}'


@pytest.mark.parametrize(
    "wrong",
    [
        ('{"data":"b3V0"}', EMPTY, "small outputs stand"),  # one part of its own, others not
        ('{"data":"b3V0"}', '{"data":"b3V0","size":3}', "one form"),
        ('{"data":"b3V0"}', '{"data":"b3V1="}', "one form"),
        ('{"data":"b3V0"}', '{"data":"' + "A" * 8192 + '"}', "small outputs stand"),
        ('{"data":"b3V0"}', "7", "no output record"),
        ('"version":2', '"version":3', "one form"),
        ('"exit_code":7', '"exit_code":"7"', "no exit code"),
        ('"outcome":"exited"', '"outcome":"done"', "Outcome"),
        ('"files":{', '"a":0,"files":{', "canonical"),
        (":7", ": 7", "canonical"),
    ],
)
def test_what_is_no_record(wrong):
    before, after, why = wrong
    record = Outputs.of(exited(b"out", files={"f": b""}, code=7), bytes(32)).record.decode()
    assert before in record
    with pytest.raises(ValueError, match=why):
        OutputRecord.decode(record.replace(before, after).encode(), 1 << 20)
    every = record.replace('{"data":""}', EMPTY).replace('{"data":"b3V0"}', EMPTY)
    with pytest.raises(ValueError, match="small outputs stand in the record"):
        OutputRecord.decode(every.encode(), 1 << 20)


@pytest.mark.parametrize(
    "other",
    [
        exited(b"out", files={"f": b"x"}),
        exited(b"out", files={"g": b""}),
        exited(b"out", files={"f": b""}, stderr=b"!"),
        exited(b"out", files={"f": b""}, code=1),
        exited(b"", files={"f": b"out"}),
        Result(Outcome.TRAPPED, None, b"out", fuel=3 * UNIT),
    ],
)
def test_any_other_outcome_gives_another_leaf(other):
    result = exited(b"out", files={"f": b""})
    assert leaf_of(0, result, SALT) == leaf_of(0, exited(b"out", files={"f": b""}), SALT)
    assert leaf_of(0, result, SALT).digest != leaf_of(0, other, SALT).digest
    assert leaf_of(0, result, SALT).digest != leaf_of(0, result, bytes(32)).digest


def test_folders_are_there_for_tasks_and_for_the_program_that_gathers(folder):
    folder.write("merge.wasm", b"merge")
    job = folder.load('dirs = ["outputs", "logs"]\n' + PROGRAM)
    seen = []

    def program(task):
        seen.append(task.dirs)
        return exited()

    assert run(job, program=program, merge=program).files is not None
    assert seen == [("logs", "outputs")] * 4
