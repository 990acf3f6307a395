"""Numbers as shapes. Pure geometry: what is written stands beside the picture, so that it scales.

Two numbers of one moment stand on each other, the first filled and the second hatched, so nobody
has to tell them by colour.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

#: The picture's own units; the page stretches it.
WIDTH: Final = 960
HEIGHT: Final = 180

#: Part of a column that is left empty beside its bar.
_GAP: Final = 0.25

#: What a scale ends with: times a power of ten.
_ENDS: Final = (1, 2, 3, 4, 5, 6, 8, 10)


@dataclass(frozen=True)
class Bar:
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float
    #: Which of the numbers it is, from 0.
    number: int


def top(highest: int) -> int:
    """Return where a scale ends: a round number that is not below, and at least 4."""
    power = 1
    while True:
        for end in _ENDS:
            if end * power >= max(highest, 4):
                return end * power
        power *= 10


def bars(columns: Sequence[Sequence[int]], *, ends_at: int) -> list[Bar]:
    """Return the bars of columns of numbers, each number on the one before it."""
    step = WIDTH / max(len(columns), 1)
    found: list[Bar] = []
    for place, column in enumerate(columns):
        below = 0
        for number, value in enumerate(column):
            height = HEIGHT * value / ends_at
            y = HEIGHT - HEIGHT * below / ends_at - height
            if value:
                x = place * step + step * _GAP / 2
                found.append(
                    Bar(_short(x), _short(y), _short(step * (1 - _GAP)), _short(height), number)
                )
            below += value
    return found


def lines(values: Sequence[int | None], *, ends_at: int) -> list[str]:
    """Return the points of lines through values; where one is missing the line is interrupted."""
    step = WIDTH / max(len(values), 1)
    found: list[list[str]] = [[]]
    for place, value in enumerate(values):
        if value is None:
            found.append([])
            continue
        y = HEIGHT - HEIGHT * value / ends_at
        # As wide as its column, so that a single one is seen as well.
        found[-1] += [f"{_short(at)},{_short(y)}" for at in (place * step, (place + 1) * step)]
    return [" ".join(points) for points in found if points]


def _short(number: float) -> float:
    return round(number, 1)
