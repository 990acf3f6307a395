"""A host application, made once with Flask-Login alone and once with Gatehouse behind its names."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from types import ModuleType
from typing import Any, TypeVar

import flask_login
from blinker import NamedSignal
from flask import Flask, get_flashed_messages, render_template_string, request
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

_Result = TypeVar("_Result")

#: Who a page sees when nobody is signed in.
NOBODY = "nobody"


class Names:
    """The names of Flask-Login, as a host imports them.

    Looked up in each package in turn, so that a name which Gatehouse does not hand on is
    imported from Flask-Login, as a host would do.
    """

    def __init__(self, *packages: ModuleType) -> None:
        self._packages = packages

    def __getattr__(self, name: str) -> Any:
        for package in self._packages:
            if hasattr(package, name):
                return getattr(package, name)
        raise AttributeError(name)


class Person(flask_login.UserMixin):  # type: ignore[misc] # Flask-Login ships no types
    """A user as a host keeps one: any object with the four members that Flask-Login asks for."""

    def __init__(self, name: str, *, active: bool = True) -> None:
        self.id = name
        self.name = name
        self.active = active

    @property
    def is_active(self) -> bool:
        return self.active

    def get_badge(self) -> str:
        return f"badge of {self.name}"


class AsyncFlask(Flask):
    """Runs async views on the event loop of the standard library."""

    def async_to_sync(
        self, func: Callable[..., Coroutine[Any, Any, _Result]]
    ) -> Callable[..., _Result]:
        return lambda *args, **kwargs: asyncio.run(func(*args, **kwargs))


@dataclass
class Host:
    """One application under test, and what differs between the two makers."""

    app: Flask
    manager: Any
    names: Any
    is_gatehouse: bool
    #: Whether the names are imported from Gatehouse.
    own_names: bool
    session_cookie: str
    remember_cookie: str
    people: dict[str, Person] = field(default_factory=dict)

    def either(self, *, flask_login: _Result, gatehouse: _Result) -> _Result:
        """Pick what this side is expected to answer, where the sides differ on purpose."""
        return gatehouse if self.is_gatehouse else flask_login

    def client(self) -> FlaskClient:
        """Open a browser without cookies."""
        return self.app.test_client()

    def sign_in(self, client: FlaskClient, name: str = "ada", **how: Any) -> TestResponse:
        """Have the host's own view call ``login_user(person, **how)``; a duration is in seconds."""
        return client.post(f"/in/{name}", json=how)

    def signed_in(self, name: str = "ada", **how: Any) -> FlaskClient:
        """Open a browser in which somebody has just signed in."""
        client = self.client()
        self.sign_in(client, name, **how)
        return client

    def came_back(self, name: str = "ada") -> FlaskClient:
        """Open a browser that was closed since: only the remember cookie is left."""
        client = self.signed_in(name, remember=True)
        client.delete_cookie(self.session_cookie)
        return client

    def who(self, client: FlaskClient) -> str:
        """Ask a page who is here."""
        return client.get("/who").text

    def is_fresh(self, client: FlaskClient) -> bool:
        """Ask a page, which looks at the user first, whether the sign-in is fresh."""
        return client.get("/seen-fresh").text == "True"

    def messages(self, client: FlaskClient) -> list[list[str]]:
        """Read the flashed messages, as pairs of category and text."""
        messages: list[list[str]] | None = client.get("/messages").json
        assert messages is not None
        return messages

    @contextmanager
    def hearing(self, signal: NamedSignal) -> Iterator[list[dict[str, Any]]]:
        """Collect what a signal of this application carries while the block runs."""
        heard: list[dict[str, Any]] = []

        def hear(_sender: Flask, **facts: Any) -> None:
            heard.append(facts)

        with signal.connected_to(hear, self.app):
            yield heard


def add_loader(host: Host) -> None:
    """Have the manager look people up by their id."""

    @host.manager.user_loader  # type: ignore[untyped-decorator] # Flask-Login ships no types
    def load(user_id: str) -> Person | None:
        return host.people.get(user_id)


def add_views(host: Host) -> None:
    """Add the pages that nearly every test looks at."""
    app, names = host.app, host.names
    app.add_url_rule("/sign-in", "sign_in", lambda: "sign in here")
    app.add_url_rule("/out", "out", lambda: str(names.logout_user()))
    app.add_url_rule("/confirm", "confirm", lambda: str(names.confirm_login()), methods=["POST"])

    @app.post("/in/<name>")
    def come_in(name: str) -> str:
        how: dict[str, Any] = request.get_json()
        if "duration" in how:
            how["duration"] = timedelta(seconds=how["duration"])
        return str(names.login_user(host.people[name], **how))

    @app.get("/members")
    @names.login_required  # type: ignore[untyped-decorator] # Flask-Login ships no types
    def members() -> str:
        return "for members"

    @app.get("/vault")
    @names.fresh_login_required  # type: ignore[untyped-decorator] # Flask-Login ships no types
    def vault() -> str:
        return "for the freshly signed in"


def add_windows(host: Host) -> None:
    """Add the pages through which a test looks at what the application sees."""
    app, names = host.app, host.names

    def seen_fresh() -> str:
        return str(names.current_user.is_authenticated and names.login_fresh())

    template = "{{ (current_user or {}).name or 'nobody' }}"
    app.add_url_rule("/who", "who", lambda: str(getattr(names.current_user, "name", NOBODY)))
    app.add_url_rule("/fresh", "fresh", lambda: str(names.login_fresh()))
    app.add_url_rule("/seen-fresh", "seen_fresh", seen_fresh)
    app.add_url_rule("/page", "page", lambda: render_template_string(template))
    app.add_url_rule("/quiet", "quiet", lambda: "needs nobody")
    app.add_url_rule("/messages", "messages", lambda: get_flashed_messages(with_categories=True))


def make_people() -> dict[str, Person]:
    """Name who the hosts know: two who may come in, and one who was sent away."""
    known = (Person("ada"), Person("grace"), Person("mallory", active=False))
    return {person.name: person for person in known}
