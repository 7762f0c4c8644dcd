import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanli.engine import InvalidTask, Limits, Module
from suanli.job import Gather, Manifest, ManifestError, TaskSpec
from suanli.job.manifest import MAX_TASKS
from suanli.protocol import Ref, canonical, salted_digest
from suanli.protocol.result_tree import MAX_UNITS

RUNTIME = bytes(range(32))
REF = Ref(hashlib.sha256(b"module").digest(), 6)

# A digest has one size.
refs = st.binary(min_size=32, max_size=32).map(lambda d: Ref(d, int.from_bytes(d[:8]) >> 1))
names = st.text("abcß算-_.0", min_size=1, max_size=6).filter(lambda n: n not in (".", ".."))
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
# Folders and files take names from separate alphabets: no file is another's folder.
paths = names | names.map(lambda name: f"dir/{name}")


def keyed(prefix, values):
    return st.dictionaries(paths.map(lambda path: f"{prefix}{path}"), values, max_size=3)


specs = st.builds(
    TaskSpec,
    args=st.lists(texts, max_size=3).map(tuple),
    env=keyed("T_", texts),
    inputs=keyed("task/", refs),
    stdin=st.none() | refs,
)
gathers = st.one_of(
    st.just(Gather()),
    st.builds(Gather, st.sampled_from(["concat", "sum"]), source=paths, target=paths),
    st.builds(
        Gather, st.just("program"), target=st.just("") | paths, module=refs, args=st.just(("a",))
    ),
)
manifests = st.builds(
    Manifest,
    runtime=st.binary(min_size=32, max_size=32),
    module=refs,
    tasks=st.lists(specs, min_size=1, max_size=4).map(tuple),
    limits=st.builds(Limits, fuel=st.integers(1, 2**62), memory=st.integers(0, 4 << 30)),
    env=keyed("J_", texts),
    inputs=keyed("job/", refs),
    gather=gathers,
    dirs=st.lists(paths.map("dirs/{}".format), max_size=3, unique=True).map(sorted).map(tuple),
)


def example(**changes):
    task = TaskSpec(args=("--part", "0"), inputs={"inputs/a.csv": Ref(bytes(32), 12)})
    values = {"runtime": RUNTIME, "module": REF, "tasks": (task,), "limits": Limits(fuel=5_000_001)}
    return Manifest(**{**values, **changes})


@given(manifests)
def test_manifests_survive_the_way(manifest):
    data = manifest.encode()
    assert Manifest.decode(data) == manifest
    assert data.isascii()


@given(manifests, manifests)
def test_different_manifests_have_different_bytes(one, other):
    assert (one == other) == (one.encode() == other.encode())


def test_the_form_is_the_documented_one():
    assert example().encode() == (
        b'{"gather":{"kind":"files"},"limits":{"file_bytes":134217728,"files":4096,"fuel":5000001,'
        b'"memory":1073741824,"stderr_bytes":1048576,"stdout_bytes":16777216},"module":{"digest":"'
        + REF.digest.hex().encode()
        + b'","size":6},"runtime":"'
        + RUNTIME.hex().encode()
        + b'","tasks":[{"args":["--part","0"],"inputs":{"inputs/a.csv":{"digest":"'
        + b"0" * 64
        + b'","size":12}}}],"version":1}'
    )


def test_the_digest_is_salted():
    manifest, salt = example(), b"s" * 32
    assert manifest.digest(salt) == hashlib.sha256(salt + manifest.encode()).digest()
    assert manifest.digest(salt) == salted_digest(salt, manifest.encode())
    assert manifest.digest(salt) != manifest.digest(bytes(32))


def test_units_are_those_of_all_limits():
    assert example(tasks=(TaskSpec(),) * 7).units == 7 * 6


def test_engine_tasks_hold_what_is_shared_and_what_is_their_own():
    shared, own = Ref(b"s" * 32, 1), Ref(b"o" * 32, 1)
    manifest = example(
        env={"SHARED": "1"},
        inputs={"shared.bin": shared},
        tasks=(TaskSpec(("x",), {"OWN": "2"}, {"own.bin": own}, own), TaskSpec()),
    )
    read = {shared: b"shared", own: b"own"}.__getitem__
    first = manifest.engine_task(0, Module(b"code"), read)
    assert (first.args, dict(first.env)) == (("x",), {"OWN": "2", "SHARED": "1"})
    assert dict(first.inputs) == {"own.bin": b"own", "shared.bin": b"shared"}
    assert (first.stdin, first.limits) == (b"own", manifest.limits)
    second = manifest.engine_task(1, Module(b"code"), read)
    assert (dict(second.inputs), second.stdin) == ({"shared.bin": b"shared"}, b"")
    assert set(manifest.references()) == {shared.digest, own.digest}


def test_folders_are_there_for_every_task_and_part_of_the_digest():
    plain, folders = example(), example(dirs=("a", "b/c"))
    assert b'{"dirs":["a","b/c"],"gather"' in folders.encode()
    assert b"dirs" not in plain.encode()
    assert plain.digest(bytes(32)) != folders.digest(bytes(32))
    assert folders.engine_task(0, Module(b"code"), lambda _: b"").dirs == ("a", "b/c")


def test_folders_count_with_inputs_and_variables(monkeypatch):
    monkeypatch.setattr("suanli.job.manifest.MAX_ENTRIES", 4)
    example(dirs=("a", "b")).check()  # an input in a folder besides
    with pytest.raises(ManifestError, match="tasks: have 5 inputs, folders and variables in all"):
        example(dirs=("a", "b", "c")).check()


@pytest.mark.parametrize(
    ("place", "value", "problem"),
    [
        ("version", 2, "version: only version 1"),
        ("version", True, "version: only version 1"),
        ("extra", 1, "extra: is unknown"),
        ("runtime", "00" * 31, "runtime: must be 32 bytes"),
        ("runtime", "AB" * 32, "runtime: must be 32 bytes"),
        ("runtime", None, "runtime: must be 32 bytes"),
        ("module", {"digest": "00" * 32}, "module.size: is missing"),
        ("module", {"digest": "00" * 32, "size": -1}, "module.size: must be bytes"),
        ("module", {"digest": "00" * 32, "size": True}, "module.size: must be bytes"),
        ("module", [], "module: must be an object"),
        ("limits", {}, "limits.file_bytes: is missing"),
        ("dirs", ["b", "a"], "dirs: must be sorted, and name none twice"),
        ("dirs", ["a", "a"], "dirs: must be sorted, and name none twice"),
        ("dirs", "a", "dirs: must be a list"),
        ("dirs", [1], "dirs.0: must be text"),
        ("dirs", ["/a"], "tasks.0: folder path must be relative"),
        ("dirs", [], "not in canonical form"),
        ("tasks", [], "tasks: must be from 1"),
        ("tasks", {}, "tasks: must be a list"),
        ("tasks", [{}, {"argv": []}], "tasks.1.argv: is unknown"),
        ("tasks", [{"args": [1]}], "tasks.0.args.0: must be text"),
        ("tasks", [{"args": "x"}], "tasks.0.args: must be a list"),
        ("tasks", [{"args": ["\0"]}], "tasks.0: .*NUL"),
        ("tasks", [{"env": {"A=B": "1"}}], "tasks.0: .*'='"),
        ("tasks", [{"stdin": None}], "tasks.0.stdin: must be an object"),
        (
            "tasks",
            [{"inputs": {"../x": {"digest": "00" * 32, "size": 0}}}],
            "tasks.0: .*normalized",
        ),
        ("tasks", [{"inputs": {"/x": {"digest": "00" * 32, "size": 0}}}], "tasks.0: .*normalized"),
        ("gather", {"kind": "magic"}, "gather: kind must be one of"),
        ("gather", {"kind": "program"}, "gather: a module goes with"),
        ("gather", {"kind": "concat", "source": "stdout"}, "gather: .*normalized"),
        (
            "gather",
            {"kind": "concat", "source": "stdout", "target": "../x"},
            "gather: .*normalized",
        ),
        ("gather", {}, "gather.kind: is missing"),
        ("env", {"A": 1}, "env.A: must be text"),
        ("inputs", {"a": 1}, "inputs.a: must be an object"),
    ],
)
def test_hostile_members_are_refused_with_their_place(place, value, problem):
    raw = json.loads(example().encode())
    raw[place] = value
    with pytest.raises(ManifestError, match=problem):
        Manifest.decode(canonical.encode(raw))


@pytest.mark.parametrize(
    ("name", "value"),
    [("fuel", 0), ("fuel", 2**62 + 1), ("memory", -1), ("memory", True), ("files", "9")],
)
def test_hostile_limits_are_refused(name, value):
    raw = json.loads(example().encode())
    raw["limits"][name] = value
    with pytest.raises(ManifestError, match=f"limits: .*{name}"):
        Manifest.decode(canonical.encode(raw))


def test_the_largest_job_fits_the_units_of_a_deal():
    assert MAX_TASKS * Limits(fuel=2**62).units <= MAX_UNITS
    with pytest.raises(InvalidTask):
        Limits(fuel=2**62 + 1)


def test_what_is_shared_can_not_be_replaced_by_a_task():
    ref = Ref(bytes(32), 0)
    inputs = example(inputs={"a": ref}, tasks=(TaskSpec(), TaskSpec(inputs={"a": ref})))
    with pytest.raises(ManifestError, match=r"tasks\.1: a is an input of the job already"):
        inputs.check()
    env = example(env={"A": "1"}, tasks=(TaskSpec(env={"A": "2"}),))
    with pytest.raises(ManifestError, match=r"tasks\.0: A is set for the job already"):
        env.check()


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d + b"\n",
        lambda d: d.replace(b",", b", ", 1),
        lambda d: d.replace(b'"version":1', b'"version":1,"version":1'),
        lambda d: d.replace(b'"version":1', b'"version":1.0'),
        lambda d: d.replace(b'{"args"', b'{"env":{},"args"'),
        lambda d: d.replace(b'["--part","0"]', b'["--part","\\u0030"]'),
        lambda d: d.replace(b'"0"]', b'"0"],"env":{}'),
        lambda d: d[:-1],
        lambda d: b"\xff" + d,
        lambda d: b"",
        lambda d: b"null",
        lambda d: b"[" * 100_000,
        lambda d: b"9" * 10_000,
        lambda d: d.replace(b'"--part"', b'"\\ud800"'),
    ],
)
def test_other_spellings_are_refused(change):
    data = example().encode()
    assert change(data) != data
    with pytest.raises(ManifestError):
        Manifest.decode(change(data))


@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode()))
def test_noise_is_refused(noise):
    with pytest.raises(ManifestError):
        Manifest.decode(noise)


def test_manifests_beyond_the_limit_are_not_even_parsed(monkeypatch):
    monkeypatch.setattr("suanli.job.manifest.MAX_BYTES", 100)
    with pytest.raises(ManifestError, match="above the limit of 100"):
        Manifest.decode(example().encode())


def test_small_manifests_that_would_take_ages_to_check_are_refused():
    """8,000 inputs for each of 8,000 tasks fit less than a megabyte."""
    inputs = {f"i{number}": REF for number in range(8_000)}
    manifest = example(inputs=inputs, tasks=(TaskSpec(),) * 8_000)
    with pytest.raises(ManifestError, match="64000000 inputs, folders and variables in all"):
        Manifest.decode(manifest.encode())


def test_folders_on_the_way_count():
    """2,000 paths in two megabytes would be a million folders in the memory of each worker."""
    dirs = tuple(f"{number:04}/" + "/".join("a" * 511) for number in range(2_000))
    with pytest.raises(ManifestError, match="have 1024002 inputs, folders and variables in all"):
        Manifest.decode(example(dirs=dirs).encode())
    inputs = dict.fromkeys(dirs, REF)
    with pytest.raises(ManifestError, match="have 1024000 inputs, folders and variables in all"):
        Manifest.decode(example(inputs=inputs, tasks=(TaskSpec(),)).encode())


def test_too_many_tasks_are_refused_before_they_are_read():
    raw = json.loads(example().encode())
    raw["tasks"] = [{"argv": []}] * (MAX_TASKS + 1)
    with pytest.raises(ManifestError, match="tasks: must be from 1 to 100000"):
        Manifest.decode(canonical.encode(raw))


@pytest.mark.parametrize(
    "changes",
    [
        {"tasks": (TaskSpec(inputs={"a": Ref(b"d" * 32, 4), "b": Ref(b"d" * 32, 5)}),)},
        {"tasks": (TaskSpec(inputs={"a": Ref(b"d" * 32, 4)}), TaskSpec(stdin=Ref(b"d" * 32, 5)))},
        {"inputs": {"shared": Ref(b"d" * 32, 4)}, "tasks": (TaskSpec(stdin=Ref(b"d" * 32, 5)),)},
        {"inputs": {"shared": Ref(REF.digest, 5)}},
        {"gather": Gather("program", module=Ref(REF.digest, 7))},
    ],
)
def test_a_digest_has_one_size(changes):
    with pytest.raises(ManifestError, match="is declared with two sizes"):
        Manifest.decode(example(**changes).encode())


@pytest.mark.parametrize("levels", [33, 500, *range(900, 1_000, 7), 100_000])
def test_deep_nesting_is_no_manifest(levels):
    """Not even where reading just fits into the stack, and writing does not."""
    with pytest.raises(ManifestError, match="nested more than 32 levels"):
        Manifest.decode(b"[" * levels + b"]" * levels)


def test_as_many_levels_as_are_allowed():
    deep = b"[" * 32 + b"]" * 32
    assert canonical.encode(canonical.decode(deep, 100)) == deep
