"""GPUs, without one: what the driver's program says is made up, and so are device files."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from suanli.lease.sandbox import Gpu, Room, RoomBounds, SandboxError, gpus
from suanli.lease.sandbox.holder import SHOWN
from tests.suanli.lease.sandbox.conftest import USUAL, run

# Those of this process: what keeps a lease from others is for the whole machine.
FIRST, SECOND = (f"GPU-{os.getpid():08d}-{number}" for number in (1, 2))
MIB = 1 << 20
ONE = """\
<gpu id="00000000:0{number}:00.0"><product_name>NVIDIA H100 80GB HBM3</product_name>
<mig_mode><current_mig>{mig}</current_mig></mig_mode><uuid>{uuid}</uuid>
<minor_number>{number}</minor_number><fb_memory_usage><total>81559 MiB</total>
<used>{used} MiB</used></fb_memory_usage><processes>{processes}</processes></gpu>
"""


class Driver:
    """Made-up `nvidia-smi` and device files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said = folder / "said.xml"
        program = folder / "nvidia-smi"
        program.write_text(f'#!/bin/sh\ncat "{self.said}"\n')
        program.chmod(0o755)
        self.say({})

    def say(self, used: dict[str, tuple[int, str]], mig: str = "Disabled") -> None:
        """MiB and processes of each GPU that is in use."""
        told = ""
        for number, uuid in enumerate((FIRST, SECOND)):
            mib, pid = used.get(uuid, (1, ""))
            processes = f"<process_info><pid>{pid}</pid></process_info>" if pid else ""
            told += ONE.format(number=number, uuid=uuid, used=mib, mig=mig, processes=processes)
        self.said.write_text(
            "<?xml version='1.0' ?><nvidia_smi_log><driver_version>580.159.04</driver_version>"
            f"<cuda_version>13.0</cuda_version>{told}</nvidia_smi_log>"
        )


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Driver]:
    folder = Path(tempfile.mkdtemp(prefix="driver-"))
    folder.chmod(0o755)  # rooms' users may enter it, as they may /dev
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setattr(gpus, "DEVICES", folder)
    yield Driver(folder)
    shutil.rmtree(folder)
    for uuid in (FIRST, SECOND):
        (SHOWN / uuid).unlink(missing_ok=True)


@pytest.fixture
def locks(tmp_path: Path) -> Path:
    return tmp_path / "locks"


def test_gpus_are_read_as_the_driver_tells_them(driver: Driver) -> None:
    driver.say({SECOND: (300, "77")})
    seen = gpus.look()
    first = Gpu(FIRST, "NVIDIA H100 80GB HBM3", 81559 * MIB, "580.159.04", "13.0", 0)
    assert seen[FIRST] == gpus.GpuState(first, MIB, (), False)
    assert (seen[SECOND].used, seen[SECOND].pids) == (300 * MIB, (77,))
    assert gpus.whole(seen) == [first, replace(first, uuid=SECOND, minor=1)]


def test_a_gpu_that_is_split_is_not_sold(driver: Driver) -> None:
    driver.say({}, mig="Enabled")
    assert gpus.whole(gpus.look()) == []
    assert "is split into instances (MIG), which aren't sold" in next(gpus.problems())


def test_a_machine_without_a_driver_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert gpus.look() == {}
    assert list(gpus.problems()) == []


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("echo no devices; exit 9", "nvidia-smi fails: no devices"),
        ("echo 1", "says what can't be read"),
        ("echo '<a><gpu/></a>'", "says what can't be read: 'driver_version'"),
    ],
)
def test_a_driver_that_does_not_answer_is_told(driver: Driver, program: str, why: str) -> None:
    (driver.folder / "nvidia-smi").write_text(f"#!/bin/sh\n{program}\n")
    with pytest.raises(SandboxError, match=why):
        gpus.look()
    assert why in next(gpus.problems())


def test_missing_device_files_are_told(driver: Driver) -> None:
    told = [text for text in gpus.problems() if "is missing: run `nvidia-modprobe" in text]
    named = [text.split()[0].rpartition("/")[2] for text in told]
    assert named == ["nvidiactl", "nvidia-uvm", "nvidia0", "nvidia1"]


def test_a_gpu_is_one_leases_at_a_time(driver: Driver, locks: Path) -> None:
    gpu, lock = gpus.take(FIRST, locks)
    assert gpu.uuid == FIRST
    with pytest.raises(SandboxError, match=f"the GPU {FIRST} is leased already"):
        gpus.take(FIRST, locks)
    _, other = gpus.take(SECOND, locks)
    os.close(lock)
    _, again = gpus.take(FIRST, locks)
    os.close(again)
    os.close(other)


@pytest.mark.parametrize("uuid", ["GPU-00000000-3", "../away", ""])
def test_what_is_no_gpu_here_is_refused(driver: Driver, locks: Path, uuid: str) -> None:
    with pytest.raises(SandboxError, match=r"is no GPU|has no whole GPU"):
        gpus.take(uuid, locks)
    assert not (locks.parent / "away").exists()


@pytest.mark.parametrize(
    ("used", "why"), [((65, ""), "65 MiB of its memory are in use;"), ((1, "9"), "by processes 9")]
)
def test_a_gpu_that_is_not_empty_is_refused_and_free_again(
    driver: Driver, locks: Path, used: tuple[int, str], why: str
) -> None:
    driver.say({FIRST: used})
    with pytest.raises(SandboxError, match=why):
        gpus.take(FIRST, locks, patience=0)
    driver.say({})
    os.close(gpus.take(FIRST, locks)[1])


def test_libraries_are_those_of_the_driver_alone(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (
        "libcuda.so.1",
        "libnvidia-ml.so.1",
        "libnvidia-ml.so",
        "libc.so.6",
        "libcudart.so.12",
    ):
        (driver.folder / name).touch()
    monkeypatch.setattr(gpus, "_library_folder", lambda: driver.folder)
    assert set(gpus.libraries()) == {
        "/run/nvidia/lib/libcuda.so.1",
        "/run/nvidia/lib/libnvidia-ml.so.1",
        "/run/nvidia/bin/nvidia-smi",
    }


def test_a_room_reaches_the_gpus_that_it_leased_and_no_other(
    driver: Driver, opened: Callable[[RoomBounds], Room]
) -> None:
    if os.geteuid() != 0:
        pytest.skip("device files take root")
    for name in ("nvidiactl", "nvidia-uvm", "nvidia0", "nvidia1"):
        os.mknod(driver.folder / name, 0o666 | stat.S_IFCHR, os.makedev(1, 5))  # as /dev/zero
        (driver.folder / name).chmod(0o666)
    leased, without = opened(replace(USUAL, gpus=(SECOND,))), opened(USUAL)
    listing = "cd /dev; ls | grep nvidia; head -c 1 nvidia1 | wc -c"
    assert run(leased, "sh", "-c", listing).out.split() == [
        "nvidia-uvm",
        "nvidia1",
        "nvidiactl",
        "1",
    ]
    assert run(without, "sh", "-c", "ls /dev | grep -c nvidia").out == "0\n"
    with pytest.raises(SandboxError, match="is leased already"):
        opened(replace(USUAL, gpus=(SECOND,)))
    leased.close()
    opened(replace(USUAL, gpus=(FIRST, SECOND)))
