"""What a room comes with, as it is announced, shown and asked for."""

from __future__ import annotations

import json

import pytest

from suanli.lease.sandbox import Gpu, RoomBounds, SandboxError
from suanli.lease.sandbox.offer import GpuKind, GpuWish, RoomOffer, offer_of, read_offer

GIB = 1 << 30
H100 = GpuKind("NVIDIA H100 80GB HBM3", 80 * GIB, "580.159.04", "13.0", 2)
OFFER = RoomOffer(8000, 24 * GIB, 20 * GIB, 500, False, "Debian 12", (H100,))


def test_an_offer_is_read_as_it_was_announced() -> None:
    assert read_offer(OFFER.text()) == OFFER


def test_gpus_that_are_alike_are_counted() -> None:
    present = [Gpu(name, H100.model, H100.memory, H100.driver, H100.cuda, 0) for name in "abc"]
    bounds = RoomBounds(8, 24 * GIB, 20 * GIB, 500, 60, gpus=("a", "c"))
    assert offer_of(bounds, present, "Debian 12") == OFFER


def test_an_offer_is_shown_in_one_line() -> None:
    assert OFFER.show() == (
        "8 cores, 24 GiB, disk 20 GiB, 2 × NVIDIA H100 80GB HBM3 (80 GiB, CUDA 13.0), no network,"
        " Debian 12"
    )


@pytest.mark.parametrize(
    ("wish", "fits"),
    [
        (None, True),
        (GpuWish(), True),
        (GpuWish("H100"), True),
        (GpuWish("h100 nvidia", 80 * GIB, 2), True),
        (GpuWish("H100", 80 * GIB + 1), False),
        (GpuWish("H200"), False),
        (GpuWish(count=3), False),
    ],
)
def test_gpus_are_matched_by_words_of_the_model_memory_and_number(
    wish: GpuWish | None, fits: bool
) -> None:
    assert OFFER.fits(wish) is fits


def test_a_room_without_gpus_fits_no_wish_for_one() -> None:
    plain = RoomOffer(1000, GIB, GIB, 10, True)
    assert not plain.fits(GpuWish())
    assert plain.fits(None)


@pytest.mark.parametrize(
    "change",
    [
        {"memory": -1},
        {"memory": True},
        {"memory": 1 << 53},
        {"millicores": "8"},
        {"network": 0},
        {"system": "x" * 81},
        {"more": 1},
        {"gpus": {}},
        {"gpus": [{}]},
        {"gpus": [json.loads(OFFER.text())["gpus"][0]] * 17},
        {"gpus": [json.loads(OFFER.text())["gpus"][0] | {"count": -1}]},
    ],
)
def test_what_is_no_offer_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(SandboxError, match="no offer of a room"):
        read_offer(json.dumps(json.loads(OFFER.text()) | change))


@pytest.mark.parametrize("text", ["", "[]", "1", '{"gpus":[]}'])
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(SandboxError, match="no offer of a room"):
        read_offer(text)
