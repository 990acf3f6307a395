"""Do lists of people stay fast? PostgreSQL, with very many accounts.

The accounts are made by the server itself, in SQL; the indexes of the lists are built when all are
there, each in the words of its migration, and how long that takes is told. Each page is fetched by
an administrator, once cold and then some times; what is printed is the middle one of all.
"""

from __future__ import annotations

from datetime import timedelta
from time import perf_counter_ns
from typing import TYPE_CHECKING

from sqlalchemy import text

from bench import truth
from bench.contenders import USER, gatehouse
from bench.measure import Middle, Running
from bench.record import taken

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from uuid import UUID

    from flask import Flask

    Tell = Callable[[str], None]

ERA = 0x019A_0000_0000
"""Milliseconds since 1970 in the id of the first account."""

LISTS = (
    "ix_gatehouse_user_created_at_id",
    "ix_gatehouse_user_signed_in_at_id",
    "ix_gatehouse_user_active_id",
    "ix_gatehouse_user_is_admin_id",
    "ix_gatehouse_identifier_canonical",
)
"""Indexes that the lists got with a migration of their own."""

ID = "(lpad(to_hex({era} + {n}), 12, '0') || '70008000' || lpad(to_hex({n}), 12, '0'))::uuid"

FILL = (
    # Two of a hundred are out of use: suspended, or put aside, or leaving. A fifth never signed in.
    """
    INSERT INTO gatehouse_user (id, username, email, created_at, updated_at, active,
           deactivated_at, suspended_at, signed_in_at, is_admin, epoch)
    SELECT {id}, name, name || '@' || host || '.example', made, made, n %% 50 > 0,
           CASE WHEN n %% 500 = 0 THEN now() END, CASE WHEN n %% 50 = 0 THEN now() END,
           CASE WHEN n %% 5 > 0 THEN date_trunc('day', now()) - interval '1 day' * (n * 7919 %% 900)
           END, false, 1
    FROM (SELECT n, left(md5('name ' || n), 6) || '.' || n AS name, 'host' || n %% 97 AS host,
                 now() - interval '1000 days' + n * (interval '1000 days' / {rows}) AS made
          FROM generate_series(1::bigint, {rows}) AS n) AS numbered
    """,
    """
    INSERT INTO gatehouse_identifier (kind, canonical, user_id, version, shown, proven_at, added_at)
    SELECT 'username', username, id, 1, NULL, NULL, NULL
    FROM gatehouse_user WHERE username <> '{user}'
    """,
    # One of sixteen never confirmed the address.
    """
    INSERT INTO gatehouse_identifier (kind, canonical, user_id, version, shown, proven_at, added_at)
    SELECT 'email', email, id, 1, email, CASE WHEN left(username, 1) <> '0' THEN created_at END,
           created_at
    FROM gatehouse_user WHERE username <> '{user}'
    """,
    """
    INSERT INTO gatehouse_role (id, name, about, created_at, updated_at)
    VALUES (gen_random_uuid(), 'many', '', now(), now()),
           (gen_random_uuid(), 'few', '', now(), now())
    """,
    """
    INSERT INTO gatehouse_user_role (user_id, role_id, given_at)
    SELECT {id}, role.id, now()
    FROM generate_series(1::bigint, {rows}) AS n
    JOIN gatehouse_role AS role ON n %% 100 = 7 AND (role.name = 'many' OR n %% 100000 = 7)
    """,
    """
    INSERT INTO gatehouse_factor (id, public_id, user_id, method, name, created_at)
    SELECT gen_random_uuid(), left(md5('factor ' || n), 22), {id}, 'totp', 'App', now()
    FROM generate_series(1::bigint, {rows}) AS n WHERE n %% 20 = 3
    """,
    """
    INSERT INTO gatehouse_departure (user_id, epoch, asked_at, erase_at)
    SELECT {id}, 1, now(), now() + interval '30 days'
    FROM generate_series(1::bigint, {rows}) AS n WHERE n %% 5000 = 50
    """,
    """
    INSERT INTO gatehouse_session (digest, public_id, sign_in_id, user_id, kind, epoch, created_at,
           proven_at, last_seen_at, idle_expires_at, expires_at, methods, assurance, agent)
    SELECT sha256(('session ' || n)::bytea), left(md5('public ' || n), 22),
           left(md5('sign-in ' || n), 22), {id}, 0, 1, now(), now(), now(),
           now() + interval '1 day', now() + interval '10 days', 'password', 1, 'Mozilla/5.0'
    FROM generate_series(1::bigint, {rows}) AS n WHERE n %% 10 = 1
    """,
)

PAGES = (
    ("first page", "/admin/people/"),
    ("next page", "/admin/people/?after={next}"),
    ("page deep inside", "/admin/people/?after={deep}"),
    ("page before it", "/admin/people/?before={deep}"),
    ("newest first", "/admin/people/?sort=created"),
    ("newest first, deep inside", "/admin/people/?sort=created&after={deep_created}"),
    ("last signed in", "/admin/people/?sort=seen"),
    ("last signed in, deep inside", "/admin/people/?sort=seen&after={deep_seen}"),
    ("last signed in, who never did", "/admin/people/?sort=seen&after={deep_never}"),
    ("beginning of a name", "/admin/people/?q={beginning}"),
    ("beginning of very many names", "/admin/people/?q=a"),
    ("… newest first", "/admin/people/?q=a&sort=created"),
    ("a whole address", "/admin/people/?q={address}"),
    ("a search that finds nobody", "/admin/people/?q=nobody-at-all"),
    ("anywhere in it", "/admin/people/?q={inside}&anywhere=1"),
    ("anywhere, finds very many", "/admin/people/?q=host7&anywhere=1"),
    ("anywhere, finds nobody", "/admin/people/?q=nobody-at-all&anywhere=1"),
    ("anywhere, two letters", "/admin/people/?q=zz&anywhere=1"),
    ("in use", "/admin/people/?state=active"),
    ("suspended", "/admin/people/?state=suspended"),
    ("suspended, newest first", "/admin/people/?state=suspended&sort=created"),
    ("deactivated", "/admin/people/?state=deactivated"),
    ("leaving", "/admin/people/?state=leaving"),
    ("without a confirmed address", "/admin/people/?state=unconfirmed"),
    ("of a role that many have", "/admin/people/?role=many"),
    ("of a role that few have", "/admin/people/?role=few"),
    ("administrators", "/admin/people/?role=administrator"),
    ("with a second step", "/admin/people/?factor=with"),
    ("without a second step", "/admin/people/?factor=without"),
    ("not seen for 90 days", "/admin/people/?idle=90"),
    ("not seen for 890 days", "/admin/people/?idle=890"),
    ("several filters", "/admin/people/?q=a&state=suspended&factor=without&idle=90"),
    ("one person", "/admin/people/{person}/"),
)


def pages(folder: Path, rows: int, tell: Tell) -> tuple[dict[str, Middle], dict[str, float]]:
    """Return how long each page takes, and the making of each index, in nanoseconds.

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
            built = fill(app, rows)
            tell(f"{rows:,} accounts made")
            known = _known(app, rows)
            visitor = Running(gatehouse.CONTENDER, app).signed_in()
            return {name: taken(visitor, path.format(**known)) for name, path in PAGES}, built
        finally:
            app.extensions["gatehouse"].works.engine.dispose()


def fill(app: Flask, rows: int) -> dict[str, float]:
    """Let the server make the accounts; return how long each index of the lists took."""
    from flask_gatehouse.db import patience  # noqa: PLC0415 - as the contender's.

    engine = app.extensions["gatehouse"].works.engine
    own = ID.format(era=ERA, n="n")
    built = {}
    with app.app_context(), engine.begin() as connection, patience.lifted(connection):
        asked = text("SELECT indexname, indexdef FROM pg_indexes WHERE indexname = ANY (:names)")
        indexes = connection.execute(asked, {"names": list(LISTS)}).all()
        for name, _ in indexes:
            connection.exec_driver_sql(f"DROP INDEX {name}")
        for each in FILL:
            connection.exec_driver_sql(each.format(id=own, rows=rows, user=USER))
    with app.app_context(), engine.begin() as connection, patience.lifted(connection):
        for name, definition in indexes:
            began = perf_counter_ns()
            connection.exec_driver_sql(definition)
            built[name] = float(perf_counter_ns() - began)
    resting = engine.execution_options(isolation_level="AUTOCOMMIT")
    with resting.connect() as connection, patience.lifted(connection):
        # As the server does by itself after a while.
        connection.exec_driver_sql("VACUUM ANALYZE")
    return built


def _known(app: Flask, rows: int) -> dict[str, object]:
    """Return what the addresses of the pages name: people and places among those who were made."""
    from flask_gatehouse.features.people.rules import Place  # noqa: PLC0415 - as above.

    engine = app.extensions["gatehouse"].works.engine
    one = "SELECT id, username, email, created_at FROM gatehouse_user WHERE {} LIMIT 1"
    with engine.connect() as connection:
        middle_one, early = (
            connection.exec_driver_sql(
                one.format(f"username >= '{name}' AND signed_in_at IS NOT NULL ORDER BY username")
            ).one()
            for name in ("8", "0")
        )
        never = connection.exec_driver_sql(
            one.format("signed_in_at IS NULL ORDER BY id") + f" OFFSET {rows // 10}"
        ).one()
    long_ago = middle_one.created_at.replace(hour=0, minute=0) - timedelta(days=1)
    person: UUID = middle_one.id
    return {
        "next": Place("name", 0, early.username, early.id),
        "deep": Place("name", 0, middle_one.username, person),
        "deep_created": Place("created", 0, middle_one.created_at, person),
        "deep_seen": Place("seen", 0, long_ago, person),
        "deep_never": Place("seen", 1, None, never.id),
        "beginning": middle_one.username[:4],
        "inside": middle_one.username[2:7],
        "address": middle_one.email,
        "person": person,
    }
