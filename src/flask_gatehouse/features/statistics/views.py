"""Pictures in the console."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import render_template, request
from flask.typing import ResponseReturnValue

from flask_gatehouse.features.statistics import pictures, rules, service
from flask_gatehouse.features.statistics.pictures import Bar
from flask_gatehouse.features.statistics.rules import HOUR
from flask_gatehouse.features.statistics.service import Look, Series
from flask_gatehouse.web.work import house, works

#: Pictures over time, in this order.
_TITLES: Final = {
    "sign-ins": "Signing in",
    "limits": "Attempts that had to wait",
    "letters": "Letters",
    "sessions": "Open sessions",
}


@dataclass(frozen=True)
class _Picture:
    """A picture over time, with the numbers that it shows."""

    key: str
    title: str
    about: str
    series: Sequence[Series]
    top: int
    bars: list[Bar]
    lines: list[str]
    rows: list[tuple[str, list[int | None]]]


@dataclass(frozen=True)
class _Amounts:
    """A picture of amounts beside each other."""

    key: str
    title: str
    empty: str
    rows: list[tuple[str, int]]
    top: int


def index() -> ResponseReturnValue:
    """Show what happened by hour or by day."""
    span = rules.span(request.args.get("by"))
    with works().reading() as db:
        look = service.look(db, now=house().clock.now(), span=span)
    return render_template(
        "gatehouse/statistics/index.html",
        look=look,
        spans=rules.SPANS,
        pictures=[_picture(look, key) for key in _TITLES],
        amounts=_amounts(look),
        ends=[_written(look, look.buckets[n]) for n in (0, len(look.buckets) // 2, -1)],
        width=pictures.WIDTH,
        height=pictures.HEIGHT,
    )


def _picture(look: Look, key: str) -> _Picture:
    series = [each for each in look.series if each.picture == key]
    columns = list(zip(*(each.values for each in series), strict=True))
    gauge = key == "sessions"
    sums = [sum(value or 0 for value in column) for column in columns]
    top = pictures.top(max(sums, default=0))
    known = [value for value in series[0].values if value is not None]
    if gauge:
        about = f"Last {known[-1]:,}, at most {max(known):,}." if known else "Not looked at yet."
    else:
        about = ", ".join(f"{each.label}: {each.total:,}" for each in series) + "."
    return _Picture(
        key=key,
        title=_TITLES[key],
        about=about,
        series=series,
        top=top,
        bars=[] if gauge else pictures.bars([_whole(column) for column in columns], ends_at=top),
        lines=pictures.lines(series[0].values, ends_at=top) if gauge else [],
        rows=[
            (_written(look, bucket), list(column))
            for bucket, column in reversed(list(zip(look.buckets, columns, strict=True)))
        ],
    )


def _whole(column: Sequence[int | None]) -> list[int]:
    return [value or 0 for value in column]


def _amounts(look: Look) -> list[_Amounts]:
    return [
        _beside("ways", "Ways in", "Nobody signed in.", look.ways),
        _beside("reached", "Limits that were reached", "No limit was reached.", look.limits),
        _beside(
            "factors", "Second steps that people have", "Nobody has one.", service.factors(look)
        ),
    ]


def _beside(key: str, title: str, empty: str, rows: list[tuple[str, int]]) -> _Amounts:
    return _Amounts(key, title, empty, rows, max((number for _, number in rows), default=1) or 1)


def _written(look: Look, bucket: datetime) -> str:
    day = f"{bucket.day} {bucket:%B}"
    return f"{day}, {bucket:%H:%M}" if look.span.hours == HOUR else day
