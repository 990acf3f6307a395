"""Whether the time of a refused sign-in tells that there is an account."""

from __future__ import annotations

from time import perf_counter_ns
from typing import TYPE_CHECKING

from bench.contenders import PASSWORD, USER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.contenders import Login
    from bench.measure import Effort, Rounds, Running

NOBODY = "nobody-here"
WRONG = "an-entirely-wrong-phrase-71"


def answers(running: Mapping[str, Running], effort: Effort) -> tuple[Rounds, Rounds]:
    """Time wrong passwords for a name that is there and one that is not, in turns.

    Returns:
        Nanoseconds for the known name, and for the unknown one.
    """
    known: Rounds = {}
    unknown: Rounds = {}
    for turn in range(effort.sign_ins + 1):
        for name, one in running.items():
            login = one.contender.login
            if login is None:
                continue
            times = [_refused(one, login, who, turn) for who in (USER, NOBODY)]
            if turn:  # The first turn warms up.
                known.setdefault(name, []).append(times[0])
                unknown.setdefault(name, []).append(times[1])
    return known, unknown


def _refused(one: Running, login: Login, who: str, turn: int) -> float:
    """Send a wrong password from an address of its own; return how long the answer took."""
    side = 1 if who == USER else 2
    visitor = one.visitor(f"10.{side}.{100 + turn // 250}.{turn % 250 + 1}")
    fields = visitor.fill_login(login.path, login.fields(who))
    wrong = {name: WRONG if value == PASSWORD else value for name, value in fields.items()}
    began = perf_counter_ns()
    visitor.post(login.path, wrong)
    return perf_counter_ns() - began
