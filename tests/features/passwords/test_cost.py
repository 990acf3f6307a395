"""What a sign-in asks the database: every statement of it is paid for by each of them."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from flask_gatehouse.features.users import service as users
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from tests.forms import sign_in, token

#: Statements of a sign-in in a browser that the account knows, and in one that it does not.
KNOWN, UNKNOWN = 13, 17

#: MariaDB does not tell what an UPDATE has made of a row, and is asked for it.
MORE = {"mariadb": 1, "mysql": 1}


@contextmanager
def asked(site: GatehouseTester) -> Iterator[list[str]]:
    """Collect statements, but for what chance decides and for SQLite's BEGIN."""
    engine = site.app.extensions["gatehouse"].works.engine
    sent: list[str] = []

    def note(*told: object) -> None:
        words = " ".join(str(told[2]).split())
        sweeps = "expires_at <=" in words and not words.startswith("INSERT")
        sweeps |= "digest IN" in words
        if not sweeps and not words.startswith("BEGIN"):
            sent.append(words)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


def entering(site: GatehouseTester, client: FlaskClient) -> list[str]:
    """Return what the database is asked between the form and the answer to it."""
    fields = {"username": "alice", "password": PASSWORD, "csrf_token": token(client.get("/login/"))}
    with asked(site) as sent:
        assert client.post("/login/", data=fields).status_code == 303
    return sent


def test_a_sign_in_asks_no_more_than_it_has_to(site: GatehouseTester) -> None:
    site.add_user("alice", email="alice@example.org")
    sign_in(site.client(), "alice")  # what is prepared once is prepared
    client = site.client()
    unknown = entering(site, client)
    client.post("/logout/", data={"csrf_token": token(client.get("/account/"))})
    known = entering(site, client)

    more = MORE.get(site.app.extensions["gatehouse"].works.engine.dialect.name, 0)
    assert (len(known), len(unknown)) == (KNOWN + more, UNKNOWN + more)


def test_a_sign_in_commits_what_was_counted_and_what_it_opened(site: GatehouseTester) -> None:
    """Whatever else is written has to be written with one of the two."""
    site.add_user("alice", email="alice@example.org")
    sign_in(site.client(), "alice")  # what is prepared once is prepared
    engine = site.app.extensions["gatehouse"].works.engine
    client = site.client()
    fields = {"username": "alice", "password": PASSWORD, "csrf_token": token(client.get("/login/"))}
    sent_until: set[int] = set()
    with asked(site) as sent:

        def note(_: object) -> None:
            # A sweep is a transaction of its own, in which nothing else is sent.
            sent_until.add(len(sent))

        event.listen(engine, "commit", note)
        try:
            assert client.post("/login/", data=fields).status_code == 303
        finally:
            event.remove(engine, "commit", note)
    assert len(sent_until) == 2


@pytest.mark.parametrize("database_url", ["postgres", "mariadb"], indirect=True)
def test_an_account_is_held_as_it_is_and_not_as_somebody_remembers_it(
    site: GatehouseTester,
) -> None:
    """SQLite has one writer: nobody changes anything beside a work that has begun."""
    site.add_user("alice")
    with site.work() as work:
        remembered = users.named(work.db, "alice")
        epoch = remembered.epoch
        with work.apart() as other:
            users.suspend(other, user=users.named(other.db, "alice"))
        held = users.hold(work, user_id=remembered.id)

        assert held is remembered
        assert (held.active, held.epoch) == (False, epoch + 1)


def test_to_hold_an_account_loses_nothing_that_was_to_be_written(site: GatehouseTester) -> None:
    site.add_user("alice")
    with site.work() as work, work.db.no_autoflush:
        user = users.named(work.db, "alice")
        user.email = "alice@example.net"
        users.hold(work, user_id=user.id)
    with site.work() as work:
        assert users.named(work.db, "alice").email == "alice@example.net"
