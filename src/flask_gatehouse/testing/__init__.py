"""For tests of applications that use Gatehouse: people, signed-in clients, mails, a moving clock.

The pytest plugin offers the fixture `gatehouse_tester`, built on the test's own `app` fixture.
Everything here refuses to work on an application that does not run with TESTING.
"""

import secrets
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Final

from flask import Flask, make_response
from flask.testing import FlaskClient
from flask_login import login_user

from flask_gatehouse import rooms, shipped
from flask_gatehouse.core.clock import MovedClock
from flask_gatehouse.core.events import Origin
from flask_gatehouse.db.work import Work
from flask_gatehouse.extension import Gatehouse
from flask_gatehouse.features.login import entering
from flask_gatehouse.features.login.attempts import Attempt, Wish
from flask_gatehouse.features.mail import outbox
from flask_gatehouse.features.passwords import service as passwords
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.models import User
from flask_gatehouse.web.work import EXTENSION

#: A noon on which nothing special happens: tests that do not move the clock stand here.
NOON: Final = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)

#: A password that keeps every rule.
PASSWORD: Final = "seven quiet herons"  # noqa: S105 - of nobody real


def settings_for_tests(home: Path | str) -> dict[str, object]:
    """Return a configuration with cheap hashing, a fresh key, and mails kept in files.

    Args:
        home: folder for the database and the mails; pytest's `tmp_path` is one.
    """
    return {
        "TESTING": True,
        "SECRET_KEY": secrets.token_urlsafe(48),
        "GATEHOUSE_HOME": str(home),
        "GATEHOUSE_PASSWORDS_HASH_TIME": 1,
        "GATEHOUSE_PASSWORDS_HASH_MEMORY": "8KiB",
        # Tests let many come at once to see who wins, and not to see who is turned away.
        "GATEHOUSE_PASSWORDS_HASH_PLACES": 64,
    }


class GatehouseTester:
    """One application under test."""

    def __init__(self, app: Flask) -> None:
        """Stop the clock of `app` at `NOON` and apply the migrations.

        Raises:
            RuntimeError: the application does not run with TESTING.
        """
        if not app.testing:
            msg = (
                "set TESTING before the application is given Gatehouse: this would open a real site"
            )
            raise RuntimeError(msg)
        rooms.load_views(shipped.FEATURES)
        self.app = app
        self._state = app.extensions[EXTENSION]
        self.clock = MovedClock(NOON)
        self._state.house.clock = self.clock
        with app.app_context():
            self._state.works.engine.dispose()
            Gatehouse.upgrade_database()

    def add_user(
        self,
        username: str = "alice",
        *,
        email: str | None = None,
        password: str | None = PASSWORD,
        admin: bool = False,
    ) -> User:
        """Make an account, by the same steps as the command line takes."""
        with self.app.app_context(), self.work() as work:
            user = users.create(work, username=username, email=email, admin=admin)
            if password is not None:
                sealed = passwords.seal(work, password=password, about=(username, email))
                passwords.keep(work, user=user, sealed=sealed)
            user_id = user.id
        with self.app.app_context(), self._state.works.reading() as db:
            return users.by_id(db, user_id)

    def client(self, user: Any = None, **options: Any) -> FlaskClient:  # noqa: ANN401 - a host's own user, the client's options
        """Return a client, signed in as `user` if one is given: ours, or one of the host's."""
        client = self.app.test_client(**options)
        if user is not None:
            self.sign_in(client, user)
        return client

    def sign_in(
        self,
        client: FlaskClient,
        user: Any,  # noqa: ANN401 - a host's own user
        *,
        remember: bool = False,
        methods: tuple[str, ...] = (),
    ) -> None:
        """Sign `client` in through the one door, without a form.

        Args:
            methods: what was proven, as `("password", "totp")`, by an account of ours; otherwise it
                is a sign-in of the host's.

        Raises:
            Held: the account asks for more than that.
        """
        with self.app.test_request_context("/"):
            if methods:
                attempt = Attempt(user_id=user.id, methods=methods)
                entering.enter(lambda _work: attempt, Wish(remember=remember))
            elif not login_user(user, remember=remember):
                msg = "the user is not active"
                raise RuntimeError(msg)
            response = self.app.process_response(make_response(""))
        for header in response.headers.getlist("Set-Cookie"):
            client._update_cookies_from_response("localhost", "/", [header])  # noqa: SLF001 - no public way in

    def work(self) -> AbstractContextManager[Work]:
        """Open a unit of work on the application's database."""
        opened: AbstractContextManager[Work] = self._state.works.begin(Origin())
        return opened

    def mails(self) -> list[EmailMessage]:
        """Deliver what waits, and return every mail in the order of delivery."""
        with self.app.app_context():
            outbox.send_due(self._state.works)
        folder = self._state.house.home / "outbox"
        return [_parsed(path) for path in sorted(folder.glob("*.eml"))]


def _parsed(path: Path) -> EmailMessage:
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    if not isinstance(message, EmailMessage):
        raise TypeError(path)
    return message


__all__ = ["NOON", "PASSWORD", "GatehouseTester", "MovedClock", "Work", "settings_for_tests"]
