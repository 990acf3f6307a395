"""Second factors: what a passkey and a code of an app cost the server, and a page after them.

Nothing is compared with the peers here: it is the part of a sign-in that comes after the password.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from time import process_time_ns
from typing import TYPE_CHECKING

from bench import measure, wsgi
from bench.contenders import PASSWORD, USER, gatehouse

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from uuid import UUID

    from flask import Flask

    from bench.measure import Effort, Rounds
    from flask_gatehouse.testing.authenticator import Authenticator

ORIGIN = "http://localhost:5000"
"""Where a browser stands that has a passkey of a site on this machine."""

WITH, WITHOUT = "with factors", "without"

PLAIN_USER = "bench-plain"
"""Somebody with a password and nothing else."""

_TOKEN = re.compile(rb'name="csrf_token" value="([^"]+)"')


@dataclass(frozen=True)
class Taken:
    """Nanoseconds of this process's processor time, and the private page of two people."""

    passkey: list[tuple[float, float]]
    """The two requests of a sign-in: what is to be signed, and the answer."""

    code: list[float]
    """Finding a code right, and using it up."""

    pages: Rounds


def taken(folder: Path, effort: Effort) -> Taken:
    """Measure on a site of its own, on SQLite."""
    folder.mkdir()
    gatehouse.prepare(folder)
    # So many in a row are no attack here.
    unlimited = {"GATEHOUSE_PASSKEYS_NETWORK": "1000000/1h"}
    app = gatehouse.create_app(folder, **unlimited)
    create = ("users", "create", PLAIN_USER, "--password-stdin")
    gatehouse.command(app, *create, typed=f"{PASSWORD}\n")
    keeper = _with_passkey(app)
    app_codes = _with_app(app)
    # Of somebody whose browser is known here: no letter tells of it.
    known = wsgi.Visitor(app)
    _sign_in(known, keeper)
    device = {name: value for name, value in known.jar.items() if "device" in name}
    passkey = [
        _sign_in(wsgi.Visitor(app, jar=dict(device)), keeper) for _ in range(effort.sign_ins + 1)
    ][1:]
    code = [app_codes() for _ in range(effort.sign_ins + 1)][1:]
    people = {WITH: wsgi.Visitor(app), WITHOUT: wsgi.Visitor(app)}
    _sign_in(people[WITH], keeper)
    people[WITHOUT].sign_in("/login/", {"username": PLAIN_USER, "password": PASSWORD})
    pages = {name: measure.page(visitor, "/private") for name, visitor in people.items()}
    rounds = measure.interleave(pages, effort.rounds, effort.batch)
    app.extensions["gatehouse"].works.engine.dispose()
    return Taken(passkey, code, rounds)


def _with_passkey(app: Flask) -> Authenticator:
    """Give the user a passkey; return its keeper."""
    from flask_gatehouse.core.events import Origin  # noqa: PLC0415 - as the contender's.
    from flask_gatehouse.features.passkeys import making  # noqa: PLC0415 - as above.
    from flask_gatehouse.features.users import service as users  # noqa: PLC0415 - as above.
    from flask_gatehouse.testing.authenticator import Authenticator  # noqa: PLC0415 - as above.

    works, keeper = app.extensions["gatehouse"].works, Authenticator()
    with app.app_context():
        with works.reading() as db:
            user = users.named(db, USER)
        with works.begin(Origin()) as work:
            asked = making.ask_to_add(work, user=user, bound_to="bench")
        answer = keeper.create(asked, origin=ORIGIN)
        with works.begin(Origin()) as work:
            made = making.made(work, user=user, bound_to="bench", answer=answer)
        with works.begin(Origin()) as work:
            making.keep(work, user=user, fresh=made, name="Phone")
    return keeper


def _with_app(app: Flask) -> Callable[[], float]:
    """Give the user an app; return what takes its next code, and tells the time for that."""
    from flask_gatehouse.core.events import Origin  # noqa: PLC0415 - as above.
    from flask_gatehouse.features.totp import rules, service  # noqa: PLC0415 - as above.
    from flask_gatehouse.features.users import service as users  # noqa: PLC0415 - as above.

    state = app.extensions["gatehouse"]
    with app.app_context():
        with state.works.reading() as db:
            user = users.named(db, USER)
        with state.works.begin(Origin()) as work:
            setup = service.begin(work, user=user, bound_to="bench", name="Phone")
            first = rules.code_at(setup.seed, rules.step_at(work.now))
        with state.works.begin(Origin()) as work:
            service.confirm(
                work, user=user, bound_to="bench", public_id=setup.public_id, code=first
            )
    step = rules.step_at(state.house.clock.now())
    owner: UUID = user.id

    def take() -> float:
        nonlocal step
        step += 1
        code = rules.code_at(setup.seed, step)
        with app.app_context(), state.works.begin(Origin()) as work:
            # The code of each half minute is another one, and none is waited for.
            work.now = datetime.fromtimestamp(step * rules.STEP_SECONDS, UTC)
            began = process_time_ns()
            service.prove(work, user_id=owner, code=code)
            return process_time_ns() - began

    return take


def _sign_in(visitor: wsgi.Visitor, keeper: Authenticator) -> tuple[float, float]:
    """Sign in by a passkey; return the processor time of each request, without the keeper's."""
    form = _TOKEN.search(visitor.get("/login/passkey/").body)
    token = form[1].decode() if form else ""
    began = process_time_ns()
    asked = visitor.post("/login/passkey/options/", {"csrf_token": token})
    wished = process_time_ns() - began
    answer = keeper.get(asked.body.decode(), origin=ORIGIN)
    began = process_time_ns()
    done = visitor.post("/login/passkey/", {"csrf_token": token, "credential": answer})
    answered = process_time_ns() - began
    if done.status not in wsgi.REDIRECTS:
        message = f"a passkey was answered {done.status}"
        raise wsgi.UnexpectedAnswerError(message)
    return wished, answered
