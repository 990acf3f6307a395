"""The benchmark's report: verdicts and ratios from numbers that were made up."""

import pytest

from bench.report import Figure, Reach, as_data, ratio, table, verdict

VALUES = {"bare": 10.0, "tutorial": 40.0, "gatehouse": 20.0}


def figure(reach: Reach | None, values: dict[str, float] | None = None) -> Figure:
    return Figure("a page", "µs", VALUES if values is None else values, reach=reach)


@pytest.mark.parametrize(
    ("reach", "expected"),
    [
        (Reach(plus=20), "ok"),
        (Reach(plus=19.9), "over"),
        (Reach(times=2, of="bare"), "ok"),
        (Reach(times=1.9, of="bare"), "over"),
        (Reach(times=1, of="bare", plus=10), "ok"),
        (Reach(times=1, of="bare", plus=9), "over"),
        (Reach(), "over"),
        (None, ""),
    ],
)
def test_a_figure_is_judged_by_its_reach(reach: Reach | None, expected: str) -> None:
    assert verdict(figure(reach)) == expected


def test_nothing_is_judged_that_was_not_measured() -> None:
    without_us = figure(Reach(plus=20), {"bare": 10.0})
    without_the_other = figure(Reach(times=1, of="tutorial"), {"gatehouse": 20.0})

    assert [verdict(without_us), verdict(without_the_other)] == ["", ""]


def test_ratios_are_left_out_where_there_is_nothing_to_divide_by() -> None:
    nothing_added = figure(None, {"bare": 0.0, "gatehouse": 20.0})

    assert ratio(figure(None), "tutorial") == 0.5
    assert ratio(nothing_added, "bare") is None
    assert ratio(nothing_added, "tutorial") is None


def test_the_table_shows_aim_figures_ratios_and_verdict() -> None:
    heading, _, line = table([figure(Reach(times=1, of="tutorial", plus=5))]).splitlines()

    assert " ".join(line.split()) == "a page µs <= tutorial + 5 10 40 20 2.00 0.50 ok"
    assert line.index("ok") > heading.index("/ tutorial")


def test_the_file_says_what_the_table_says() -> None:
    (data,) = as_data([figure(Reach(times=1, of="tutorial", plus=5))])

    assert data["limit"] == 45
    assert data["ratios"] == {"bare": 2.0, "tutorial": 0.5}
    assert data["verdict"] == "ok"
