"""Requests that nobody sends by hand, to every address that the site answers, and beside them."""

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_from_bytes

from flask import Flask
from werkzeug.test import create_environ, run_wsgi_app

from tests.long_form import Dice

METHODS = ("GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "BREW")

#: What is put where something was expected. Nothing in it is a password or a link of anybody.
SEEDS = (
    b"",
    b" ",
    b"0",
    b"-1",
    b"1e309",
    b"9" * 40,
    b"null",
    b"alice",
    b"member",
    b"CHIEF@example.org",
    b"\x00",
    b"a\x00b",
    b"\r\nX-Evil: yes\r\n\r\n<script>",
    b"\xff\xfe\xfd",
    b"\xed\xa0\x80",
    b"\xc0\xaf",
    b"\xf0\x9f\x98\x80" * 20,
    "\u202ealice\u200b\u0301\uffff".encode(),
    "\u0130\u01c5\ufb03\u1e9e".encode(),
    b"%00%zz%",
    b"%2e%2e%2f",
    b"..",
    b"../../etc/passwd",
    b"//evil.example/",
    b"/\\evil.example",
    b"https://evil.example/",
    b"javascript:alert(1)",
    b"{{7*7}}${7*7}%(x)s%s%n",
    b"' OR 1=1 --",
    b"<script>alert(1)</script>",
    b"\"'`;&|$(x)",
    b"A" * 43,
    b"gh1s.00000000." + b"A" * 43,
    b"gh1s..",
    b"00000000-0000-0000-0000-000000000000",
    b"x" * 300,
    b"y" * 9000,
    b"=?utf-8?q?x?=",
    b"[]",
    b"a,b;c=d",
)

FIELDS = (
    "username",
    "password",
    "email",
    "remember",
    "next",
    "csrf_token",
    "name",
    "page",
    "q",
    "others",
    "username[]",
    "__proto__",
    "",
)

COOKIES = ("gatehouse", "gatehouse_remember", "gatehouse_form", "gatehouse_invitation")

HEADERS = (
    "ACCEPT",
    "ACCEPT_ENCODING",
    "ACCEPT_LANGUAGE",
    "AUTHORIZATION",
    "CONNECTION",
    "COOKIE2",
    "FORWARDED",
    "HOST",
    "IF_MODIFIED_SINCE",
    "IF_NONE_MATCH",
    "IF_RANGE",
    "ORIGIN",
    "RANGE",
    "REFERER",
    "SEC_FETCH_MODE",
    "SEC_FETCH_SITE",
    "USER_AGENT",
    "X_CSRF_TOKEN",
    "X_FORWARDED_FOR",
    "X_FORWARDED_HOST",
    "X_FORWARDED_PREFIX",
    "X_FORWARDED_PROTO",
    "X_HTTP_METHOD_OVERRIDE",
    "X_ORIGINAL_URL",
    "X_REQUEST_ID",
)

#: What some of these headers expect, so that not all of them fail at the first look.
LIKELY = (
    b"bytes=0-1,2-3,-5",
    b"bytes=999999999999-",
    b"same-origin",
    b"cross-site",
    b"Basic Og==",
    b"Bearer x",
    b"Wed, 99 Nov 2026 99:99:99 GMT",
    b'W/"x", *',
    b"gzip;q=1e999",
    b"de;q=x,*;q=0.5",
    b"127.0.0.1",
    b"::1",
    b"localhost:99999",
    b"https",
)

URLENCODED = "application/x-www-form-urlencoded"
TYPES = (
    URLENCODED,
    "multipart/form-data; boundary=b",
    "multipart/form-data",
    "application/json",
    "text/plain; charset=utf-16",
    "application/xml",
    f"{URLENCODED}; charset=utf-7",
    "x" * 300,
    "",
)


@dataclass(frozen=True)
class Request:
    """One request as a server hands it to an application. Text is Latin-1, as WSGI wants it."""

    method: str
    path: str
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    #: Instead of those that the browser holds; None sends these.
    cookie: str | None = None
    content_type: str | None = None
    body: bytes = b""
    length: str | None = None

    def __str__(self) -> str:
        shown = [f"{self.method} {self.path[:200]!r} ?{self.query[:200]!r}"]
        shown += [f"{name}: {value[:200]!r}" for name, value in self.headers]
        shown += [f"Cookie: {self.cookie!r:.200}", f"{self.content_type} {self.length}"]
        return "\n".join([*shown, repr(self.body[:500])])


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


@dataclass
class Browser:
    """Holds cookies and sends anything; an application is spoken to without a client library."""

    app: Flask
    cookies: dict[str, str] = field(default_factory=dict)

    def send(self, request: Request) -> Answer:
        """Send it, and keep the cookies of the answer unless the request brought its own."""
        parts, status, headers = run_wsgi_app(
            self.app.wsgi_app, self._environ(request), buffered=True
        )
        if request.cookie is None:
            for line in headers.getlist("Set-Cookie"):
                self._keep(line)
        return Answer(int(status.split()[0]), tuple(headers), b"".join(parts))

    def token(self, path: str) -> str:
        """Return the token of the first form on a page; nothing if there is none."""
        found = re.search(
            r'name="csrf_token" value="([^"]+)"', self.send(Request("GET", path)).text
        )
        return found[1] if found else ""

    def _environ(self, request: Request) -> dict[str, Any]:
        environ: dict[str, Any] = create_environ("/", "http://127.0.0.1:5000/")
        environ |= {
            "REQUEST_METHOD": request.method,
            "PATH_INFO": request.path,
            "QUERY_STRING": request.query,
            "wsgi.input": io.BytesIO(request.body),
        }
        environ |= {f"HTTP_{name}": value for name, value in request.headers}
        cookie = request.cookie
        if cookie is None:
            cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if cookie:
            environ["HTTP_COOKIE"] = cookie
        if request.content_type is not None:
            environ["CONTENT_TYPE"] = request.content_type
        if request.length is None:
            # Chunked: the server has taken the chunks apart and knows where the body ends.
            environ |= {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
            environ.pop("CONTENT_LENGTH", None)
        else:
            environ["CONTENT_LENGTH"] = request.length
        return environ

    def _keep(self, line: str) -> None:
        pair, _, attributes = line.partition(";")
        name, _, value = pair.partition("=")
        self.cookies.pop(name, None)
        if "Max-Age=0" not in attributes:
            self.cookies[name] = value


def text_of(value: bytes) -> str:
    """Return bytes as WSGI hands them over."""
    return value.decode("latin-1")


class Maker:
    """Makes one request after another, each from the dice alone and what the browser holds."""

    def __init__(
        self, dice: Dice, rules: Mapping[str, Iterable[str]], values: Iterable[str]
    ) -> None:
        """Args: rules: of the map, with methods. values: that parameters have in good addresses."""
        self._dice = dice
        self._rules = sorted((rule, tuple(sorted(methods))) for rule, methods in rules.items())
        self._values = tuple(value.encode() for value in values)

    def request(self, token: str, cookies: dict[str, str]) -> Request:
        """Make the next one."""
        dice = self._dice
        body, content_type = self._body(token)
        length = None if dice.one_in(6) else str(len(body))
        if dice.one_in(25):
            length = dice.of(("-5", "x", "", "9" * 30, "0", "70000", "1"))
        rule, methods = dice.of(self._rules)
        return Request(
            method=self._method(methods),
            path=self._path(rule),
            query=self._query(),
            headers=tuple(self._headers(token)),
            cookie=None if dice.below(8) else self._cookie(cookies),
            content_type=content_type,
            body=body,
            length=length,
        )

    def _method(self, methods: Sequence[str]) -> str:
        if self._dice.one_in(60):
            return text_of(self.value())[:20] or "GET"
        if self._dice.one_in(4):
            return self._dice.of(METHODS)
        return "POST" if "POST" in methods and self._dice.below(3) else self._dice.of(methods)

    def value(self) -> bytes:
        """Make a value: one of the known bad ones, some of them together, noise, or one damaged."""
        dice = self._dice
        kind = dice.below(8)
        if kind == 0:
            return dice.bytes(dice.below(40))
        if kind == 1:
            return b"".join(dice.of(SEEDS) for _ in range(dice.below(4)))[:20_000]
        if kind == 2 and self._values:
            return self.damaged(dice.of(self._values))
        return dice.of(SEEDS)

    def damaged(self, value: bytes) -> bytes:
        """Change one place of a value."""
        dice = self._dice
        at = dice.below(len(value) + 1)
        instead = dice.of((b"", dice.bytes(1), value, b"%", b"/", b"\x00", dice.of(SEEDS)))
        return value[:at] + instead + value[at + dice.below(3) :]

    def _path(self, rule: str) -> str:
        dice = self._dice

        def fill(_: re.Match[str]) -> str:
            good = dice.of(self._values) if self._values and dice.one_in(3) else self.value()
            return text_of(good)

        path = re.sub(r"<[^>]+>", fill, rule)
        if dice.one_in(8):
            path = text_of(self.damaged(path.encode("latin-1")))
        if dice.one_in(30):
            path = text_of(self.value())
        return path

    def _query(self) -> str:
        count = self._dice.of((0, 0, 1, 2, 5)) if self._dice.below(50) else 1500
        pairs = self._pairs([(self._field(), self.value()) for _ in range(count)])
        # A line that breaks is no longer the same line to any server; a path is unescaped by it.
        return text_of(re.sub(rb"[\r\n]", b"", pairs))

    def _field(self) -> bytes:
        if self._dice.one_in(20):
            return self.value()
        return self._dice.of(FIELDS).encode()

    def _pairs(self, pairs: list[tuple[bytes, bytes]]) -> bytes:
        if self._dice.one_in(10):
            return b"&".join(name + b"=" + value for name, value in pairs)
        written = (f"{quote_from_bytes(name)}={quote_from_bytes(value)}" for name, value in pairs)
        return "&".join(written).encode()

    def _headers(self, token: str) -> Iterable[tuple[str, str]]:
        dice = self._dice
        for _ in range(dice.of((0, 0, 1, 3))):
            value = dice.of(LIKELY) if dice.one_in(2) else self.value()
            # No server lets a line break through in a header.
            yield dice.of(HEADERS), text_of(re.sub(rb"[\r\n\x00]", b"", value))
        if dice.one_in(10):
            yield "X_CSRF_TOKEN", token

    def _cookie(self, cookies: dict[str, str]) -> str:
        dice = self._dice
        made = []
        for _ in range(dice.of((0, 1, 2, 6))):
            name = dice.of(COOKIES)
            held = cookies.get(name, "").encode()
            value = self.damaged(held) if held and dice.one_in(2) else self.value()
            made.append(f"{name}={text_of(value)}")
        return re.sub(r"[\r\n\x00]", "", dice.of(("; ", ";", ", ")).join(made))

    def _body(self, token: str) -> tuple[bytes, str | None]:
        dice = self._dice
        if dice.one_in(5):
            return b"", None
        fields = [(self._field(), self.value()) for _ in range(dice.below(6))]
        if dice.below(3):
            # Otherwise no request would ever come past the first gate.
            fields.append((b"csrf_token", token.encode()))
        kind = dice.below(10)
        if kind < 6:
            return self._pairs(fields), URLENCODED
        if kind == 6:
            return _parts(fields), "multipart/form-data; boundary=b"
        if kind == 7:
            return self.damaged(_parts(fields)), dice.of(TYPES)
        if kind == 8:
            return self.damaged(self._pairs(fields)), dice.of(TYPES)
        # More than a page reads, and more than the site reads.
        return dice.of((b"a=", b"&", b"[", b"\x00")) * dice.of((40_000, 600_000)), dice.of(TYPES)


def _parts(fields: list[tuple[bytes, bytes]]) -> bytes:
    made = [
        b'--b\r\nContent-Disposition: form-data; name="' + name + b'"\r\n\r\n' + value + b"\r\n"
        for name, value in fields
    ]
    return b"".join(made) + b"--b--\r\n"
