"""Gatehouse in a host application, as its documentation shows it, with its defaults."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from flask import Flask, render_template
from jinja2 import DictLoader

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
from flask_gatehouse import Gatehouse, current_user, login_required

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

DATABASE = "gatehouse.db"
MAY = "reports.read"
"""A permission of the application."""

ERA = 0x019A_0000_0000
"""Milliseconds since 1970 of the first account of a filling."""


def create_app(folder: Path, **config: object) -> Flask:
    """Make the application; `config` goes before what is the same in every measure."""
    app = Flask(__name__, instance_path=str(folder))
    app.config["SECRET_KEY"] = SECRET_KEY
    app.config["GATEHOUSE_HOME"] = str(folder)
    app.config["GATEHOUSE_DATABASE_URL"] = f"sqlite:///{folder / DATABASE}"
    app.config.from_mapping(config)
    app.jinja_loader = DictLoader({"public.html": PUBLIC_PAGE, "private.html": PRIVATE_PAGE})
    Gatehouse(app, permissions={MAY: "Read the reports"})
    _add_views(app)
    return app


def _add_views(app: Flask) -> None:
    """Register the pages; the login page is Gatehouse's own."""

    @app.get("/public")
    def public() -> str:
        return render_template("public.html")

    @app.get("/private")
    @login_required
    def private() -> str:
        return render_template("private.html", name=current_user.username)


def prepare(folder: Path, **config: object) -> None:
    """Apply the migrations and make the user, both by command, as an owner does."""
    app = create_app(folder, **config)
    command(app, "db", "upgrade")
    create = ("users", "create", USER, "--email", f"{USER}@example.org", "--password-stdin")
    command(app, *create, typed=f"{PASSWORD}\n")


def command(app: Flask, *words: str, typed: str = "") -> None:
    """Run one `flask gatehouse` command that must succeed."""
    done = app.test_cli_runner().invoke(args=["gatehouse", *words], input=typed)
    if done.exit_code:
        message = f"gatehouse {' '.join(words)}: {done.output.strip() or done.exception!r}"
        raise RuntimeError(message)


def fill_in(name: str) -> dict[str, str]:
    """Fill in the login form."""
    return {"username": name, "password": PASSWORD}


def hash_alone(app: Flask) -> Callable[[], bool]:
    """Verify the stored hash by argon2-cffi itself."""
    from argon2 import PasswordHasher  # noqa: PLC0415 - a start does not pay for this measure.

    with closing(sqlite3.connect(f"{app.config['GATEHOUSE_HOME']}/{DATABASE}")) as connection:
        (stored,) = connection.execute("SELECT encoded FROM gatehouse_password").fetchone()
    hasher = PasswordHasher()
    return lambda: hasher.verify(stored, PASSWORD)


def account_id(number: int) -> str:
    """Return an id made of the time, as UUIDs of version 7 are; in the spelling of SQLite."""
    return f"{ERA + number:012x}70008000{number:012x}"


def address_of(number: int) -> str:
    """Return the e-mail address of an account."""
    return f"{nth_name(number)}@example.org"


def random_of(purpose: bytes) -> Callable[[int], bytes]:
    """Return what makes of each number 32 bytes that look random, the same in every run."""
    return lambda number: hashlib.sha256(b"%b %d" % (purpose, number)).digest()


def clones(_: sqlite3.Connection) -> Sequence[Clone]:
    """Fill accounts, the two names of each, passwords, and two sessions of each."""
    return [
        Clone(
            "gatehouse_user",
            {"id": account_id, "username": nth_name, "email": address_of},
        ),
        Clone(
            "gatehouse_identifier",
            {"canonical": nth_name, "user_id": account_id},
            like="kind = 'username'",
        ),
        Clone(
            "gatehouse_identifier",
            {"canonical": address_of, "user_id": account_id},
            like="kind = 'email'",
        ),
        Clone("gatehouse_password", {"user_id": account_id}),
        *(_sessions(device) for device in (b"desk", b"pocket")),
    ]


def _sessions(device: bytes) -> Clone:
    """Fill a session of each account."""
    digest, public, sign_in = (
        random_of(b"%b of %b" % (what, device)) for what in (b"digest", b"public", b"sign-in")
    )
    return Clone(
        "gatehouse_session",
        {
            "digest": digest,
            "public_id": lambda number: public(number).hex()[:22],
            "sign_in_id": lambda number: sign_in(number).hex()[:22],
            "user_id": account_id,
        },
    )


def lookup(app: Flask) -> Callable[[str], bool]:
    """Look a name up as signing in does."""
    from flask_gatehouse.features.users import service as users  # noqa: PLC0415 - as above.

    works = app.extensions["gatehouse"].works

    def find(name: str) -> bool:
        with app.app_context(), works.reading() as db:
            return users.find(db, name) is not None

    return find


def sign_in(app: Flask) -> Callable[[str], bool]:
    """Let somebody in whose password is proven: the session, the record, one transaction."""
    from flask_gatehouse.core.events import Origin  # noqa: PLC0415 - as above.
    from flask_gatehouse.features.login import service as desk  # noqa: PLC0415 - as above.
    from flask_gatehouse.features.login.attempts import (  # noqa: PLC0415 - as above.
        Attempt,
        Browser,
    )
    from flask_gatehouse.features.users import service as users  # noqa: PLC0415 - as above.

    works = app.extensions["gatehouse"].works

    def enter(name: str) -> bool:
        with app.app_context(), works.begin(Origin()) as work:
            user = users.named(work.db, name)
            attempt = Attempt(user_id=user.id, methods=("password",))
            return bool(desk.admit(work, attempt=attempt, browser=Browser(handles=[])).public_id)

    return enter


CONTENDER = Contender(
    label="Gatehouse",
    database=DATABASE,
    prepare=prepare,
    create_app=create_app,
    login=Login("/login/", fill_in, hash_alone),
    growth=Growth(clones, lookup, sign_in),
)
