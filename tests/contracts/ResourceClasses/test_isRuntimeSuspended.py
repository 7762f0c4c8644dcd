from tests.harness.market import CPU, CPU_LARGE, OWNER


def test_tells_each_runtime_of_each_class(world):
    world.market.permitRuntime(CPU, b"\x09" * 32, sender=OWNER)
    world.market.setRuntimeSuspended(CPU, 1, True, sender=OWNER)
    asked = [(CPU, 0), (CPU, 1), (CPU_LARGE, 0), (CPU_LARGE, 1), (9, 0)]
    assert [world.market.isRuntimeSuspended(*one) for one in asked] == [
        False,
        True,
        False,
        False,
        False,
    ]
