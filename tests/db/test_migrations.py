"""The shipped migrations: there and back, several at once, and beside a host's own."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from secrets import token_hex
from threading import Barrier
from typing import Any

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.exc import OperationalError

from flask_gatehouse import Gatehouse
from flask_gatehouse.db import patience
from flask_gatehouse.db.base import Base
from flask_gatehouse.db.engine import open_engine, parsed
from flask_gatehouse.db.migrations import runner
from flask_gatehouse.testing import settings_for_tests
from tests import services
from tests.newest import NEWEST

# Flask-Migrate's own template asks Flask-SQLAlchemy by an old name.
pytestmark = pytest.mark.filterwarnings("ignore:'get_engine' is deprecated:DeprecationWarning")

GATEHOUSE = Path(sys.executable).parent / "gatehouse"


@pytest.fixture(params=["sqlite", "postgres", "mariadb"])
def fresh_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without any table, of each kind in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'fresh.db'}"
        return
    service = {"postgres": services.POSTGRES, "mariadb": services.MARIADB}[request.param]
    address = parsed(service.need(), setting="test")
    name = f"gatehouse_fresh_{token_hex(6)}"
    admin = create_engine(address, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield address.set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        force = " WITH (FORCE)" if address.get_backend_name() == "postgresql" else ""
        connection.execute(text(f"DROP DATABASE {name}{force}"))
    admin.dispose()


@pytest.fixture
def engine(fresh_url: str) -> Iterator[Engine]:
    opened = open_engine(parsed(fresh_url, setting="test"))
    yield opened
    opened.dispose()


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names())


def ours() -> set[str]:
    return {table.name for table in Base.metadata.sorted_tables} | {"gatehouse_schema"}


def test_up_down_and_up_again(engine: Engine) -> None:
    assert runner.upgrade(engine) == (None, NEWEST)
    assert tables(engine) == ours()
    assert runner.check(engine).good

    runner.downgrade(engine, "base")
    assert tables(engine) == {"gatehouse_schema"}
    assert runner.check(engine).current is None

    assert runner.upgrade(engine) == (None, NEWEST)
    assert runner.check(engine).good
    with engine.connect() as connection:
        assert connection.execute(
            text("SELECT id, changes FROM gatehouse_administration")
        ).all() == [(1, 0)]


def test_upgrading_twice_changes_nothing(engine: Engine) -> None:
    runner.upgrade(engine)
    assert runner.upgrade(engine) == (NEWEST, NEWEST)


def test_checking_an_empty_database_makes_nothing(engine: Engine) -> None:
    state = runner.check(engine)
    assert (state.current, state.newest, state.good) == (None, NEWEST, False)
    assert len(state.differences) >= len(Base.metadata.sorted_tables)
    assert tables(engine) == set()


def test_the_tables_are_as_the_models_say_down_to_types_and_constraints(engine: Engine) -> None:
    runner.upgrade(engine)
    with engine.connect() as connection:
        options = {
            "include_name": lambda name, kind, _parents: (
                kind != "table" or name in Base.metadata.tables
            ),
            "compare_type": True,
        }
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        ("ALTER TABLE gatehouse_user DROP COLUMN email", "email"),
        ("DROP TABLE gatehouse_throttle", "gatehouse_throttle"),
        ("DROP TABLE gatehouse_password", "gatehouse_password"),
        ("ALTER TABLE gatehouse_user ADD COLUMN shoe_size INTEGER", "shoe_size"),
        ("CREATE TABLE gatehouse_left_over (id INTEGER)", "gatehouse_left_over"),
    ],
)
def test_the_check_notices_what_is_missing_or_too_much(
    engine: Engine, spoil: str, told: str
) -> None:
    runner.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text(spoil))
    state = runner.check(engine)
    assert not state.good
    assert told in " ".join(state.differences)
    assert all(line.isprintable() for line in state.differences)


def test_the_check_notices_a_missing_index(engine: Engine) -> None:
    runner.upgrade(engine)
    on = " ON gatehouse_throttle" if engine.dialect.name in {"mysql", "mariadb"} else ""
    with engine.begin() as connection:
        connection.execute(text(f"DROP INDEX ix_gatehouse_throttle_expires_at{on}"))
    (told,) = runner.check(engine).differences
    assert "ix_gatehouse_throttle_expires_at" in told


def test_an_index_that_the_owner_added_is_left_alone_unless_it_refuses_rows(
    engine: Engine,
) -> None:
    runner.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("CREATE INDEX own_agents ON gatehouse_session (agent)"))
    assert runner.check(engine).good
    with engine.begin() as connection:
        connection.execute(text("CREATE UNIQUE INDEX own_names ON gatehouse_user (username)"))
    (told,) = runner.check(engine).differences
    assert "own_names" in told


def test_tables_of_the_host_are_left_alone(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE book (id INTEGER PRIMARY KEY)"))
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('host')"))
    runner.upgrade(engine)
    assert runner.check(engine).good
    runner.downgrade(engine, "base")
    assert {"book", "alembic_version"} <= tables(engine)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "host"


def test_four_engines_that_upgrade_at_once_upgrade_once(fresh_url: str) -> None:
    engines = [open_engine(parsed(fresh_url, setting="test")) for _ in range(4)]
    gate = Barrier(4)

    def upgrade(engine: Engine) -> tuple[str | None, str | None]:
        gate.wait(timeout=60)
        return runner.upgrade(engine)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(upgrade, engines))

    assert sorted(found, key=str) == [(NEWEST, NEWEST)] * 3 + [(None, NEWEST)]
    assert runner.check(engines[0]).good
    for engine in engines:
        engine.dispose()


def test_processes_that_start_at_once_on_a_fresh_file_all_succeed(tmp_path: Path) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith("GATEHOUSE_")}
    env["GATEHOUSE_HOME"] = str(tmp_path / "home")
    starting = [
        subprocess.Popen(
            [GATEHOUSE, "db", "upgrade"],
            cwd=tmp_path,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    said = [each.communicate(timeout=100) for each in starting]
    assert [each.returncode for each in starting] == [0, 0, 0], said
    assert sorted(out for out, _ in said) == [
        f"The tables are up to date ({NEWEST}).\n",
        f"The tables are up to date ({NEWEST}).\n",
        f"The tables went from nothing to {NEWEST}.\n",
    ]


def test_a_migration_that_fails_leaves_nothing_half_done(tmp_path: Path) -> None:
    engine = open_engine(parsed(f"sqlite:///{tmp_path / 'fresh.db'}", setting="test"))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE gatehouse_user (id INTEGER)"))
    with pytest.raises(Exception, match="gatehouse_user already exists"):
        runner.upgrade(engine)
    assert tables(engine) == {"gatehouse_user"}
    engine.dispose()


# Beside a host's own migrations


def make_host(url: str, home: Path, first: str, include: Callable[..., bool] | None = None) -> Any:
    """Return a host with a table of its own and Flask-Migrate, and its Flask-SQLAlchemy object."""
    app = Flask("host", root_path=str(home))
    app.config.update(settings_for_tests(home), SQLALCHEMY_DATABASE_URI=url)
    db = SQLAlchemy(app)
    options = {} if include is None else {"include_name": include}

    class Book(db.Model):  # type: ignore[name-defined, misc] # Flask-SQLAlchemy makes it at run time
        id = db.Column(db.Integer, primary_key=True)

    if first == "gatehouse":
        Gatehouse(app, db)
        Migrate(app, db, directory=str(home / "migrations"), **options)
    else:
        Migrate(app, db, directory=str(home / "migrations"), **options)
        Gatehouse(app, db)
    return app, db


def begin_migrations(app: Flask, home: Path) -> None:
    """Let Flask-Migrate make its folder; it may not set up logging for the whole process."""
    with app.app_context():
        flask_migrate.init()
    env = home / "migrations" / "env.py"
    env.write_text(env.read_text().replace("fileConfig(config.config_file_name)", ""))


def proposals(app: Flask, home: Path, message: str) -> str:
    """Let Flask-Migrate write a revision; return what it wrote."""
    with app.app_context():
        before = set(home.glob("migrations/versions/*.py"))
        flask_migrate.migrate(message=message)
        (made,) = set(home.glob("migrations/versions/*.py")) - before
    return made.read_text()


@pytest.fixture
def host_url(fresh_url: str) -> str:
    return parsed(fresh_url, setting="test").render_as_string(hide_password=False)


@pytest.mark.parametrize("first", ["gatehouse", "migrate"])
def test_a_host_is_never_told_to_drop_or_make_our_tables(
    host_url: str, tmp_path: Path, first: str
) -> None:
    app, db = make_host(host_url, tmp_path, first)
    with app.app_context():
        Gatehouse.upgrade_database()
    begin_migrations(app, tmp_path)
    written = proposals(app, tmp_path, "first")
    assert "create_table('book'" in written
    assert "gatehouse" not in written
    with app.app_context():
        flask_migrate.upgrade()
        assert {"book"} | ours() <= tables(db.engine)
        assert runner.check(db.engine).good
        db.session.remove()
        db.engine.dispose()


@pytest.mark.parametrize("first", ["gatehouse", "migrate"])
def test_the_hosts_own_choice_of_names_is_still_honoured(tmp_path: Path, first: str) -> None:
    url = f"sqlite:///{tmp_path / 'host.db'}"

    def include(name: str | None, kind: str, _parents: object) -> bool:
        return kind != "table" or name != "legacy"

    app, db = make_host(url, tmp_path, first, include)
    with app.app_context():
        Gatehouse.upgrade_database()
        with db.engine.begin() as connection:
            connection.execute(text("CREATE TABLE legacy (id INTEGER)"))
            connection.execute(text("CREATE TABLE forgotten (id INTEGER)"))
    begin_migrations(app, tmp_path)
    written = proposals(app, tmp_path, "first")
    assert "drop_table('forgotten')" in written
    assert "legacy" not in written
    assert "gatehouse" not in written
    with app.app_context():
        db.engine.dispose()


def test_the_hosts_migrations_and_ours_keep_their_own_books(tmp_path: Path) -> None:
    app, db = make_host(f"sqlite:///{tmp_path / 'host.db'}", tmp_path, "gatehouse")
    with app.app_context():
        Gatehouse.upgrade_database()
    begin_migrations(app, tmp_path)
    proposals(app, tmp_path, "first")
    with app.app_context():
        flask_migrate.upgrade()
        flask_migrate.downgrade()
        assert ours() <= tables(db.engine)
        assert runner.check(db.engine).current == NEWEST
        runner.downgrade(db.engine, "base")
        assert {"alembic_version", "gatehouse_schema"} == tables(db.engine)
        db.engine.dispose()


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
def test_a_statement_has_a_deadline_and_a_migration_has_none(
    kind: str, request: pytest.FixtureRequest
) -> None:
    url = parsed(request.getfixturevalue(f"{kind}_server"), setting="test")
    engine = open_engine(url, patience=1)
    sleep = text("SELECT pg_sleep(3)" if kind == "postgres" else "SELECT SLEEP(3)")
    with engine.connect() as connection, pytest.raises(OperationalError) as raised:
        connection.execute(sleep)
    assert raised.value.connection_invalidated
    with engine.connect() as connection, patience.lifted(connection):
        connection.execute(sleep)
    with engine.connect() as connection, pytest.raises(OperationalError):
        connection.execute(sleep)
    engine.dispose()


def test_the_newest_file_is_the_head_of_the_history(sqlite_url: str) -> None:
    engine = open_engine(parsed(sqlite_url, setting="test"))
    state = runner.check(engine)
    assert state.current == state.newest == runner.newest()
    assert runner.upgrade(engine) == (state.newest, state.newest)


def test_what_is_behind_is_brought_up_though_a_later_start_found_nothing_to_do(
    sqlite_url: str,
) -> None:
    engine = open_engine(parsed(sqlite_url, setting="test"))
    runner.upgrade(engine)
    runner.downgrade(engine, "0017")
    assert runner.upgrade(engine) == ("0017", runner.newest())
    assert runner.check(engine).good
