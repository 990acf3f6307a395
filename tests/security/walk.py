"""What the walks share: every route, every kind of person, and a picture of all tables."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any, NamedTuple
from urllib.parse import quote

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from werkzeug.test import TestResponse

from flask_gatehouse.core import tokens
from flask_gatehouse.db.base import Base
from flask_gatehouse.features.audit.rules import ADOPTED, REFUSED
from flask_gatehouse.features.passwords import service as passwords
from flask_gatehouse.features.sessions.models import Session
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.models import User
from flask_gatehouse.testing import PASSWORD, GatehouseTester

SESSION = "gatehouse"
REMEMBER = "gatehouse_remember"
FORM = "gatehouse_form"
INVITATION = "gatehouse_invitation"

SAFE = ("GET", "HEAD", "OPTIONS")
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
ALL_METHODS = (*SAFE, *UNSAFE, "TRACE")

#: So much that nothing which is sent in a test is too often.
UNLIMITED: dict[str, object] = {
    "GATEHOUSE_THROTTLING_ACCOUNT": "1000000/1s",
    "GATEHOUSE_THROTTLING_DEVICE": "100/1s",
    "GATEHOUSE_THROTTLING_SESSION": "100/1s",
    "GATEHOUSE_THROTTLING_NETWORK": "1000000/1s",
    "GATEHOUSE_THROTTLING_NAME_AND_NETWORK": "100/1s",
    "GATEHOUSE_THROTTLING_LINKS": "1000000/1s",
}

#: What is off by default, so that the pages behind it are walked as well.
OPENED: dict[str, object] = {"GATEHOUSE_LOGIN_BY_MAIL_ALLOWED": True}


@dataclass(frozen=True)
class Route:
    """One rule of the map with its parameters filled in."""

    endpoint: str
    path: str
    methods: frozenset[str]


class Visit(NamedTuple):
    """What one kind of person got at one address."""

    kind: str
    route: Route
    page: TestResponse


def routes(app: Flask, value: str = "A" * 43) -> list[Route]:
    """Return every rule that the application answers, with `value` for each parameter."""
    found = []
    for rule in app.url_map.iter_rules():
        filled = "gatehouse.css" if rule.endpoint.endswith("static") else value
        path = re.sub(r"<[^>]+>", quote(filled), rule.rule)
        found.append(Route(rule.endpoint, path, frozenset(rule.methods or ())))
    return found


def ask(client: FlaskClient, path: str, method: str = "GET", **options: Any) -> TestResponse:
    """Send a request and read the whole answer, so that files are closed."""
    return client.open(path, method=method, buffered=True, **options)


def setup_link(tester: GatehouseTester) -> str:
    """Return the path of a set-up page that is open, while nobody has an account."""
    with tester.work() as work:
        secret = users.open_setup(work)
    assert secret is not None
    return f"/setup/{secret}/"


def invitation_for(tester: GatehouseTester, user: User) -> str:
    """Return the path of an invitation that is good."""
    with tester.work() as work:
        secret = passwords.invite(work, user=users.by_id(work.db, user.id))
    return f"/invitation/{secret}/"


def suspend(tester: GatehouseTester, name: str) -> None:
    """Suspend an account, as the command line does."""
    with tester.work() as work:
        users.suspend(work, user=users.named(work.db, name))


def change_password(tester: GatehouseTester, name: str, password: str) -> None:
    """Set a password, as the command line does."""
    with tester.work() as work:
        user = users.named(work.db, name)
        sealed = passwords.seal(work, password=password, about=(user.username, user.email))
        passwords.keep(work, user=user, sealed=sealed)


#: The kinds of people, for walks that are shared out by them.
KINDS = (
    "anonymous",
    "member",
    "suspended",
    "administrator",
    "remembered",
    "remembered administrator",
)


def people(tester: GatehouseTester) -> dict[str, FlaskClient]:
    """Return one browser of each kind of person."""
    member = tester.add_user("member", email="member@example.org")
    gone = tester.add_user("gone", email="gone@example.org")
    chief = tester.add_user("chief", email="chief@example.org", admin=True)
    kinds = {
        "anonymous": tester.client(),
        "member": tester.client(member),
        "suspended": tester.client(gone),
        "administrator": tester.client(chief),
        "remembered": remembering(tester, member),
        "remembered administrator": remembering(tester, chief),
    }
    suspend(tester, "gone")
    assert tuple(kinds) == KINDS
    return kinds


def remembering(tester: GatehouseTester, user: User) -> FlaskClient:
    """Return a browser that was closed and still remembers."""
    client = tester.client()
    tester.sign_in(client, user, remember=True)
    client.delete_cookie(SESSION)
    return client


def engine_of(app: Flask) -> Engine:
    """Return where the application keeps its accounts."""
    engine: Engine = app.extensions["gatehouse"].works.engine
    return engine


#: Changes whenever somebody signed in looks at a page.
LAST_SEEN = frozenset({"last_seen_at", "idle_expires_at"})


def snapshot(
    tester: GatehouseTester, *, without: tuple[str, ...] = (), columns: frozenset[str] = LAST_SEEN
) -> dict[str, list[str]]:
    """Return every row of every table of ours, without some tables and columns.

    What the record tells of refusals is left out: a refusal may be written down and change nothing.
    """
    picture = {}
    with engine_of(tester.app).connect() as connection:
        for table in Base.metadata.sorted_tables:
            if table.name in without:
                continue
            wanted = [column for column in table.columns if column.name not in columns]
            every = select(*wanted)
            if table.name == "gatehouse_audit":
                every = every.where(table.c.outcome != "refused")
            if table.name == "gatehouse_audit_lane":
                # Lanes of refusals move with these, and all are made before the first row.
                done = table.c.lane.not_in([*REFUSED, ADOPTED["refused"]])
                every = every.where(done, table.c.sequence > 0)
            rows = connection.execute(every).all()
            picture[table.name] = sorted(repr(tuple(row)) for row in rows)
    return picture


def rows(tester: GatehouseTester, model: Any) -> list[Any]:
    """Return every row of a table."""
    with tester.work() as work:
        return list(work.db.scalars(select(model)).all())


def count(tester: GatehouseTester, model: Any) -> int:
    """Return how many rows a table has."""
    return len(rows(tester, model))


def events(tester: GatehouseTester, name: str) -> list[Any]:
    """Return what the record has of one event, oldest first."""
    from flask_gatehouse.features.audit.models import AuditRow  # noqa: PLC0415 - only for this

    found = [row for row in rows(tester, AuditRow) if row.name == name]
    return sorted(found, key=lambda row: (row.at, row.id))


def who(client: FlaskClient) -> str:
    """Return who the protected page says is asking; nobody if it sends to the login page."""
    page = client.get("/account/")
    if page.status_code in {302, 303}:
        assert page.location.startswith("/login/")
        return "nobody"
    assert page.status_code == 200, page.status
    found = re.search(r"<dt>User name</dt><dd>([^<]+)</dd>", page.text)
    assert found is not None
    return found[1]


def with_cookies(tester: GatehouseTester, **values: str | None) -> FlaskClient:
    """Return a browser that holds exactly these cookies."""
    client = tester.client()
    for name, value in values.items():
        if value is not None:
            client.set_cookie(name, value)
    return client


def bare(tester: GatehouseTester) -> FlaskClient:
    """Return a client that holds no cookies, so that a test may say the whole header itself.

    One that could hold some takes away the header that a test gives it.
    """
    return tester.client(use_cookies=False)


def sent_to_login(response: TestResponse) -> bool:
    """Return whether somebody anonymous was sent away, before anything was done."""
    there = str(response.location).partition("?")[0]
    return response.status_code in {302, 303} and there == "/login/"


def set_cookies(response: TestResponse) -> list[str]:
    """Return the names of the cookies that an answer sets or deletes."""
    return [line.partition("=")[0] for line in response.headers.getlist("Set-Cookie")]


def handle_like(key_id: str = "00000000") -> str:
    """Return a random value of the shape of a session handle."""
    return f"gh1s.{key_id}.{tokens.new_secret()}"


def hashes_done(tester: GatehouseTester) -> int:
    """Return how many hashes this process has done for the application."""
    from flask_gatehouse.features.passwords.hashes import Hashes  # noqa: PLC0415 - only for this

    done: int = tester.app.extensions["gatehouse"].house.part(Hashes).pool.hashes_done
    return done


def session_rows(tester: GatehouseTester) -> int:
    """Return how many sessions are kept."""
    return count(tester, Session)


# What a browser makes of an answer


def browser_goes_to(location: str, base: str = "http://localhost/") -> tuple[str, str]:
    """Return scheme and host of where a browser goes, by the rules of browsers.

    Leading controls and spaces are stripped, tabs and line breaks inside are dropped, and a
    backslash is a slash. Source: WHATWG URL, 4.4.
    """
    ours, _, here = base.partition("://")
    host = here.partition("/")[0]
    text = re.sub(r"[\t\r\n]", "", location.strip("".join(map(chr, range(0x21)))))
    found = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):", text)
    scheme, rest = (found[1].lower(), text[found.end() :]) if found else (ours, text)
    if scheme not in {"http", "https", "ws", "wss", "ftp", "file"}:
        return scheme, ""
    leaves = scheme != ours or re.match(r"[\\/]{2}", rest) is not None
    if not leaves:
        return ours, host
    authority = re.split(r"[\\/?#]", rest.lstrip("\\/"), maxsplit=1)[0]
    return scheme, authority.rpartition("@")[2].lower()


class _Links(HTMLParser):
    """Collects every address in a page that a browser may follow, load or send to."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            follows = name in {"href", "src", "action", "formaction", "data", "poster", "srcset"}
            refresh = tag == "meta" and name == "content"
            if value is not None and (follows or (refresh and "url" in value.lower())):
                self.found.append(value)
            assert not name.startswith("on"), f"an inline handler: {name}={value}"


def links(page: TestResponse) -> list[str]:
    """Return every address in a page that a browser may follow, load or send to."""
    parser = _Links()
    parser.feed(page.text)
    return parser.found


def in_every_encoding(value: str) -> Iterator[str]:
    """Yield a value raw, percent-encoded once, and twice."""
    once = quote(value, safe="")
    yield value
    yield once
    yield quote(once, safe="")


def wait_out(tester: GatehouseTester) -> None:
    """Let every window of the throttle pass."""
    tester.clock.move(timedelta(minutes=16))


Send = Callable[..., TestResponse]

__all__ = ["PASSWORD"]
