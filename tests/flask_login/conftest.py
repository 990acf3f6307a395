"""The three sides on which each behaviour is seen."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import flask_login
import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

import flask_gatehouse
from tests.flask_login.host import (
    AsyncFlask,
    Host,
    Names,
    add_loader,
    add_views,
    add_windows,
    make_people,
)

#: Flask-Login alone; Gatehouse under Flask-Login's imports; Gatehouse under its own.
SIDES = ("flask-login", "gatehouse", "gatehouse-names")

_SECRET_KEY = "a key of the tests, and of nothing else"


@dataclass(frozen=True)
class Keeper:
    """What keeps the sign-ins of a host: its manager, and how it is bound to an application."""

    manager: Any
    bind: Callable[[Flask], None]


class Maker(Protocol):
    """Makes what keeps the sign-ins; `late` leaves the binding to whoever asked."""

    def __call__(self, app: Flask, *, late: bool, add_context_processor: bool) -> Keeper: ...


class MakeHost(Protocol):
    """Makes a host application on one side; whatever is not named here is a setting.

    Args:
        late: bind the manager when it is set up, not when it is made.
        loader: have the manager look people up by their id.
        shared: bind the manager of this host as well, instead of making one.
    """

    def __call__(
        self,
        *,
        late: bool = False,
        loader: bool = True,
        shared: Host | None = None,
        add_context_processor: bool = True,
        **config: Any,
    ) -> Host: ...


def _make_flask_login(app: Flask, *, late: bool, add_context_processor: bool) -> Keeper:
    manager = flask_login.LoginManager(None if late else app, add_context_processor)
    return Keeper(manager, manager.init_app)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a database with Gatehouse's tables, to be copied: the migrations run once."""
    path = tmp_path_factory.mktemp("flask-login") / "migrated.db"
    app = Flask(__name__)
    app.config.update(SECRET_KEY=_SECRET_KEY, TESTING=True)
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{path}"
    db = SQLAlchemy(app)
    gatehouse = flask_gatehouse.Gatehouse(app, db, pages=False)
    with app.app_context():
        gatehouse.upgrade_database()
        db.engine.dispose()
    return path


@pytest.fixture
def make_gatehouse(tmp_path: Path, migrated: Path) -> Iterator[Maker]:
    """Make Gatehouse in a host that keeps its own users and pages."""
    opened: list[tuple[Flask, SQLAlchemy]] = []

    def database(app: Flask) -> SQLAlchemy:
        path = shutil.copy(migrated, tmp_path / f"{len(opened)}.db")
        app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{path}"
        db = SQLAlchemy(app)
        opened.append((app, db))
        return db

    def make(app: Flask, *, late: bool, add_context_processor: bool) -> Keeper:
        gatehouse = flask_gatehouse.Gatehouse(pages=False)
        keeper = Keeper(gatehouse.login_manager, lambda app: gatehouse.init_app(app, database(app)))
        if not late:
            keeper.bind(app)
        return keeper

    yield make
    for app, db in opened:
        with app.app_context():
            db.engine.dispose()


@pytest.fixture(params=SIDES)
def make_host(request: pytest.FixtureRequest) -> MakeHost:
    """Make host applications on each side in turn."""
    is_gatehouse = request.param != "flask-login"
    own_names = request.param == "gatehouse-names"
    make_keeper: Maker = (
        request.getfixturevalue("make_gatehouse") if is_gatehouse else _make_flask_login
    )
    keepers: dict[int, Keeper] = {}

    def make(
        *,
        late: bool = False,
        loader: bool = True,
        shared: Host | None = None,
        add_context_processor: bool = True,
        **config: Any,
    ) -> Host:
        app = AsyncFlask(__name__)
        app.config.update(SECRET_KEY=_SECRET_KEY, TESTING=True)
        app.config.update(config)
        keeper = (
            make_keeper(app, late=late, add_context_processor=add_context_processor)
            if shared is None
            else keepers[id(shared)]
        )
        host = Host(
            app=app,
            manager=keeper.manager,
            names=Names(flask_gatehouse, flask_login) if own_names else Names(flask_login),
            is_gatehouse=is_gatehouse,
            own_names=own_names,
            session_cookie="gatehouse" if is_gatehouse else "session",
            remember_cookie="gatehouse_remember" if is_gatehouse else "remember_token",
            people=make_people(),
        )
        keepers[id(host)] = keeper
        if loader:
            add_loader(host)
        add_views(host)
        add_windows(host)
        if late:
            keeper.bind(app)
        return host

    return make


@pytest.fixture
def host(make_host: MakeHost) -> Host:
    """Make a host application with no settings of its own."""
    return make_host()
