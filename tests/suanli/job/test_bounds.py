from dataclasses import replace

import pytest

from suanli.deployment import local_classes
from suanli.engine import Limits
from suanli.job import Manifest, TaskSpec, excesses
from suanli.protocol import Kind, Ref, ResourceClass

CLASS = ResourceClass("0x" + "11" * 20, Kind.JUDGED, False, 1, 1, 100, 1 << 30, 1, 1 << 28)
FITS = Manifest(
    runtime=bytes(32),
    module=Ref(b"m" * 32, 6),
    tasks=(TaskSpec(), TaskSpec(inputs={"a": Ref(b"a" * 32, 7)}, stdin=Ref(b"s" * 32, 3))),
    limits=Limits(fuel=1_000_000),
)


def limited(**changes):
    return replace(FITS, limits=replace(FITS.limits, **changes))


@pytest.mark.parametrize(
    ("manifest", "what", "asked", "most"),
    [
        (limited(fuel=100_000_001), "units", 101, 100),
        (limited(memory=2 << 30), "bytes of memory", 2 << 30, 1 << 30),
        (
            limited(file_bytes=1 << 28, stdout_bytes=1, stderr_bytes=0),
            "bytes of outputs",
            (1 << 28) + 1,
            1 << 28,
        ),
        (limited(stdout_bytes=1 << 28), "bytes of outputs", 385 << 20, 1 << 28),
        (limited(files=10_001), "files", 10_001, 10_000),
        (replace(FITS, inputs={"b": Ref(b"b" * 32, 1 << 28)}), "bytes of inputs", 0, 1 << 28),
        (replace(FITS, module=Ref(b"m" * 32, 1 << 30)), "bytes of the module", 1 << 30, 128 << 20),
    ],
)
def test_what_a_class_does_not_allow(manifest, what, asked, most):
    (excess,) = excesses(manifest, CLASS)
    assert (excess.what, excess.most) == (what, most)
    assert excess.asked == (asked or (1 << 28) + 10)


def test_outputs_fit_into_one_blob_whatever_the_class_allows():
    manifest = limited(file_bytes=1 << 30, stdout_bytes=0, stderr_bytes=0)
    (excess,) = excesses(manifest, CLASS._replace(max_task_bytes=1 << 40))
    assert excess.most == (1 << 30) - 32


def test_the_default_limits_fit_the_local_classes():
    for local in local_classes():
        if not local.leased:
            named = CLASS._replace(
                max_task_units=local.max_task_units,
                max_task_memory=local.max_task_memory,
                max_task_bytes=local.max_task_bytes,
            )
            assert not list(excesses(replace(FITS, limits=Limits()), named))
