"""A Flask application without users: what the two pages cost by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, render_template
from jinja2 import DictLoader

from bench.contenders import PRIVATE_PAGE, PUBLIC_PAGE, SECRET_KEY, USER, Contender

if TYPE_CHECKING:
    from pathlib import Path


def create_app(folder: Path) -> Flask:
    """Make the application, with a key: any application has one that keeps a session."""
    app = Flask(__name__, instance_path=str(folder))
    app.config["SECRET_KEY"] = SECRET_KEY
    app.jinja_loader = DictLoader({"public.html": PUBLIC_PAGE, "private.html": PRIVATE_PAGE})

    @app.get("/public")
    def public() -> str:
        return render_template("public.html")

    @app.get("/private")
    def private() -> str:
        return render_template("private.html", name=USER)

    return app


def prepare(folder: Path) -> None:
    """Nothing to prepare: nobody is known here."""


CONTENDER = Contender(
    label="bare view",
    database="none.db",
    prepare=prepare,
    create_app=create_app,
)
