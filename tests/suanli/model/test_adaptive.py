"""e^x, and what the controller does as a whole; the contracts' tests compare each step."""

from fractions import Fraction
from math import factorial

from hypothesis import given
from hypothesis import strategies as st

from suanli.model.adaptive import ONE, TERMS, exp

UNIT = Fraction(1, ONE)


def nearly_e_to(x: Fraction) -> Fraction:
    """The series to where it differs from e^x by less than 10^-40 of it."""
    return sum((x**n / factorial(n) for n in range(40)), Fraction(0))


def test_the_error_of_exp_is_below_three_units_for_every_x():
    """Each of its steps, r_n = 1 + ⌊x r_(n+1) / n⌋, multiplies the error by x / n <= 1 / n and adds
    less than a unit; the first leaves out all that follows 1 in 1 + x/21 (1 + x/22 (...))."""
    error = nearly_e_to(Fraction(1)) - sum(Fraction(1, factorial(n)) for n in range(TERMS + 1))
    error *= factorial(TERMS)
    for n in range(TERMS, 0, -1):
        error = error / n + UNIT
    assert 2 * UNIT < error < 3 * UNIT


@given(st.integers(0, ONE) | st.integers(0, 10**9) | st.integers(ONE - 10**9, ONE))
def test_exp_is_never_too_large_and_hardly_too_small(x):
    exact = nearly_e_to(Fraction(x, ONE))
    assert exact - 3 * UNIT < Fraction(exp(x), ONE) <= exact


@given(st.integers(0, ONE - 1))
def test_exp_does_not_fall(x):
    assert exp(x) <= exp(x + 1)


def test_exp_at_its_ends():
    assert exp(0) == ONE
    assert exp(ONE) == 2_718_281_828_459_045_235
