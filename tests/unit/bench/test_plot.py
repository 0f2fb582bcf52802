"""The pictures of the report."""

from xml.etree import ElementTree as ET

import pytest

from bench.plot import HEIGHT, WIDTH, Plot, line_through, svg


def test_a_straight_line_is_found():
    """Points on a line give that line, and a single one a level line."""
    assert line_through([(10, 25), (20, 45), (40, 85)]) == pytest.approx((5, 2))
    assert line_through([(10, 25)]) == (25, 0)


@pytest.mark.parametrize("largest", [0, 0.004, 0.9, 1, 7, 99, 100, 101, 2600])
def test_every_point_lies_within_the_picture(largest):
    """It is XML, and whatever the size of the values, none is cut off."""
    points = [(50, 0.0), (100, largest / 2), (500, largest)]
    picture = ET.fromstring(svg(Plot("name", "MB & <more>", "sessions", {"a <b>": points})))
    dots = picture.findall("{http://www.w3.org/2000/svg}circle")
    assert len(dots) == len(points)
    assert all(0 <= float(dot.get("cx")) <= WIDTH and 0 <= float(dot.get("cy")) <= HEIGHT for dot in dots)
    heights = [float(dot.get("cy")) for dot in dots]
    assert heights == sorted(heights, reverse=True)
