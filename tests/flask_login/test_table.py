"""The table of behaviours and its tests say the same."""

import ast
from collections import Counter
from pathlib import Path

import flask_login
import pytest

from tests.flask_login.behaviours import BEHAVIOURS, Behaviour


def ids_of_the_tests() -> list[str]:
    """Return the ids of the rows that have a test, in the order of the tests."""
    tree = ast.parse(Path(__file__).with_name("test_behaviours.py").read_text("utf-8"))
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    return [name.removeprefix("test_") for name in names if name.startswith("test_")]


def test_each_row_has_one_test_and_each_test_has_a_row() -> None:
    assert Counter(row.id for row in BEHAVIOURS) == Counter(ids_of_the_tests())


@pytest.mark.parametrize("row", BEHAVIOURS, ids=lambda row: row.id)
def test_a_row_that_differs_says_why_and_no_other_does(row: Behaviour) -> None:
    assert bool(row.reason) is (row.state == "differs")
    assert row.sentence.endswith(".")
    assert not row.reason or row.reason.endswith(".")


def test_every_public_name_of_flask_login_is_met_by_a_test() -> None:
    folder = Path(__file__).parent
    text = "".join((folder / name).read_text("utf-8") for name in ("test_behaviours.py", "host.py"))
    # Constants are met by the value they give; the manager is made by the extension.
    names = {name for name in flask_login.__all__ if name.islower() and name != "__version__"}
    assert {name for name in names if name not in text} == set()
