"""Every page and every method, while somebody sees the site as somebody else."""

import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from flask_gatehouse import (
    Gatehouse,
    administrator_required,
    confirm_login,
    current_user,
    fresh,
    fresh_login_required,
    login_required,
    login_user,
    mfa_required,
    permissions_required,
    roles_required,
    viewing_as,
)
from flask_gatehouse.features.roles import service as roles
from flask_gatehouse.features.sessions.models import Session
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.viewing.models import Viewing
from flask_gatehouse.shipped import FEATURES
from flask_gatehouse.testing import GatehouseTester, settings_for_tests
from tests.features.viewing.stories import (
    ASIDE,
    END,
    REASON,
    SESSION,
    at_work,
    end,
    helper,
    look,
    looking,
    page,
)
from tests.forms import cookie, token
from tests.security.walk import ask, count, events, routes, snapshot, who, with_cookies

#: Every page of ours, as it was declared.
DECLARED = {
    f"gatehouse.{feature.name}.{route.endpoint}": route
    for feature in FEATURES
    for route in feature.routes
}

#: What ends the view, and so is walked by itself.
ENDS = {"gatehouse.login.logout", "gatehouse.viewing.end"}

#: Written when somebody is refused, and when they look.
TRACES = ("gatehouse_audit", "gatehouse_audit_lane", "gatehouse_throttle")


def test_adm_07_only_what_may_be_looked_at_answers(site: GatehouseTester) -> None:
    client, _, alice = looking(site)
    form = token(client.get("/account/password/"))
    before = snapshot(site, without=TRACES)
    handle, aside = cookie(client), cookie(client, ASIDE)
    walked = set()
    for route in routes(site.app, value=str(alice.id)):
        declared = DECLARED.get(route.endpoint)
        if declared is None or route.endpoint in ENDS:
            continue
        walked.add(route.endpoint)
        for method in sorted(route.methods - {"OPTIONS"}):
            fields = {"csrf_token": form, "reason": REASON, "next": "/account/"}
            sent = {"data": fields} if method == "POST" else {}
            answer = ask(client, route.path, method, **sent)
            may = method in {"GET", "HEAD"} and declared.access in {"public", "signed in"}
            if not may or (route.endpoint.endswith(".confirm") and "/confirm/" in route.path):
                assert answer.status_code == 403, (route.path, method, answer.status)
            else:
                assert answer.status_code < 500, (route.path, method)
            assert "Set-Cookie" not in answer.headers or "gatehouse=" not in str(
                answer.headers.getlist("Set-Cookie")
            ), (route.path, method)
    assert walked == DECLARED.keys() - ENDS
    assert snapshot(site, without=TRACES) == before
    assert (cookie(client), cookie(client, ASIDE)) == (handle, aside)
    assert who(client) == "alice"


def test_adm_07_whoever_is_seen_may_not_enter_the_console_by_it(site: GatehouseTester) -> None:
    seen = helper(site, "clerk", permissions=("people.read", "roles.edit"))
    client = at_work(site, helper(site, admin=True))
    assert look(client, seen).status_code == 303
    assert client.get("/admin/people/").status_code == 403
    shown = client.get("/admin/")
    assert "/admin/people/" not in shown.text
    end(client)
    assert client.get("/admin/people/").status_code == 200


# Pages of a host


MakeHost = Callable[..., GatehouseTester]


@pytest.fixture
def make_host(database_url: str, tmp_path: Path) -> Iterator[MakeHost]:
    """Make an application with a view behind each mark."""
    made: list[GatehouseTester] = []

    def make(**config: object) -> GatehouseTester:
        made.append(_host(database_url, tmp_path, config))
        return made[-1]

    yield make
    for each in made:
        each.app.extensions["gatehouse"].works.engine.dispose()


def _host(url: str, folder: Path, config: Mapping[str, object]) -> GatehouseTester:
    app = Flask(__name__)
    app.config.update(settings_for_tests(folder), GATEHOUSE_DATABASE_URL=url, **config)
    Gatehouse(app, permissions={"reports.read": "Read the reports"})

    marks: dict[str, Any] = {
        "signed-in": login_required,
        "fresh": fresh_login_required,
        "recent": fresh_login_required(),
        "step-up": fresh(),
        "two": mfa_required,
        "administrator": administrator_required,
        "permitted": permissions_required("reports.read"),
        "console": permissions_required("people.read"),
        "role": roles_required("readers"),
        "unmarked": lambda view: view,
    }

    def view() -> str:
        real = viewing_as()
        seen = current_user.username if current_user.is_authenticated else "nobody"
        return f"{seen} by {real.username if real is not None else 'themselves'}"

    for name, mark in marks.items():
        app.add_url_rule(f"/{name}/", name, mark(view), methods=["GET", "POST", "DELETE"])
    return GatehouseTester(app)


def seen_as_a_reader(site: GatehouseTester) -> Any:
    """Return a browser in which somebody sees the site as whoever may read the reports."""
    reader = helper(site, "alice", permissions=("reports.read", "people.read"))
    with site.work() as work:
        roles.make(work, name="readers")
        roles.grant(work, user=users.named(work.db, "alice"), role="readers")
    client = at_work(site, helper(site, admin=True))
    assert look(client, reader).status_code == 303
    return client


LOOKED_AT = ("signed-in", "permitted", "role", "unmarked")
CLOSED = ("fresh", "recent", "step-up", "two", "administrator", "console")


def test_adm_07_pages_of_a_host_are_looked_at_and_take_no_form(
    make_host: MakeHost,
) -> None:
    site = make_host()
    client = seen_as_a_reader(site)
    for name in LOOKED_AT:
        answer = client.get(f"/{name}/")
        assert (answer.status_code, answer.text) == (200, "alice by helper"), name
        for method in ("POST", "DELETE"):
            assert client.open(f"/{name}/", method=method).status_code == 403, (name, method)
    for name in CLOSED:
        for method in ("GET", "POST"):
            assert client.open(f"/{name}/", method=method).status_code == 403, (name, method)
    end(client)
    assert client.post("/signed-in/").text == "helper by themselves"


def test_a_host_may_take_forms_from_whoever_looks(make_host: MakeHost) -> None:
    site = make_host(GATEHOUSE_VIEWING_CHANGES=True)
    client = seen_as_a_reader(site)
    for name in LOOKED_AT:
        assert client.post(f"/{name}/").text == "alice by helper", name
    for name in CLOSED:
        assert client.post(f"/{name}/").status_code == 403, name
    # Never our own pages.
    form = token(client.get("/account/password/"))
    assert client.post("/account/password/", data={"csrf_token": form}).status_code == 403


def test_a_host_that_believes_what_it_read_asks_about_a_view_each_time(
    make_host: MakeHost,
) -> None:
    site = make_host(GATEHOUSE_SESSIONS_CACHE_FOR="60s")
    client = seen_as_a_reader(site)
    assert client.get("/signed-in/").text == "alice by helper"
    site.add_user("chief", admin=True)
    with site.work() as work:
        users.unmake_administrator(work, user=users.named(work.db, "helper"))
    assert client.get("/signed-in/").status_code == 302


def test_adm_07_a_host_makes_no_view_fresh(make_host: MakeHost) -> None:
    site = make_host()

    def confirm() -> str:
        confirm_login()
        return "confirmed"

    site.app.add_url_rule("/sure/", "sure", confirm)
    client = seen_as_a_reader(site)
    assert client.get("/sure/").status_code >= 400
    assert client.get("/recent/").status_code == 403


def test_adm_07_a_host_that_signs_somebody_in_ends_the_view_and_what_waits(
    make_host: MakeHost,
) -> None:
    site = make_host()
    ben = site.add_user("ben")

    def enter() -> str:
        login_user(ben)
        return "in"

    site.app.add_url_rule("/enter/", "enter", enter)
    client = seen_as_a_reader(site)
    assert client.get("/enter/").text == "in"
    assert client.get("/signed-in/").text == "ben by themselves"
    assert cookie(client, ASIDE) is None
    assert count(site, Session) == 1


def test_a_host_includes_the_bar(make_host: MakeHost) -> None:
    from flask import render_template_string  # noqa: PLC0415 - only here

    site = make_host()
    bar = '{% include "gatehouse/_viewing.html" %}'
    site.app.add_url_rule("/own/", "own", lambda: render_template_string(f"<p>own</p>{bar}"))
    assert site.client().get("/own/").text == "<p>own</p>"
    client = seen_as_a_reader(site)
    assert "You see this site as" in client.get("/own/").text


# At once


def together(*acts: Any) -> list[Any]:
    """Do several things at the same time; return what each returned or raised."""
    start = threading.Barrier(len(acts))
    found: list[Any] = [None] * len(acts)

    def do(number: int) -> None:
        start.wait()
        try:
            found[number] = acts[number]()
        except Exception as error:  # noqa: BLE001 - is what the test looks at
            found[number] = error

    threads = [threading.Thread(target=do, args=(number,)) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_adm_07_of_two_who_end_it_at_once_one_gets_the_own_session(site: GatehouseTester) -> None:
    client, _, _ = looking(site)
    held = {"gatehouse": cookie(client), ASIDE: cookie(client, ASIDE)}
    twins = [with_cookies(site, **held) for _ in range(4)]
    forms = [token(each.get("/account/")) for each in twins]

    def press(number: int) -> Any:
        return lambda: twins[number].post(END, data={"csrf_token": forms[number]})

    answers = together(*(press(number) for number in range(4)))
    assert [each.status_code for each in answers] == [303] * 4
    assert sorted(who(each) for each in twins) == ["helper", "nobody", "nobody", "nobody"]
    assert len(events(site, "viewing.ended")) == 1
    assert count(site, Session) == 1
    assert count(site, Viewing) == 0


@pytest.mark.parametrize("what", ["the person is suspended", "whoever looks is demoted"])
def test_adm_07_what_is_taken_away_at_the_same_moment_shows_nothing(
    site: GatehouseTester, what: str
) -> None:
    site.add_user("chief", admin=True)
    alice, viewer = site.add_user("alice"), helper(site, admin=True)
    client = at_work(site, viewer)
    form = token(client.get(page(alice)))

    def begin() -> Any:
        return client.post(page(alice), data={"csrf_token": form, "reason": REASON})

    def take_away() -> None:
        with site.work() as work:
            if what == "the person is suspended":
                users.suspend(work, user=users.named(work.db, "alice"))
            else:
                users.unmake_administrator(work, user=users.named(work.db, "helper"))

    answer, taken = together(begin, take_away)
    assert taken is None
    assert answer.status_code in {303, 403, 409}, answer.status
    assert who(client) != "alice"


def test_adm_07_of_two_who_begin_in_one_session_one_does(site: GatehouseTester) -> None:
    alice, ben = site.add_user("alice"), site.add_user("ben")
    client = at_work(site, helper(site, admin=True))
    twin = with_cookies(site, gatehouse=cookie(client))
    forms = [token(client.get(page(alice))), token(twin.get(page(ben)))]
    together(
        lambda: client.post(page(alice), data={"csrf_token": forms[0], "reason": REASON}),
        lambda: twin.post(page(ben), data={"csrf_token": forms[1], "reason": REASON}),
    )
    assert count(site, Viewing) == 1
    with site.work() as work:
        kinds = work.db.scalars(select(Session.kind).order_by(Session.kind)).all()
    assert kinds == [1, 3]


def test_adm_07_whoever_has_no_view_learns_nothing_at_its_end(site: GatehouseTester) -> None:
    looker, _, _ = looking(site)
    aside, view = cookie(looker, ASIDE), cookie(looker, SESSION)
    assert aside is not None
    assert view is not None
    other = "A" * 43
    nobodys = [f"{each.rpartition('.')[0]}.{other}" for each in (aside, view)]

    def told(**cookies: str) -> tuple[int, str | None, str]:
        stranger = site.client()
        for name, value in cookies.items():
            stranger.set_cookie(name, value)
        proof = token(stranger.get("/login/"))
        answer = stranger.post(END, data={"csrf_token": proof})
        return answer.status_code, answer.location, answer.text

    nothing = told()
    assert nothing[:2] == (303, "/login/")
    assert told(**{ASIDE: aside}) == told(**{ASIDE: nobodys[0]}) == nothing
    assert told(**{SESSION: aside, ASIDE: view}) == told(**{SESSION: nobodys[0], ASIDE: nobodys[1]})
    assert told(**{SESSION: nobodys[1], ASIDE: nobodys[0]}) == nothing
    assert told(**{SESSION: "nonsense", ASIDE: aside}) == nothing
    assert looker.get("/account/").status_code == 200
