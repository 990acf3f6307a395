"""A browser reduced to what a measurement needs: an environ, cookies, one form.

Requests are made by calling the WSGI application itself. No test client and no
socket stand between the clock and the code that is measured.
"""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from wsgiref.types import WSGIApplication, WSGIEnvironment

HOST = "127.0.0.1"
PORT = "5000"
OK = 200
REDIRECTS = (302, 303)


class UnexpectedAnswerError(Exception):
    """An application answered something that would make its figure worthless."""


@dataclass(frozen=True)
class Answer:
    """One response, read to its end."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> list[str]:
        """All values of one header."""
        return [value for key, value in self.headers if key.lower() == name.lower()]


class _Start:
    """The `start_response` of one request: remembers, and costs next to nothing."""

    status: str
    headers: list[tuple[str, str]]

    def __call__(
        self,
        status: str,
        headers: list[tuple[str, str]],
        *_: object,
    ) -> Any:  # noqa: ANN401 - PEP 3333's `write`, which nobody calls
        """Take the status line and the headers."""
        self.status = status
        self.headers = headers


def make_environ(
    path: str,
    *,
    cookies: str = "",
    address: str = HOST,
    form: bytes | None = None,
) -> WSGIEnvironment:
    """Build the environ that a browser on this machine would cause."""
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": "GET" if form is None else "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "REMOTE_ADDR": address,
        "SERVER_NAME": HOST,
        "SERVER_PORT": PORT,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": f"{HOST}:{PORT}",
        "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0",
        "HTTP_ACCEPT": "text/html,application/xhtml+xml",
        "HTTP_SEC_FETCH_SITE": "same-origin",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(form or b""),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if cookies:
        environ["HTTP_COOKIE"] = cookies
    if form is not None:
        environ["HTTP_ORIGIN"] = f"http://{HOST}:{PORT}"
        environ["CONTENT_TYPE"] = "application/x-www-form-urlencoded"
        environ["CONTENT_LENGTH"] = str(len(form))
    return environ


def _read(body: Iterable[bytes]) -> bytes:
    """Read the whole body and close it, as a server does."""
    try:
        return b"".join(body)
    finally:
        close = getattr(body, "close", None)
        if close is not None:
            close()


def call(app: WSGIApplication, environ: WSGIEnvironment) -> Answer:
    """Serve one request."""
    start = _Start()
    body = _read(app(environ, start))
    return Answer(int(start.status.partition(" ")[0]), start.headers, body)


def timed(app: WSGIApplication, template: WSGIEnvironment) -> int:
    """Serve a copy of a GET request; return the nanoseconds until its body was read.

    Raises:
        UnexpectedAnswerError: the status was not 200.
    """
    environ = template | {"wsgi.input": io.BytesIO()}
    start = _Start()
    began = perf_counter_ns()
    _read(app(environ, start))
    taken = perf_counter_ns() - began
    if not start.status.startswith("200"):
        message = f"{template['PATH_INFO']} answered {start.status}"
        raise UnexpectedAnswerError(message)
    return taken


class _HiddenFields(HTMLParser):
    """Collects the hidden fields of the form that asks for a password."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self._current: dict[str, str] = {}
        self._asks_password = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a form's beginning and its inputs."""
        if tag == "form":
            self._current, self._asks_password = {}, False
        if tag != "input":
            return
        values = dict(attrs)
        if values.get("type") == "hidden" and values.get("name"):
            self._current[str(values["name"])] = values.get("value") or ""
        self._asks_password |= values.get("type") == "password"

    def handle_endtag(self, tag: str) -> None:
        """Keep the fields if this was the form looked for."""
        if tag == "form" and self._asks_password:
            self.found = self._current


def hidden_fields(page: bytes) -> dict[str, str]:
    """Return the hidden fields (the CSRF token among them) of the login form."""
    parser = _HiddenFields()
    parser.feed(page.decode())
    return parser.found


@dataclass
class Visitor:
    """Someone at one address, with a cookie jar."""

    app: WSGIApplication
    address: str = HOST
    jar: dict[str, str] = field(default_factory=dict)

    def environ(self, path: str, form: bytes | None = None) -> WSGIEnvironment:
        """Build the environ of this visitor's next request."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        return make_environ(path, cookies=cookies, address=self.address, form=form)

    def get(self, path: str) -> Answer:
        """Fetch a page."""
        return self.keep(call(self.app, self.environ(path)))

    def post(self, path: str, fields: Mapping[str, str]) -> Answer:
        """Send a form."""
        form = urlencode(fields).encode()
        return self.keep(call(self.app, self.environ(path, form)))

    def sign_in(self, path: str, fields: Mapping[str, str]) -> None:
        """Go through the real login page: fetch the form, fill it in, send it.

        Raises:
            UnexpectedAnswerError: the answer was not a redirect.
        """
        self.send_login(path, self.fill_login(path, fields))

    def fill_login(self, path: str, fields: Mapping[str, str]) -> dict[str, str]:
        """Fetch the login page and return all fields that a browser would send."""
        page = self.get(path)
        if page.status != OK:
            message = f"{path} answered {page.status}"
            raise UnexpectedAnswerError(message)
        return hidden_fields(page.body) | dict(fields)

    def send_login(self, path: str, fields: Mapping[str, str]) -> None:
        """Send the filled-in login form.

        Raises:
            UnexpectedAnswerError: the answer was not a redirect.
        """
        answer = self.post(path, fields)
        if answer.status not in REDIRECTS:
            message = f"signing in at {path} answered {answer.status}"
            raise UnexpectedAnswerError(message)

    def keep(self, answer: Answer) -> Answer:
        """Take the cookies of an answer into the jar."""
        for header in answer.header("Set-Cookie"):
            for name, morsel in SimpleCookie(header).items():
                if morsel["max-age"] == "0" or not morsel.value:
                    self.jar.pop(name, None)
                else:
                    self.jar[name] = morsel.value
        return answer
