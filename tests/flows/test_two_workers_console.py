"""What one of two processes ended is over in the other: in the console, and in a view of somebody.

As in `test_two_workers`, the process that does not answer is stopped by a signal meanwhile.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.cookies import SimpleCookie
from secrets import token_hex

import pytest
from flask import make_response
from sqlalchemy import select

from flask_gatehouse.features.audit.models import AuditRow
from flask_gatehouse.features.audit.places import Place
from flask_gatehouse.features.login import entering
from flask_gatehouse.features.login.attempts import Attempt, Wish
from flask_gatehouse.features.roles import service as roles
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.webhooks import service as webhooks
from flask_gatehouse.features.webhooks.models import Webhook
from flask_gatehouse.shipped import FEATURES
from tests.flows.test_two_workers import (
    _TOKEN,
    KINDS,
    Browser,
    Pair,
    change_the_password,
    end_by_command,
    log_out,
    suspend,
    two_processes,
    work_on,
)

pytestmark = pytest.mark.xdist_group("browser")

TWO = ("password", "totp")
END = "/viewing/end/"


@pytest.fixture(scope="module", params=KINDS)
def pair(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pair]:
    """Two processes, and somebody who stays an administrator whatever becomes of others."""
    with two_processes(request, tmp_path_factory.mktemp("two") / "home") as pair:
        pair.command("users", "promote", pair.person())
        yield pair


def at_work(pair: Pair, name: str) -> Browser:
    """Return a browser in which somebody proved two factors a moment ago."""
    with work_on(pair) as work:
        user_id = users.named(work.db, name).id
    with pair.app.test_request_context("/", base_url=pair.site.url):
        entering.enter(lambda _work: Attempt(user_id=user_id, methods=TWO), Wish(remember=False))
        answer = pair.app.process_response(make_response(""))
    browser = Browser(pair.site)
    for line in answer.headers.getlist("Set-Cookie"):
        for name_, morsel in SimpleCookie(line).items():
            browser.cookies[name_] = morsel.value
    return browser


def with_role(pair: Pair, *permissions: str) -> tuple[str, str]:
    """Make somebody who has a role; return both names."""
    name, role = pair.person(), f"role-{token_hex(4)}"
    with work_on(pair) as work:
        roles.make(work, name=role, permissions=permissions)
        roles.grant(work, user=users.named(work.db, name), role=role)
    return name, role


@dataclass(frozen=True)
class Console:
    """Every page of the console that there is, with something on each."""

    shown: list[str]
    sent: list[str]


def console(pair: Pair) -> Console:
    """Return the pages of the console, those with a parameter for something that is there."""
    person, role = with_role(pair, "people.read")
    with work_on(pair) as work:
        webhook, _ = webhooks.add(work, url="https://example.org/in", wants=("login.*",))
        at, event = work.db.execute(select(AuditRow.at, AuditRow.id).limit(1)).one()
        there = {
            "person": str(users.named(work.db, person).id),
            "name": role,
            "webhook": webhook.public_id,
            "event": str(Place(at, event)),
            "delivery": f"msg_{'0' * 32}",
            "session": "A" * 22,
            "invitation": "A" * 22,
        }
    found = Console(shown=[], sent=[])
    for feature in FEATURES:
        for route in feature.routes:
            if route.needs is None:
                continue
            path = route.rule
            for key, value in there.items():
                path = path.replace(f"<{key}>", value)
            assert "<" not in path, path
            if "GET" in route.methods:
                found.shown.append(path)
            if "POST" in route.methods:
                found.sent.append(path)
    return found


def demote(pair: Pair, name: str, there: Browser) -> None:
    pair.command("users", "demote", name)


@pytest.mark.parametrize(
    ("end", "status"),
    [
        (log_out, 303),
        (suspend, 303),
        (change_the_password, 303),
        (end_by_command, 303),
        (demote, 403),
    ],
)
def test_ses_07_no_page_of_the_console_outlives_what_another_process_ended(
    pair: Pair, end: Callable[[Pair, str, Browser], None], status: int
) -> None:
    name = pair.person()
    pair.command("users", "promote", name)
    pages = console(pair)
    there = at_work(pair, name)
    for worker in (pair.one, pair.other):
        with pair.answered_by(worker):
            shown = {path: there.ask(path).status for path in pages.shown}
        assert set(shown.values()) == {200}, shown
    token = _TOKEN.search(there.ask("/admin/webhooks/").text)
    assert token is not None

    with pair.answered_by(pair.one):
        end(pair, name, there)

    with pair.answered_by(pair.other):
        for path in pages.shown:
            answer = there.copy().ask(path)
            assert answer.status in {302, status}, (path, answer.status)
            assert status == 403 or str(answer.location).startswith("/login/"), path
        for path in pages.sent:
            answer = there.copy().ask(path, {"csrf_token": token[1], "url": "https://example.org/"})
            assert answer.status in {302, 400, status}, (path, answer.status)
    with work_on(pair) as work:
        assert {each.enabled for each in work.db.scalars(select(Webhook))} == {True}


@dataclass(frozen=True)
class View:
    """Somebody sees the site as somebody else."""

    viewer: str
    role: str
    seen: str
    browser: Browser


def viewed(pair: Pair) -> View:
    """Have somebody see the site as somebody else, in one process; known to both."""
    seen = pair.person()
    viewer, role = with_role(pair, "people.view_as", "people.read")
    browser = at_work(pair, viewer)
    with work_on(pair) as work:
        page = f"/admin/people/{users.named(work.db, seen).id}/view/"
    before = browser.copy()
    with pair.answered_by(pair.one):
        assert browser.send(page, reason="request 4711").status == 303
    for worker in (pair.other, pair.one):
        with pair.answered_by(worker):
            assert sees(browser, seen)
            assert not before.copy().is_in, "their own session waits, and opens nothing meanwhile"
    return View(viewer=viewer, role=role, seen=seen, browser=browser)


def sees(browser: Browser, name: str) -> bool:
    answer = browser.copy().ask("/account/")
    return answer.status == 200 and f"<dd>{name}</dd>" in answer.text


def by_whoever_looked(pair: Pair, view: View) -> None:
    copy = view.browser.copy()
    assert copy.send("/account/", END).status == 303


def by_command_for_whoever_looked(pair: Pair, view: View) -> None:
    pair.command("viewing", "end", "--user", view.viewer)


def by_command_for_whom_it_showed(pair: Pair, view: View) -> None:
    pair.command("viewing", "end", "--user", view.seen)


def by_the_end_of_the_own_session(pair: Pair, view: View) -> None:
    pair.command("sessions", "end", "--user", view.viewer)


def by_a_new_password_of_whoever_looked(pair: Pair, view: View) -> None:
    change_the_password(pair, view.viewer, view.browser)


def by_suspending_whoever_looked(pair: Pair, view: View) -> None:
    pair.command("users", "suspend", view.viewer)


def by_suspending_whom_it_showed(pair: Pair, view: View) -> None:
    pair.command("users", "suspend", view.seen)


def by_taking_the_role_away(pair: Pair, view: View) -> None:
    pair.command("roles", "revoke", view.viewer, view.role)


def by_promoting_whom_it_showed(pair: Pair, view: View) -> None:
    pair.command("users", "promote", view.seen)


def by_logging_out(pair: Pair, view: View) -> None:
    assert view.browser.copy().ask("/logout/").status == 303


@pytest.mark.parametrize(
    "end",
    [
        by_whoever_looked,
        by_command_for_whoever_looked,
        by_command_for_whom_it_showed,
        by_the_end_of_the_own_session,
        by_a_new_password_of_whoever_looked,
        by_suspending_whoever_looked,
        by_suspending_whom_it_showed,
        by_taking_the_role_away,
        by_promoting_whom_it_showed,
        by_logging_out,
    ],
)
def test_adm_07_a_view_that_one_process_ended_is_over_in_the_other(
    pair: Pair, end: Callable[[Pair, View], None]
) -> None:
    view = viewed(pair)
    bystander = viewed(pair)

    with pair.answered_by(pair.one):
        end(pair, view)

    for worker in (pair.other, pair.one):
        with pair.answered_by(worker):
            assert not view.browser.copy().is_in
            assert sees(bystander.browser, bystander.seen)
