"""What the tutorials teach: Flask-Login, Flask-SQLAlchemy, a Werkzeug hash."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, flash, redirect, render_template, request, url_for
from flask_login import LoginManager, UserMixin, current_user, login_required, login_user
from flask_sqlalchemy import SQLAlchemy
from jinja2 import DictLoader
from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from werkzeug.security import check_password_hash, generate_password_hash

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

    from werkzeug.wrappers import Response

LOGIN_PAGE = """<!doctype html><title>Log in</title>
<form method="post">
<input name="username"><input type="password" name="password">
<input type="checkbox" name="remember"><input type="submit">
</form>"""


class Base(DeclarativeBase):
    """The base of the tutorial's models."""


db = SQLAlchemy(model_class=Base)
login_manager = LoginManager()
login_manager.login_view = "login"


class User(UserMixin, db.Model):  # type: ignore[name-defined, misc]
    """The tutorial's own user."""

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(80), unique=True)
    email: Mapped[str] = mapped_column(String(120), unique=True)
    password_hash: Mapped[str] = mapped_column(String(256))


@login_manager.user_loader  # type: ignore[untyped-decorator]
def load_user(user_id: str) -> User | None:
    """Find the user that a session names."""
    return db.session.get(User, int(user_id))


def find_user(username: str) -> User | None:
    """Find the user that a login form names."""
    user: User | None = db.session.scalar(db.select(User).filter_by(username=username))
    return user


def create_app(folder: Path) -> Flask:
    """Make the application."""
    app = Flask(__name__, instance_path=str(folder))
    app.config["SECRET_KEY"] = SECRET_KEY
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{folder / 'tutorial.db'}"
    app.jinja_loader = DictLoader(
        {"public.html": PUBLIC_PAGE, "private.html": PRIVATE_PAGE, "login.html": LOGIN_PAGE},
    )
    db.init_app(app)
    login_manager.init_app(app)
    _add_views(app)
    return app


def _add_views(app: Flask) -> None:
    """Register the pages."""

    @app.get("/public")
    def public() -> str:
        return render_template("public.html")

    @app.get("/private")
    @login_required  # type: ignore[untyped-decorator]
    def private() -> str:
        return render_template("private.html", name=current_user.username)

    @app.route("/login", methods=["GET", "POST"])
    def login() -> str | Response:
        if request.method == "GET":
            return render_template("login.html")
        user = find_user(request.form["username"])
        if user is None or not check_password_hash(user.password_hash, request.form["password"]):
            flash("Please check your login details and try again.")
            return redirect(url_for("login"))
        login_user(user, remember="remember" in request.form)
        return redirect(url_for("private"))


def prepare(folder: Path) -> None:
    """Make the table and the user."""
    app = create_app(folder)
    with app.app_context():
        db.create_all()
        db.session.add(
            User(
                username=USER,
                email=f"{USER}@example.org",
                password_hash=generate_password_hash(PASSWORD),
            ),
        )
        db.session.commit()


def fill_in(name: str) -> dict[str, str]:
    """Fill in the login form."""
    return {"username": name, "password": PASSWORD}


def hash_alone(app: Flask) -> Callable[[], bool]:
    """Verify the stored hash."""
    with app.app_context():
        user = find_user(USER)
        stored = user.password_hash if user else ""
    return lambda: check_password_hash(stored, PASSWORD)


def clones(_: sqlite3.Connection) -> Sequence[Clone]:
    """Fill the one table."""
    return [
        Clone(
            "user",
            {
                "id": lambda number: number + 2,
                "username": nth_name,
                "email": lambda number: f"{nth_name(number)}@example.org",
            },
        ),
    ]


def lookup(app: Flask) -> Callable[[str], bool]:
    """Look a name up as the login view does."""

    def find(name: str) -> bool:
        with app.app_context():
            return find_user(name) is not None

    return find


CONTENDER = Contender(
    label="tutorial",
    database="tutorial.db",
    prepare=prepare,
    create_app=create_app,
    login=Login("/login", fill_in, hash_alone),
    growth=Growth(clones, lookup),
)
