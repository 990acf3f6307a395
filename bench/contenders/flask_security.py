"""Flask-Security (flask-security-too) with its defaults, on Flask-SQLAlchemy."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from flask import Flask, render_template
from flask_security import (
    Security,
    SQLAlchemyUserDatastore,
    UserMixin,
    auth_required,
    current_user,
    hash_password,
    verify_password,
)
from flask_security.models import fsqla_v3
from flask_security.models.fsqla import FsModels
from flask_sqlalchemy import SQLAlchemy
from jinja2 import ChoiceLoader, DictLoader

from bench.contenders import (
    PASSWORD,
    PRIVATE_PAGE,
    PUBLIC_PAGE,
    SECRET_KEY,
    USER,
    Clone,
    Contender,
    Growth,
    Login,
    nth_name,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence
    from pathlib import Path

db = SQLAlchemy()
FsModels.set_db_info(db)  # type: ignore[no-untyped-call]


class Role(db.Model, fsqla_v3.FsRoleMixin):  # type: ignore[name-defined, misc]
    """The role that Flask-Security asks for."""


class User(db.Model, fsqla_v3.FsUserMixin):  # type: ignore[name-defined, misc]
    """The user that Flask-Security asks for."""


class WebAuthn(db.Model, fsqla_v3.FsWebAuthnMixin):  # type: ignore[name-defined, misc]
    """What the user of Flask-Security refers to, whether or not passkeys are on."""


datastore = SQLAlchemyUserDatastore(db, User, Role, WebAuthn)


def address_of(name: str) -> str:
    """Return the e-mail address, which is what people sign in with here."""
    return f"{name}@example.org"


def find_user(name: str) -> UserMixin | None:
    """Find a user as the login form of Flask-Security does."""
    return datastore.find_user(case_insensitive=True, email=address_of(name))


def create_app(folder: Path) -> Flask:
    """Make the application."""
    app = Flask(__name__, instance_path=str(folder))
    app.config["SECRET_KEY"] = SECRET_KEY
    app.config["SECURITY_PASSWORD_SALT"] = SECRET_KEY[::-1]
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{folder / 'flask_security.db'}"
    own = DictLoader({"public.html": PUBLIC_PAGE, "private.html": PRIVATE_PAGE})
    app.jinja_loader = ChoiceLoader([own])
    db.init_app(app)
    Security(app, datastore)
    _add_views(app)
    return app


def _add_views(app: Flask) -> None:
    """Register the pages; the login page is Flask-Security's own."""

    @app.get("/public")
    def public() -> str:
        return render_template("public.html")

    @app.get("/private")
    @auth_required()
    def private() -> str:
        return render_template("private.html", name=current_user.email)


def prepare(folder: Path) -> None:
    """Make the tables and the user."""
    app = create_app(folder)
    with app.app_context():
        db.create_all()
        datastore.create_user(email=address_of(USER), password=hash_password(PASSWORD))
        db.session.commit()


def fill_in(name: str) -> dict[str, str]:
    """Fill in the login form."""
    return {"email": address_of(name), "password": PASSWORD}


def hash_alone(app: Flask) -> Callable[[], bool]:
    """Verify the stored hash, keyed by the site's salt as Flask-Security stores it."""
    with app.app_context():
        user = find_user(USER)
        stored = str(user.password) if user else ""

    def verify() -> bool:
        with app.app_context():
            return bool(verify_password(PASSWORD, stored))

    return verify


def unique(number: int) -> str:
    """Return what looks like the random identifiers of Flask-Security."""
    return hashlib.md5(b"%d" % number, usedforsecurity=False).hexdigest()


def clones(_: sqlite3.Connection) -> Sequence[Clone]:
    """Fill the table of users; sessions are signed cookies and have none."""
    return [
        Clone(
            "user",
            {
                "id": lambda number: number + 2,
                "email": lambda number: address_of(nth_name(number)),
                "fs_uniquifier": unique,
                "fs_webauthn_user_handle": unique,
            },
        ),
    ]


def lookup(app: Flask) -> Callable[[str], bool]:
    """Look a name up as the login form does."""

    def find(name: str) -> bool:
        with app.app_context():
            return find_user(name) is not None

    return find


CONTENDER = Contender(
    label="Flask-Security",
    database="flask_security.db",
    prepare=prepare,
    create_app=create_app,
    login=Login("/login", fill_in, hash_alone),
    growth=Growth(clones, lookup),
)
