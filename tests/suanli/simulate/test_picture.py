"""Pictures: well-formed, with a line for each price model in each panel, within the frame."""

from dataclasses import replace
from xml.etree import ElementTree

from suanli.simulate import PRICES, PriceChoice, picture, simulate

SVG = "{http://www.w3.org/2000/svg}"


def test_a_line_for_each_price_in_each_panel(calm):
    outcomes = [simulate(calm, PriceChoice(price), 1) for price in PRICES]
    drawn = ElementTree.fromstring(picture(calm, outcomes))
    lines = drawn.findall(f"{SVG}polyline")
    assert len(lines) == 3 * len(PRICES)
    _, _, width, height = map(float, drawn.attrib["viewBox"].split())
    for line in lines:
        points = [tuple(map(float, point.split(","))) for point in line.attrib["points"].split()]
        assert len(points) == calm.steps
        assert all(0 <= x <= width and 0 <= y <= height for x, y in points)
        assert points == sorted(points)
    texts = [text.text for text in drawn.findall(f"{SVG}text")]
    assert {calm.about, *PRICES} <= set(texts)


def test_many_steps_are_drawn_as_averages(calm):
    outcome = simulate(replace(calm, days=16.0), PriceChoice("printed"), 1)
    drawn = ElementTree.fromstring(picture(calm, [outcome]))
    points = drawn.find(f"{SVG}polyline").attrib["points"].split()
    assert len(points) == 256
