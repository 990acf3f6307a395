"""The private page under other conditions: with a bound to believe in, and on PostgreSQL."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import replace
from secrets import token_hex
from typing import TYPE_CHECKING

import psycopg
from flask import Flask, render_template
from jinja2 import DictLoader
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from bench.contenders import PRIVATE_PAGE, SECRET_KEY, USER, bare, gatehouse
from bench.fresh import ContenderFailedError
from bench.measure import BASE, Running, interleave, page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.measure import Effort, Rounds

ADDRESS = "BENCH_POSTGRES"
"""Variable that names another server than the one of this machine."""

DEFAULT = "postgresql://root@127.0.0.1:5432/postgres"

TRIP = "one round trip"
US = "gatehouse"

PLAIN = """
SELECT session.public_id, session.kind, session.epoch, session.expires_at, account.*
FROM gatehouse_session AS session
LEFT JOIN gatehouse_user AS account ON account.id = session.user_id
WHERE session.digest = %s
"""
"""What somebody would write by hand to know who asks."""


def believing(folder: Path, effort: Effort) -> Rounds:
    """Measure `/private` of a site whose owner lets safe pages believe for some seconds."""
    ours = gatehouse.create_app(folder / US, GATEHOUSE_SESSIONS_CACHE_FOR="10s")
    running = {
        BASE: Running(bare.CONTENDER, bare.create_app(folder / BASE)),
        US: Running(gatehouse.CONTENDER, ours),
    }
    pages = {name: page(one.signed_in(), "/private") for name, one in running.items()}
    return interleave(pages, effort.rounds, effort.batch)


def on_postgres(folder: Path, effort: Effort) -> Rounds:
    """Measure `/private` on PostgreSQL, beside a bare view that asks one question of the driver.

    Raises:
        ContenderFailedError: there is no server.
    """
    with database() as url:
        folder.mkdir()
        config = {"GATEHOUSE_DATABASE_URL": url}
        gatehouse.prepare(folder, **config)
        us = Running(
            replace(gatehouse.CONTENDER, create_app=gatehouse.create_app),
            gatehouse.create_app(folder, **config),
        )
        visitor = us.signed_in()
        with psycopg.connect(url, autocommit=True) as connection:
            asking = Running(bare.CONTENDER, _asking(connection))
            pages = {
                BASE: page(Running(bare.CONTENDER, bare.create_app(folder)).visitor(), "/private"),
                TRIP: page(asking.visitor(), "/private"),
                US: page(visitor, "/private"),
            }
            rounds = interleave(pages, effort.rounds, effort.batch)
        us.app.extensions["gatehouse"].works.engine.dispose()  # type: ignore[attr-defined] # a Flask
    return rounds


def _asking(connection: psycopg.Connection) -> Flask:
    """Make a bare view that asks the database once, by the driver alone."""
    app = Flask(__name__)
    app.config["SECRET_KEY"] = SECRET_KEY
    app.jinja_loader = DictLoader({"private.html": PRIVATE_PAGE})
    cursor = connection.cursor()
    cursor.execute("SELECT digest FROM gatehouse_session")
    (digest,) = cursor.fetchone() or (b"",)

    @app.get("/private")
    def private() -> str:
        cursor.execute(PLAIN, (digest,))
        cursor.fetchone()
        return render_template("private.html", name=USER)

    return app


@contextmanager
def database() -> Iterator[str]:
    """Make an empty database for one measure."""
    address = os.environ.get(ADDRESS, DEFAULT)
    name = f"bench_{token_hex(6)}"
    try:
        server = psycopg.connect(address, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        message = f"PostgreSQL does not answer at {ADDRESS}"
        raise ContenderFailedError(message) from error
    with server:
        server.execute(f"CREATE DATABASE {name}")
        parts = conninfo_to_dict(make_conninfo(address))
        host = f"{parts.get('host', '127.0.0.1')}:{parts.get('port', 5432)}"
        login = parts.get("user", "postgres") + (
            f":{parts['password']}" if "password" in parts else ""
        )
        try:
            yield f"postgresql://{login}@{host}/{name}"
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")
