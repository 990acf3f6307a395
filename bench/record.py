"""Do the pages of the record and of statistics stay fast? PostgreSQL, a year of very many events.

The events are made by the server itself, in SQL, with all indexes; the numbers of statistics by
Gatehouse's own counting. Each page is fetched by an administrator some times; what is printed is
the middle one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from bench import truth, wsgi
from bench.contenders import USER, gatehouse
from bench.measure import Middle, Running, middle

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flask import Flask

    Tell = Callable[[str], None]

ROUNDS = 15

FILL = """
INSERT INTO gatehouse_audit (at, id, name, outcome, user_id, actor_id, session_id, channel, address,
       agent, request_id, facts, lane, sequence, mac, key_id, personal, salt)
SELECT now() - interval '365 days' + n * (interval '365 days' / {rows}), gen_random_uuid(), name,
       CASE WHEN refused THEN 'refused' ELSE 'done' END, md5('user ' || n * 7919 %% 100000)::uuid,
       md5('user ' || n %% 1000)::uuid, NULL, 'web',
       '10.' || n * 31 %% 251 || '.' || n * 17 %% 241 || '.' || n * 13 %% 11,
       'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
       left(md5('request ' || n), 22),
       CASE name WHEN 'login.succeeded' THEN '{{"methods": ["password"]}}' ELSE '{{}}' END::json,
       CASE WHEN refused THEN 16 ELSE 0 END + n %% 16, n / 16, sha256('mac'), '00000000',
       sha256('personal'), sha256('salt')
FROM (SELECT n, name, name = 'login.refused' AS refused
      FROM (SELECT n, CASE WHEN n %% 100003 = 0 THEN 'users.suspended' WHEN n %% 10 < 6
                           THEN 'login.succeeded' WHEN n %% 10 < 8 THEN 'login.refused'
                           ELSE 'mail.sent' END AS name
            FROM generate_series(1::bigint, {rows}) AS n) AS numbered) AS named
"""
"""Events of a year by a hundred thousand people; a few of them are rare."""

INDEXES = """
SELECT indexname, indexdef FROM pg_indexes
WHERE tablename = 'gatehouse_audit' AND indexname LIKE 'ix%'
"""

PAGES = (
    ("newest", "/admin/record/"),
    ("of a person", "/admin/record/?person={person}"),
    ("of a frequent event", "/admin/record/?event=login.refused"),
    ("of a rare event", "/admin/record/?event=users.suspended"),
    ("of a family", "/admin/record/?event=login"),
    ("from an address", "/admin/record/?address={address}"),
    ("of one day", "/admin/record/?since=200d&until=199d"),
    ("of two filters", "/admin/record/?address={address}&event=users.suspended"),
    ("of a request", "/admin/record/?request=nothing"),
    ("one event", "/admin/record/{place}/"),
    ("the chain", "/admin/record/chain/"),
    ("statistics by hour", "/admin/statistics/?by=hours"),
    ("statistics by day", "/admin/statistics/?by=days"),
    ("first page of the console", "/admin/"),
)


def pages(folder: Path, rows: int, tell: Tell) -> dict[str, Middle]:
    """Return how long each page takes, in nanoseconds.

    Raises:
        ContenderFailedError: there is no server.
    """
    folder.mkdir()
    with truth.database() as url:
        config = {"GATEHOUSE_DATABASE_URL": url}
        gatehouse.prepare(folder, **config)
        app = gatehouse.create_app(folder, **config)
        gatehouse.command(app, "users", "promote", USER)
        try:
            known = _fill(app, rows)
            tell(f"{rows:,} events made")
            gatehouse.command(app, "statistics", "rebuild")
            tell("counted")
            visitor = Running(gatehouse.CONTENDER, app).signed_in()
            return {name: taken(visitor, path.format(**known)) for name, path in PAGES}
        finally:
            app.extensions["gatehouse"].works.engine.dispose()


def taken(visitor: wsgi.Visitor, path: str) -> Middle:
    """Return how long a page takes, of some rounds."""
    bare, _, query = path.partition("?")
    environ = visitor.environ(bare) | {"QUERY_STRING": query}
    return middle(wsgi.timed(visitor.app, environ) for _ in range(ROUNDS))


def _fill(app: Flask, rows: int) -> dict[str, object]:
    """Let the server make the events; return a person, an address and a place among them."""
    from flask_gatehouse.db import patience  # noqa: PLC0415 - as the contender's.
    from flask_gatehouse.features.audit.places import Place  # noqa: PLC0415 - as above.

    engine = app.extensions["gatehouse"].works.engine
    with app.app_context(), engine.begin() as connection, patience.lifted(connection):
        indexes = list(connection.execute(text(INDEXES)))
        # Built at once they take a tenth of the time.
        for name, _ in indexes:
            connection.exec_driver_sql(f"DROP INDEX {name}")
        connection.exec_driver_sql(FILL.format(rows=rows))
        for _, definition in indexes:
            connection.exec_driver_sql(definition)
    with engine.begin() as connection, patience.lifted(connection):
        connection.exec_driver_sql("ANALYZE gatehouse_audit")
        old = text(
            "SELECT at, id, user_id, address FROM gatehouse_audit "
            "WHERE at > now() - interval '90 days' ORDER BY at LIMIT 1"
        )
        row = connection.execute(old).one()
    place = str(Place(row.at, row.id))
    return {"person": row.user_id, "address": row.address, "place": place}
