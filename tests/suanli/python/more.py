"""Another module of the requester's own, whose `square` is another one."""

FACTOR = 10
LIMITS = (3, 4)


def square(x):
    return x + FACTOR


def scale(x):
    return square(x) * FACTOR


def twice(x):
    return 2 * x
