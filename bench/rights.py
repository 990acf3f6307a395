"""What somebody may do: the first look of a request, and each check after it.

Nothing is compared with the peers here: it is the part of a page that comes after the look-up of
the session.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from time import process_time_ns
from typing import TYPE_CHECKING

from bench.contenders import PASSWORD, USER, gatehouse
from bench.contenders.gatehouse import MAY
from bench.wsgi import Visitor
from flask_gatehouse import current_user, permissions_required
from flask_gatehouse.features.users.rights import KEPT
from flask_gatehouse.web.flask_login import person
from flask_gatehouse.web.protecting import Policy, Protection

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flask import Flask

    from bench.measure import Effort

OF_CONSOLE = "people.read"
"""A permission of the console: whoever uses it has proven who they are since they have it."""

TIMES = 1_000
"""Checks in one round, which is one request."""

LOOKS = 20
"""First looks in one round."""


@dataclass(frozen=True)
class Checked:
    """Nanoseconds of this process's processor time for one check of each kind, round by round."""

    can: list[float] = field(default_factory=list)
    required: list[float] = field(default_factory=list)
    protected: list[float] = field(default_factory=list)
    console: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)


def checked(folder: Path, effort: Effort, **config: object) -> Checked:
    """Measure on a site of its own, by somebody who has one role with two permissions."""
    folder.mkdir()
    gatehouse.prepare(folder, **config)
    app = gatehouse.create_app(folder, **config)
    found = Checked()
    app.add_url_rule("/checks", "checks", lambda: _check(app, found))
    protection = app.extensions["gatehouse"].house.part(Protection)
    protection.add(Policy(target=app, public=frozenset({"private"}), permissions=(MAY,)))
    for words in (
        ("roles", "make", "readers", MAY, OF_CONSOLE),
        ("roles", "grant", USER, "readers"),
    ):
        gatehouse.command(app, *words)
    visitor = Visitor(app)
    visitor.sign_in("/login/", {"username": USER, "password": PASSWORD})
    for _ in range(effort.rounds):
        answer = visitor.get("/checks")
        assert answer.body == b"checked", answer.status
    app.extensions["gatehouse"].works.engine.dispose()
    return found


def _check(app: Flask, found: Checked) -> str:
    """Take one round, within a request of somebody who is signed in."""
    plain = _view
    guarded = permissions_required(MAY)(_view)
    of_console = permissions_required(OF_CONSOLE)(_view)
    ask_first = app.before_request_funcs[None][0]
    assert current_user.can(MAY)
    assert guarded() == of_console() == plain()
    assert ask_first() is None
    nothing = _each(_view, TIMES)
    found.can.append(_each(lambda: current_user.can(MAY), TIMES) - nothing)
    found.required.append(_each(guarded, TIMES) - nothing)
    found.console.append(_each(of_console, TIMES) - nothing)
    found.protected.append(_each(ask_first, TIMES))
    found.first.append(_each(_look_anew, LOOKS))
    return "checked"


def _view() -> str:
    return ""


def _look_anew() -> None:
    """Ask as a request does that has not asked yet."""
    person().__dict__.pop(KEPT)
    current_user.can(MAY)


def _each(work: Callable[[], object], times: int) -> float:
    began = process_time_ns()
    for _ in range(times):
        work()
    return (process_time_ns() - began) / times
