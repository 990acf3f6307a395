"""The table at the end: what was aimed at, what was measured, and the verdict.

Only plain numbers come in, so that the arithmetic can be tested without measuring.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

US = "gatehouse"
BASES = ("bare", "tutorial")
LABELS = {
    "bare": "bare view",
    "tutorial": "tutorial",
    "flask_security": "Flask-Sec.",
    "django_auth": "Django",
    "gatehouse": "Gatehouse",
}


@dataclass(frozen=True)
class Reach:
    """The most that Gatehouse's figure may be: `times` another's figure, `plus` a number."""

    plus: float = 0.0
    times: float = 0.0
    of: str | None = None

    def limit(self, values: dict[str, float]) -> float | None:
        """Return the number aimed at; None if it depends on a figure that is missing."""
        if self.of is None:
            return self.plus
        return values[self.of] * self.times + self.plus if self.of in values else None

    def sentence(self, digits: int) -> str:
        """Say it in the table."""
        if self.of is None:
            return f"<= {self.plus:.{digits}f}"
        factor = "" if self.times == 1 else f"{self.times:g} x "
        more = f" + {self.plus:.0f}" if self.plus else ""
        return f"<= {factor}{self.of}{more}"


@dataclass(frozen=True)
class Figure:
    """One line of the table: a measure, and each contender's number."""

    measure: str
    unit: str
    values: dict[str, float]
    digits: int = 0
    reach: Reach | None = None
    spread: float | None = None
    """How far Gatehouse's rounds lie apart: half the distance between the quartiles."""


def verdict(figure: Figure) -> str:
    """Return `ok` or `over`; nothing where there is no aim or nothing to judge."""
    if figure.reach is None or US not in figure.values:
        return ""
    limit = figure.reach.limit(figure.values)
    if limit is None:
        return ""
    return "ok" if figure.values[US] <= limit else "over"


def ratio(figure: Figure, base: str) -> float | None:
    """Return how many times the base's figure Gatehouse's is, where that makes sense."""
    under = figure.values.get(base, 0.0)
    return figure.values[US] / under if under and US in figure.values else None


def table(figures: list[Figure]) -> str:
    """Lay the figures out in columns."""
    lines = [_heading(), *(_line(figure) for figure in figures)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    laid = [_laid(line, widths) for line in lines]
    return "\n".join([laid[0], "-" * len(laid[0]), *laid[1:]])


def _heading() -> list[str]:
    """Return the names of the columns."""
    bases = [f"/ {base}" for base in BASES]
    return ["measure", "unit", "aim", *LABELS.values(), "+-", *bases, "verdict"]


def _line(figure: Figure) -> list[str]:
    """Return one line's cells."""
    numbers = [_number(figure.values.get(name), figure.digits) for name in LABELS]
    ratios = [_number(ratio(figure, base), 2) for base in BASES]
    aim = figure.reach.sentence(figure.digits) if figure.reach else ""
    spread = _number(figure.spread, figure.digits)
    return [figure.measure, figure.unit, aim, *numbers, spread, *ratios, verdict(figure)]


def _number(value: float | None, digits: int) -> str:
    """Return a number as text, or nothing for none."""
    return "" if value is None else f"{value:,.{digits}f}"


def _laid(cells: list[str], widths: list[int]) -> str:
    """Align the words to the left and the numbers to the right."""
    words = 3
    padded = [
        cell.ljust(width) if place < words else cell.rjust(width)
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(padded).rstrip()


def as_data(figures: list[Figure]) -> list[dict[str, Any]]:
    """Return what the table says as plain data, for a file."""
    return [
        {
            "measure": figure.measure,
            "unit": figure.unit,
            "values": figure.values,
            "spread": figure.spread,
            "limit": figure.reach.limit(figure.values) if figure.reach else None,
            "ratios": {base: ratio(figure, base) for base in BASES},
            "verdict": verdict(figure) or None,
        }
        for figure in figures
    ]
