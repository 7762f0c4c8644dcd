"""Functions for tests: what travels, by itself and with what it refers to."""

import functools
import math
import os.path as paths
import random
import re
import time
from collections import Counter
from dataclasses import dataclass
from random import randint

import suanli
from tests.suanli.python import more
from tests.suanli.python.more import LIMITS, twice
from tests.suanli.python.more import scale as scaled

TABLE = {"a": 1}
connection = open  # of the standard library: it is there, too


def square(x):
    return x * x


def add(x, y=1, *, z=0):
    return x + y + z


def fail(x):
    raise ValueError("too small", x)


def deep(x):
    return 1 // x


def uses_helpers(x):
    return [scaled(x), twice(x), LIMITS[0], math.floor(2.5), paths.basename("a/b")]


def even(n):
    return True if n == 0 else odd(n - 1)


def odd(n):
    return False if n == 0 else even(n - 1)


@functools.lru_cache
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def fibonacci(n):
    return fib(n)


class Shape:
    sides = 0

    def area(self):
        return self.sides * square(2)


@dataclass
class Box(Shape):
    sides: int = 6
    name: "Nowhere" = ""  # noqa: F821 - nobody reads it


def area():
    return Box().area()


def remember(x):
    """Would tell of the calls before it, if constants were shared."""
    TABLE[x] = 1
    global seen
    try:
        seen += 1
    except NameError:
        seen = 1
    return len(TABLE), seen


def seeded(n):
    return [random.random(), randint(1, 10**9), n]


def wait(seconds):
    time.sleep(seconds)
    return seconds


def spin(n):
    total = 0
    for i in range(n):
        total += i * i % 7
    return total


def endless(x):
    while x:
        pass
    return x


def leave(how):
    if how == "exit":
        raise SystemExit(3)
    import os

    os._exit(4)


def hungry(n):
    return len(bytearray(n))


def say(text):
    print("said", text)
    return len(text)


def own_error(x):
    raise Trouble("no", x)


class Trouble(Exception):
    pass


def letters(text):
    return Counter(text)


def gives(kind):
    return {"object": object(), "generator": (i for i in "ab"), "box": Box()}[kind]


def order():
    return list({"pear", "apple", "fig", "plum"}), [0.1 + 0.2, 1e22, 1 / 3], list({"b": 1, "a": 2})


def writes_out(x):
    import os

    os.write(1, b"\xf0suanli\nand other noise" * 3)
    return x


@suanli.function()
def marked(x):
    return square(x) + 1


def make_adder(n):
    def adder(x):
        return x + n

    return adder


WORDS = re.compile(r"[a-z']+\n?", re.IGNORECASE)


def words(text):
    return WORDS.findall(text)


def asks():
    return input()


def guarded():
    try:
        import tkinter
    except ImportError:
        return "without"
    return tkinter.__name__


# What can't travel

lock = open(__file__)  # noqa: SIM115 - a live object is wanted
lock.close()
cube = lambda x: x**3  # noqa: E731


def uses_live(x):
    y = x + 1
    return lock.read(y)


def uses_lambda(x):
    return cube(x)


def uses_module(x):
    return more.twice(x)


def imports_other(x):
    import yaml

    return yaml.dump(x)


def generates(n):
    yield n


async def waits(n):
    return n


class Holder:
    def method(self, x):
        return x

    def __call__(self, x):
        return x


holder = Holder()


def uses_holder(x):
    return holder.method(x)


def make_class_user():
    class Local:
        pass

    def user():
        return Local()

    return user


def make_live():
    held = open(__file__)  # noqa: SIM115 - a live object is wanted
    held.close()

    def user():
        return held

    return user


def surroundings():
    import datetime
    import os
    import uuid

    begun = time.time()
    time.sleep(5)
    slept = round(time.time() - begun, 3)
    named = hash("text"), os.urandom(4), str(uuid.uuid4()), random.random()
    return begun, slept, datetime.datetime.now(), named, list({"b", "a", "c"})
