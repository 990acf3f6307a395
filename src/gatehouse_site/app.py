"""The application of the site."""

import os
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flask import Blueprint, Flask, render_template
from flask.typing import ResponseReturnValue

from flask_gatehouse import Gatehouse, Misconfigured, public

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

#: Where the generated secret key is kept, in the home.
SECRET_KEY_FILE: Final = "secret_key"  # noqa: S105 - a file name

site = Blueprint("site", __name__, template_folder="templates")


def create_app(config: Mapping[str, object] | None = None) -> Flask:
    """Return the site, configured by the environment; `config` goes before it.

    Raises:
        Misconfigured: something must not start so; the message says what, and what to change.
    """
    given = dict(config or {})
    home = Path(str(given.get("GATEHOUSE_HOME") or os.environ.get("GATEHOUSE_HOME") or "instance"))
    home = home.absolute()
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        msg = f"GATEHOUSE_HOME is {home}, where no folder can be made ({error.strerror})."
        raise Misconfigured(msg) from error
    app = Flask(__name__, instance_path=str(home))
    app.config.from_mapping(
        GATEHOUSE_HOME=str(home),
        MAX_CONTENT_LENGTH=1024 * 1024,
        MAX_FORM_PARTS=100,
    )
    if "GATEHOUSE_WEB_HEADERS" not in os.environ:
        app.config["GATEHOUSE_WEB_HEADERS"] = "all"
    if "GATEHOUSE_PUBLIC_URL" not in os.environ:
        port = os.environ.get("PORT") or "5000"
        app.config["GATEHOUSE_PUBLIC_URL"] = f"http://127.0.0.1:{port}"
    app.config.from_mapping(given)
    if "GATEHOUSE_SECRET_KEY" not in app.config and not os.environ.get("GATEHOUSE_SECRET_KEY"):
        app.config["GATEHOUSE_SECRET_KEY"] = _kept_secret_key(home)
    gatehouse = Gatehouse(app)
    gatehouse.answer_errors(app)
    hosts = gatehouse.hosts(app)
    app.config["TRUSTED_HOSTS"] = hosts
    if hosts:
        app.wsgi_app = _health_at_any_host(app.wsgi_app, hosts[0])  # type: ignore[assignment, method-assign] # as Flask documents it
    _name_form_cookie(app, secure=gatehouse.serves_https(app))
    app.context_processor(_where_home_is)
    app.register_blueprint(site)
    return app


@site.get("/")
@public
def home() -> ResponseReturnValue:
    """Say what this is, with links that fit who is looking."""
    return render_template("site/home.html", setup_open=Gatehouse.setup_is_open())


@site.get("/healthz")
@public
def health() -> ResponseReturnValue:
    """Answer 200 when the database answers, and 503 when it does not."""
    if Gatehouse.database_answers():
        return {"status": "ok"}
    return {"status": "unavailable"}, 503, {"Retry-After": "5"}


def _health_at_any_host(serve: "WSGIApplication", host: str) -> "WSGIApplication":
    """Let a load balancer ask for the health by bare address: no answer depends on the host."""

    def ask(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ.get("PATH_INFO") == "/healthz":
            environ = {**environ, "HTTP_HOST": host}
        return serve(environ, start_response)

    return ask


def _kept_secret_key(home: Path) -> str:
    """Return the key in the home; make one at the first start, readable by its owner only.

    Two starts at once agree: whoever links the file first wins, and both read what is there.
    """
    path = home / SECRET_KEY_FILE
    if not path.exists():
        fresh = home / f".{SECRET_KEY_FILE}-{secrets.token_hex(8)}"
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    key = path.read_text().strip()
    if not key:
        msg = f"{path} is empty: remove it, and a new key is made at the next start."
        raise Misconfigured(msg)
    return key


def _name_form_cookie(app: Flask, *, secure: bool) -> None:
    """The cookie of Flask's own session, which holds messages and the secret behind forms."""
    app.config.update(
        SESSION_COOKIE_NAME="__Host-gatehouse-form" if secure else "gatehouse_form",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
    )


def _where_home_is() -> dict[str, str]:
    return {"gatehouse_home_url": "/"}
