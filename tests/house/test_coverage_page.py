"""What is said about known weaknesses is true: tests, table and page name the same checks."""

from pathlib import Path

import pytest

from tools import coverage_page

#: Tests of each check, by file.
Named = dict[str, dict[str, list[str]]]

ROOT = Path(__file__).parents[2]
TABLE = coverage_page.checks()

_WHOLE_SECTIONS = (
    *("2.1", "2.2", "2.3", "2.4", "6.1", "6.2", "6.3", "6.4", "6.5", "6.6"),
    *("7.1", "7.2", "7.3", "7.4", "7.5", "7.6"),
)

#: Chapters of which every check is in the table; of others only those that have tests there.
WHOLE: tuple[str, ...] = (
    "RED",
    "SES",
    "REM",
    "ENU",
    "THR",
    "PWD",
    "CSR",
    "RST",
    "REG",
    "EML",
    "INJ",
    "INP",
    "ADM",
    "LOG",
    "HDR",
    "CFG",
    "FAI",
)
WHOLE += tuple(f"ASVS V{chapter}" for chapter in _WHOLE_SECTIONS)
WHOLE += tuple(f"ASVS V3.{section}" for section in range(1, 8))
WHOLE += ("ASVS V14.3", *(f"ASVS V16.{section}" for section in range(1, 6)))


@pytest.fixture(scope="module")
def named() -> Named:
    """The tests named after a check. To find them, every file of tests is read."""
    return coverage_page.named_tests()


def test_every_check_that_is_held_has_a_test_named_after_it(named: Named) -> None:
    held = {name for name, check in TABLE.items() if check.state == "held"}
    assert held - named.keys() == set()


def test_every_test_named_after_a_check_of_the_table_is_of_one_that_is_held(named: Named) -> None:
    other = {name: TABLE[name].state for name in named.keys() & TABLE.keys()}
    assert {name for name, state in other.items() if state != "held"} == set()


def test_no_test_is_named_after_a_check_that_is_missing_in_a_whole_chapter(named: Named) -> None:
    others = [coverage_page.Check(id=name, title="", state="") for name in named.keys() - TABLE]
    assert [check.id for check in others if check.chapter in WHOLE] == []


def test_every_state_is_explained() -> None:
    for check in TABLE.values():
        assert check.state in coverage_page.STATES, check.id
        assert check.title, check.id
        assert check.reason or check.state == "held", check.id
        assert bool(check.needs) == (check.state == "later"), check.id
        assert bool(check.where) == (check.state == "documented"), check.id
        assert not check.where or (ROOT / check.where).is_file(), check.id
        assert check.reason == "" or check.reason.endswith("."), check.id


def test_the_page_is_what_the_table_and_the_tests_say(named: Named) -> None:
    written = coverage_page.PAGE.read_text("utf-8")
    assert written == coverage_page.page(tests=named), "run .venv/bin/python tools/coverage_page.py"
