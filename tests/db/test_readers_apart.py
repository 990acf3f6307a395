"""When a reader answers, when the pool has to, and when nobody can tell."""

import sqlite3
from collections.abc import Iterator

import pytest
from sqlalchemy import (
    Column,
    Engine,
    Executable,
    LargeBinary,
    MetaData,
    String,
    Table,
    bindparam,
    create_engine,
    delete,
    event,
    insert,
    make_url,
    select,
    update,
)

from flask_gatehouse.db.base import Digest
from flask_gatehouse.db.engine import open_engine, parsed
from flask_gatehouse.db.errors import DatabaseUnavailable
from flask_gatehouse.db.readers import PoolHasToAnswer, Question, Readers
from tests.tap import gone, tapped

NAMES = Table(
    "gatehouse_names_of_a_test",
    MetaData(),
    Column("mark", Digest, primary_key=True),
    Column("name", String(8)),
)


class Ask:
    """Readers that are asked for a name, at a time that the test sets."""

    def __init__(self, engine: Engine) -> None:
        self.now = 0.0
        self.opened = 0
        mark = bindparam("mark", type_=LargeBinary())
        statement = select(NAMES.c.name).where(NAMES.c.mark == mark)
        question = Question(engine, statement, "mark", lambda row: str(row[0]))
        self._readers = Readers(engine, question, seconds=lambda: self.now)
        event.listen(engine, "connect", self._count)

    def _count(self, *_: object) -> None:
        self.opened += 1

    def __call__(self) -> str | None:
        return self._readers.one(b"1")


class Breaks:
    """Lets the second question break, so many seconds after it was asked."""

    def __init__(self, ask: Ask, engine: Engine, *, after: float) -> None:
        self._ask, self._engine, self._after = ask, engine, after
        self._questions = 0

    def __call__(self, statement: str) -> None:
        self._questions += NAMES.name in statement
        if self._questions == 2:
            self._questions += 1
            self._ask.now += self._after
            raise gone(self._engine)


def with_names(url: str) -> Iterator[Engine]:
    """Yield an engine of ours, with one row in a table of its own."""
    made = open_engine(parsed(url, setting="test"))
    with made.begin() as connection:
        NAMES.create(connection)
        connection.execute(insert(NAMES).values(mark=b"1", name="alice"))
    yield made
    made.dispose()
    with made.begin() as connection:
        NAMES.drop(connection)
    made.dispose()


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """A database of each kind."""
    yield from with_names(database_url)


@pytest.fixture(params=["postgres_server", "mariadb_server"])
def server(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A database on each kind of server."""
    yield from with_names(request.getfixturevalue(request.param))


def rename(engine: Engine, name: str) -> None:
    with engine.begin() as connection:
        connection.execute(update(NAMES).values(name=name))


#: Ways in which a row comes to be another one, each within one transaction.
CHANGES: dict[str, list[Executable]] = {
    "renamed": [update(NAMES).values(name="bob")],
    "renamed twice": [update(NAMES).values(name="carol"), update(NAMES).values(name="bob")],
    "deleted": [delete(NAMES)],
    "made anew": [delete(NAMES), insert(NAMES).values(mark=b"1", name="bob")],
    "moved away and back": [
        update(NAMES).values(mark=b"2"),
        update(NAMES).values(mark=b"1", name="bob"),
    ],
}


def test_a_connection_that_was_cut_leaves_the_answer_to_the_pool(
    server: Engine,
) -> None:
    ask = Ask(server)
    with tapped(server, Breaks(ask, server, after=0.5)):
        assert ask() == "alice"
        with pytest.raises(PoolHasToAnswer):
            ask()
        assert ask() == "alice"


def test_fai_01_nobody_waits_for_a_silent_server_twice(server: Engine) -> None:
    ask = Ask(server)
    with tapped(server, Breaks(ask, server, after=5)):
        assert ask() == "alice"
        with pytest.raises(DatabaseUnavailable):
            ask()
        assert ask() == "alice"


@pytest.mark.parametrize("url", ["postgresql://127.0.0.1:1/x", "mysql://127.0.0.1:1/x"])
def test_fai_01_where_nothing_can_be_opened_nobody_can_tell(url: str) -> None:
    with pytest.raises(DatabaseUnavailable):
        Ask(open_engine(parsed(url, setting="test")))()


def test_a_reader_of_a_server_is_renewed_after_half_an_hour(server: Engine) -> None:
    ask = Ask(server)
    server.dispose()
    assert ask() == "alice"
    ask.now = 1799
    assert ask() == "alice"
    assert ask.opened == 1
    ask.now = 1800
    assert ask() == "alice"
    assert ask.opened == 2


@pytest.mark.parametrize("how", list(CHANGES))
def test_every_way_in_which_a_row_changes_is_seen(engine: Engine, how: str) -> None:
    ask = Ask(engine)
    assert ask() == "alice"
    assert ask() == "alice"
    with engine.connect() as connection:
        for statement in CHANGES[how]:
            connection.execute(statement)
            # What nobody has committed yet is seen by nobody else. SQLite does not read meanwhile.
            if engine.dialect.name != "sqlite":
                assert ask() == "alice"
        connection.commit()
    assert ask() == (None if how == "deleted" else "bob")
    rename(engine, "alice")
    assert ask() == (None if how == "deleted" else "alice")


def test_on_postgresql_a_row_that_stayed_as_it_was_is_not_read_again(
    postgres_server: str,
) -> None:
    for engine in with_names(postgres_server):
        ask = Ask(engine)
        read: list[str] = []
        with tapped(engine, read.append):
            assert [ask() for _ in range(3)] == ["alice"] * 3
            assert [NAMES.c.name.name in each for each in of_names(read)] == [True, False, False]
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql(f"VACUUM (FREEZE) {NAMES.name}")
                connection.exec_driver_sql(f"VACUUM FULL {NAMES.name}")
            assert ask() == "alice"
            rename(engine, "bob")
            read.clear()
            assert [ask() for _ in range(2)] == ["bob"] * 2
            assert [NAMES.c.name.name in each for each in of_names(read)] == [False, True, False]


def of_names(read: list[str]) -> list[str]:
    """Return the questions of readers among statements, up to what they ask of which rows."""
    asked = [each.partition("FROM")[0] for each in read if each.startswith("SELECT")]
    return [each.replace(NAMES.name, "") for each in asked]


def test_what_a_listener_of_the_host_begins_hides_no_change(engine: Engine) -> None:
    def begins(connection: sqlite3.Connection, _: object) -> None:
        cursor = connection.cursor()
        cursor.execute("BEGIN")
        cursor.execute(str(select(NAMES.c.name)))
        cursor.fetchall()
        cursor.close()

    ask = Ask(engine)
    engine.dispose()
    event.listen(engine, "connect", begins)
    assert ask() == "alice"
    event.remove(engine, "connect", begins)
    rename(engine, "alicia")
    assert ask() == "alicia"


@pytest.mark.parametrize("level", [None, "", "DEFERRED", "IMMEDIATE", "EXCLUSIVE"])
def test_whatever_way_a_host_opens_its_file_no_change_is_hidden(
    sqlite_url: str, level: str | None
) -> None:
    host = create_engine(sqlite_url, connect_args={"isolation_level": level})
    NAMES.create(host)
    with host.begin() as connection:
        connection.execute(insert(NAMES).values(mark=b"1", name="alice"))
    ask = Ask(host)
    assert ask() == "alice"
    rename(host, "alicia")
    assert ask() == "alicia"
    host.dispose()


class Clinging(sqlite3.Connection):
    """Is always in a transaction, as with `autocommit=False` of later Pythons."""

    def cursor(self, *_: object) -> sqlite3.Cursor:  # type: ignore[override]
        if not self.in_transaction:
            self.execute("BEGIN")
        return super().cursor()


def test_a_file_that_is_always_in_a_transaction_is_left_to_the_pool(sqlite_url: str) -> None:
    plain = create_engine(sqlite_url)
    NAMES.create(plain)
    with plain.begin() as connection:
        connection.execute(insert(NAMES).values(mark=b"1", name="alice"))
    ask = Ask(create_engine(sqlite_url, connect_args={"factory": Clinging}))
    for _ in range(2):
        with pytest.raises(PoolHasToAnswer):
            ask()


def test_a_host_that_prepares_each_connection_is_answered_by_its_pool(sqlite_url: str) -> None:
    host = create_engine(sqlite_url)
    assert Readers.fit(host)
    event.listen(host, "checkout", lambda *_: None)
    assert not Readers.fit(host)


def test_a_host_with_a_schema_for_each_customer_is_answered_by_its_pool(sqlite_url: str) -> None:
    host = create_engine(make_url(sqlite_url))
    assert not Readers.fit(host.execution_options(schema_translate_map={None: "customer"}))
