"""A job's runtime: that of its file, or the usual one; placed with miners that run it, only."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest

from suanli.chain import Contract, Sender
from suanli.client import NobodyTakes, Options, UnsuitableJob
from suanli.client.runtimes import chosen, ranked
from suanli.engine import EngineUnavailable, Runtime, runtime, runtime_id
from suanli.engine.host import InstalledRuntime
from suanli.job import Manifest
from suanli.protocol import SALT_BYTES, Announcement
from tests.harness.doubles import FakeExecutor
from tests.harness.local_chain import CHEAP, DEPLOYER
from tests.harness.older import Older
from tests.suanli.client.conftest import BOB, CAROL, World, finish, program

FAST, PORTABLE = runtime_id(Runtime.FAST), runtime_id(Runtime.PORTABLE)


def permit_portable(world: World) -> None:
    owner_sends(world, "permitRuntime", 1, PORTABLE)


def suspend(world: World, place: int, suspended: bool = True) -> None:
    owner_sends(world, "setRuntimeSuspended", 1, place, suspended)


def owner_sends(world: World, name: str, *arguments: object) -> None:
    contract = Contract(world.node, world.market.address, "ComputeMarket")
    owner = Sender(world.node, DEPLOYER, fees=CHEAP, poll_every=0.01)
    owner.execute(contract.call(name, *arguments))


def job(world: World, runtime: str) -> Path:
    path = world.job(2)
    path.write_text(f'runtime = "{runtime}"\n' + path.read_text())
    return path


def test_each_goes_to_the_miner_that_runs_it(world: World) -> None:
    permit_portable(world)
    world.miner(BOB).join(runtimes=(FAST,))
    world.miner(CAROL).join(runtimes=(PORTABLE,))
    asked: list[bytes] = []

    def executor(runtime: bytes) -> nullcontext[FakeExecutor]:
        asked.append(runtime)
        return nullcontext(FakeExecutor(program=program))

    client = world.client(runtime=None, executor=executor)
    for named, id_, miner in (("fast", FAST, BOB), ("portable", PORTABLE, CAROL)):
        run = client.submit(job(world, named), budget="1000", audit=1)
        finish(run)
        (deal,) = client.run(run.id).ledger.deals()
        assert deal.miner == miner.address
        assert world.market.runtimes_of(1)[deal.request.runtime] == id_
        blob = world.blobs().get(deal.request.job)
        assert Manifest.decode(blob[SALT_BYTES:]).runtime == id_
        assert set(asked) == {id_}, "what is run again is run by it"
        asked.clear()


def test_who_does_not_run_it_is_told(world: World) -> None:
    permit_portable(world)
    world.miner(BOB).join(runtimes=(FAST,))
    with pytest.raises(NobodyTakes) as caught:
        finish(world.client(runtime=None).submit(job(world, "portable"), budget="1000"))
    (reason,) = caught.value.reasons
    assert reason.endswith("runtime: it runs fast only, the job is for portable")


def test_a_runtime_that_the_class_does_not_permit(world: World) -> None:
    with pytest.raises(UnsuitableJob) as refused:
        world.client(runtime=None).submit(job(world, "portable"), budget="1000")
    assert str(refused.value) == (
        'class 1 does not permit the runtime portable: write runtime = "fast" into the job file'
    )
    with pytest.raises(UnsuitableJob) as refused:
        world.client(runtime=b"\x77" * 32).submit(world.job(2), budget="1000")
    assert str(refused.value) == (
        "class 1 does not permit the runtime 7777777777777777…: use a version of suanli that it"
        " permits, or another --resource"
    )
    assert world.spent() == 0


def test_without_a_word_it_is_one_that_the_class_permits(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    client = world.client(runtime=None)
    assert client.quote(world.job(2), seconds=0).job.manifest.runtime == FAST
    monkeypatch.setattr(client.market, "runtimes_of", lambda number: (PORTABLE,))
    assert world.client(runtime=None).quote(world.job(2), seconds=0).job.manifest.runtime == (
        PORTABLE
    )
    monkeypatch.undo()
    permit_portable(world)
    old = tmp_path / "cpuinfo"
    old.write_text("flags : fpu sse2 avx\n")
    monkeypatch.setattr(runtime, "_CPUINFO", old)
    quote = world.client(runtime=None).quote(world.job(2), seconds=0)
    assert quote.job.manifest.runtime == PORTABLE, "what this machine can run again"


# Of several versions


OLD, NEW = b"\x0d" * 32, b"\x0e" * 32
GROUPS = [
    [InstalledRuntime(id_, name, (), ()) for id_, name in zip(ids, Runtime, strict=True)]
    for ids in ((FAST, PORTABLE), (OLD, NEW))
]


def announced(*runtimes: bytes) -> Announcement:
    return Announcement(
        miner=BOB.address,
        resource=1,
        runtimes=runtimes,
        units_per_second=5,
        workers=1,
        margin=150,
        reserve=15,
        public_key=b"\x02" * 33,
        issued=0,
        valid_until=1,
    )


@pytest.mark.parametrize(
    ("available", "ids"),
    [
        ({0: FAST, 1: PORTABLE}, [FAST, PORTABLE]),
        ({0: OLD, 1: FAST, 2: PORTABLE}, [FAST, PORTABLE, OLD]),
        ({0: FAST, 1: PORTABLE, 4: OLD}, [OLD, FAST, PORTABLE]),  # this version is the former one
        ({0: b"\x77" * 32, 3: PORTABLE}, [PORTABLE]),
        ({0: b"\x77" * 32}, []),
    ],
)
def test_the_version_that_a_class_permitted_last_is_the_newest(
    available: dict[int, bytes], ids: list[bytes]
) -> None:
    assert ranked(GROUPS, available) == ids


@pytest.mark.parametrize(
    ("serving", "one"),
    [
        ([], NEW),  # nobody says
        ([(FAST,)], FAST),
        ([(FAST,), (FAST,), (FAST, NEW)], FAST),  # one of three
        ([(FAST,), (FAST, NEW)], NEW),  # one of two
        ([(FAST,), (FAST, NEW), (NEW, OLD), (OLD, FAST)], NEW),
        ([(b"\x77" * 32,)] * 5, NEW),  # what nobody here can run does not count
    ],
)
def test_the_newest_that_enough_miners_serve_is_chosen(
    serving: list[tuple[bytes, ...]], one: bytes
) -> None:
    assert chosen([NEW, FAST, OLD], [announced(*ids) for ids in serving]) == one


def test_a_job_goes_by_a_former_version_until_enough_miners_have_this_one(
    world: World, former: Older, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its runtimes are here, in a package that is really installed. A name in a file is that of
    either version."""
    monkeypatch.setenv("SUANLI_RUNTIMES", str(former.root))
    theirs = {one.runtime: one.id for one in former.package.runtimes}[Runtime.FAST]
    client = world.client(runtime=None)
    assert client.usual_runtime(Options()) == FAST
    owner_sends(world, "permitRuntime", 1, theirs)
    miners = [world.miner(BOB), world.miner(CAROL)]
    for miner in miners:
        miner.join(runtimes=(FAST,))
    assert client.usual_runtime(Options()) == FAST, "nobody serves the one permitted last"
    miners[0].tell(runtimes=(FAST, theirs), issued=world.node.head().time + 1)
    assert client.usual_runtime(Options()) == theirs
    quote = client.quote(job(world, "fast"), seconds=0)
    assert quote.job.manifest.runtime == theirs
    monkeypatch.setenv("SUANLI_RUNTIMES", str(former.root / "nothing"))
    assert world.client(runtime=None).usual_runtime(Options()) == FAST, "what it can check alone"


def test_a_suspended_runtime_is_not_asked_for(world: World) -> None:
    """The market would refuse to confirm it: another one is used where there is one."""
    place = world.market.runtimes_of(1).index(FAST)
    suspend(world, place)
    with pytest.raises(UnsuitableJob) as refused:
        world.client(runtime=None).submit(job(world, "fast"), budget="1000")
    said = "class 1 makes no new deals with the runtime fast, which a vote has suspended: "
    assert str(refused.value) == (
        said + "use a version of suanli that it permits, or another --resource"
    )
    permit_portable(world)
    with pytest.raises(UnsuitableJob) as refused:
        world.client(runtime=None).submit(job(world, "fast"), budget="1000")
    assert str(refused.value) == said + 'write runtime = "portable" into the job file'
    assert world.spent() == 0
    client = world.client(runtime=None)
    assert client.quote(world.job(2), seconds=0).job.manifest.runtime == PORTABLE
    suspend(world, place, suspended=False)
    assert client.quote(world.job(2), seconds=0).job.manifest.runtime == FAST


def test_what_can_not_be_run_again_here_is_not_bought(world: World) -> None:
    def executor(runtime: bytes) -> nullcontext[FakeExecutor]:
        raise EngineUnavailable("this processor lacks avx2")

    world.miner(BOB).join(runtimes=(FAST,))
    client = world.client(runtime=None, executor=executor)
    with pytest.raises(UnsuitableJob) as refused:
        client.submit(job(world, "fast"), budget="1000")
    assert str(refused.value) == ("its results can't be checked here: this processor lacks avx2")
    assert (client.jobs(), world.spent()) == ([], 0)
