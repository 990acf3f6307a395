"""Flask-Login's documented behaviour, row by row of the table in `behaviours`.

A test is named after its row. Where a row holds, one assertion is made of every side; where the
sides differ on purpose, the test states what each of them answers.
"""

import time
from datetime import timedelta
from types import NoneType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import flask_login
import pytest
from flask import Blueprint, Request, render_template_string, url_for
from flask.testing import FlaskClient
from flask.views import MethodView
from werkzeug.test import TestResponse

import flask_gatehouse
from tests.flask_login.conftest import MakeHost
from tests.flask_login.host import NOBODY, Host, Person, add_loader

# Flask-Login's own remember cookie asks the clock in a way that newer Pythons warn of.
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")


def query(response: TestResponse) -> dict[str, list[str]]:
    """Return the query of the place to which a response sends the browser."""
    return parse_qs(urlsplit(response.location or "").query)


def cookie_line(response: TestResponse, name: str) -> str:
    """Return the ``Set-Cookie`` line of this cookie, or nothing."""
    lines = response.headers.getlist("Set-Cookie")
    return next((line for line in lines if line.startswith(f"{name}=")), "")


def days_kept(client: FlaskClient, name: str) -> int:
    """Return for how many days the browser keeps this cookie, rounded."""
    cookie = client.get_cookie(name)
    assert cookie is not None
    if cookie.max_age is not None:
        return round(cookie.max_age / 86400)
    assert cookie.expires is not None
    return round((cookie.expires.timestamp() - time.time()) / 86400)


def copied(host: Host, client: FlaskClient, name: str) -> FlaskClient:
    """Open another browser with a copy of this cookie, and of no other."""
    cookie = client.get_cookie(name)
    assert cookie is not None
    thief = host.client()
    thief.set_cookie(name, cookie.value)
    return thief


# Setting up


def test_the_manager_is_found_on_the_application(host: Host) -> None:
    assert host.app.login_manager is host.manager  # type: ignore[attr-defined]
    assert isinstance(host.manager, flask_login.LoginManager)


def test_the_manager_is_set_up_before_it_is_bound(make_host: MakeHost) -> None:
    host = make_host(late=True)
    assert host.who(host.signed_in()) == "ada"
    assert host.app.login_manager is host.manager  # type: ignore[attr-defined]


def test_one_manager_serves_several_applications(make_host: MakeHost) -> None:
    first = make_host(late=True)
    second = make_host(late=True, shared=first)
    browser = first.signed_in()
    assert first.manager is second.manager
    assert first.who(browser) == "ada"
    assert second.who(second.client()) == NOBODY
    assert second.who(second.signed_in(name="grace")) == "grace"


def test_a_loader_is_a_decorator_that_gives_the_function_back(host: Host) -> None:
    def load(user_id: str) -> None:
        return None

    assert host.manager.user_loader(load) is load
    assert host.manager.user_callback is load


def test_a_request_loader_is_a_decorator_that_gives_the_function_back(host: Host) -> None:
    def load(request: Request) -> None:
        return None

    assert host.manager.request_callback is None
    assert host.manager.request_loader(load) is load
    assert host.manager.request_callback is load


def test_without_any_loader_the_first_look_says_so(make_host: MakeHost) -> None:
    host = make_host(loader=False)
    client = host.client()
    if host.is_gatehouse:
        assert host.who(client) == NOBODY
        host.sign_in(client)
    with pytest.raises(Exception, match="user_loader"):
        host.who(client)


def test_templates_know_the_current_user(host: Host) -> None:
    client = host.client()
    assert client.get("/page").text == NOBODY
    host.sign_in(client)
    assert client.get("/page").text == "ada"


def test_the_context_processor_may_be_left_out(make_host: MakeHost) -> None:
    host = make_host(add_context_processor=False)
    seen = host.signed_in().get("/page").text
    assert seen == host.either(flask_login=NOBODY, gatehouse="ada")


def test_a_second_manager_takes_over(host: Host) -> None:
    def take_over() -> str:
        host.manager = flask_login.LoginManager(host.app)
        add_loader(host)
        return host.who(host.signed_in())

    if host.is_gatehouse:
        with pytest.raises(Exception, match="LoginManager"):
            take_over()
    else:
        assert take_over() == "ada"


# Who is here


def test_the_loader_is_given_the_id_as_text(host: Host) -> None:
    asked: list[object] = []

    @host.manager.user_loader  # type: ignore[untyped-decorator] # Flask-Login ships no types
    def load(user_id: str) -> Person | None:
        asked.append(user_id)
        return host.people.get(user_id)

    host.people["7"] = Person("7")
    assert host.who(host.signed_in(name="7")) == "7"
    assert asked
    assert set(asked) == {"7"}


def test_the_user_is_loaded_once_a_request(host: Host) -> None:
    asked: list[str] = []

    @host.manager.user_loader  # type: ignore[untyped-decorator] # Flask-Login ships no types
    def load(user_id: str) -> Person | None:
        asked.append(user_id)
        return host.people.get(user_id)

    client = host.signed_in()
    asked.clear()
    assert client.get("/vault").text == "for the freshly signed in"
    assert asked == ["ada"]


def test_a_page_that_asks_for_nobody_loads_nobody(host: Host) -> None:
    client = host.signed_in()
    with host.hearing(host.names.user_accessed) as heard:
        assert client.get("/quiet").text == "needs nobody"
    assert heard == []


def test_a_page_that_needs_nobody_still_varies_by_cookie(host: Host) -> None:
    response = host.client().get("/quiet")
    assert ("Cookie" in response.vary) is host.either(flask_login=True, gatehouse=False)


def test_a_loader_that_finds_nobody_leaves_an_anonymous_visitor(host: Host) -> None:
    client = host.signed_in()
    del host.people["ada"]
    assert host.who(client) == NOBODY
    assert client.get("/members").status_code == 401


def test_an_id_that_finds_nobody_is_forgotten(host: Host) -> None:
    client = host.signed_in()
    ada = host.people.pop("ada")
    assert host.who(client) == NOBODY
    kept = client.get_cookie(host.session_cookie) is not None
    assert kept is host.either(flask_login=True, gatehouse=False)
    host.people["ada"] = ada
    assert host.who(client) == host.either(flask_login="ada", gatehouse=NOBODY)


def test_nobody_is_an_anonymous_user_with_four_members(host: Host) -> None:
    with host.app.test_request_context():
        nobody = host.names.current_user
        assert isinstance(nobody, host.names.AnonymousUserMixin)
        assert not nobody.is_authenticated
        assert not nobody.is_active
        assert nobody.is_anonymous
        assert nobody.get_id() is None


def test_the_anonymous_user_may_be_of_the_hosts_own_making(host: Host) -> None:
    class Guest(flask_login.AnonymousUserMixin):  # type: ignore[misc] # no types
        name = "a guest"

    host.manager.anonymous_user = Guest
    client = host.client()
    assert host.who(client) == "a guest"
    assert client.get("/page").text == "a guest"


def test_outside_a_request_there_is_no_current_user(host: Host) -> None:
    current_user = host.names.current_user
    assert not current_user
    assert isinstance(current_user, NoneType)
    with host.app.app_context():
        assert isinstance(current_user, NoneType)


def test_user_mixin_answers_what_flask_login_asks(host: Host) -> None:
    class User(host.names.UserMixin):  # type: ignore[misc, name-defined] # found at run time
        def __init__(self, number: int) -> None:
            self.id = number

    user = User(7)
    assert (user.is_authenticated, user.is_active, user.is_anonymous) == (True, True, False)
    assert user.get_id() == "7"
    assert user == User(7)
    assert user != User(8)
    assert user != "7"
    assert len({user, user}) == 1


def test_user_mixin_without_an_id_asks_for_get_id(host: Host) -> None:
    with pytest.raises(NotImplementedError, match="get_id"):
        host.names.UserMixin().get_id()


def test_a_user_may_be_known_by_a_text_of_its_own(host: Host) -> None:
    class Token(Person):
        def get_id(self) -> str:
            return f"token|of {self.name}, é"

    person = Token("ada")
    host.people = {"ada": person, person.get_id(): person}
    client = host.signed_in(remember=True)
    assert host.who(client) == "ada"
    client.delete_cookie(host.session_cookie)
    assert host.who(client) == "ada"


def test_another_method_may_give_the_id(host: Host) -> None:
    host.manager.id_attribute = "get_badge"
    host.people["badge of ada"] = host.people["ada"]
    asked: list[str] = []

    @host.manager.user_loader  # type: ignore[untyped-decorator] # Flask-Login ships no types
    def load(user_id: str) -> Person | None:
        asked.append(user_id)
        return host.people.get(user_id)

    assert host.who(host.signed_in()) == "ada"
    assert set(asked) == {"badge of ada"}


# Request loaders


def accept_keys(host: Host) -> None:
    """Let the key of somebody in the ``X-Api-Key`` header speak for them."""

    @host.manager.request_loader  # type: ignore[untyped-decorator] # Flask-Login ships no types
    def load(request: Request) -> Person | None:
        return host.people.get(request.headers.get("X-Api-Key", "").removeprefix("key of "))


def test_a_request_loader_finds_a_user_by_what_a_request_carries(host: Host) -> None:
    accept_keys(host)
    client = host.client()
    assert client.get("/members").status_code == 401
    assert client.get("/members", headers={"X-Api-Key": "key of ada"}).text == "for members"
    assert client.get("/who", headers={"X-Api-Key": "key of ada"}).text == "ada"


def test_a_request_loader_leaves_no_cookie_behind(host: Host) -> None:
    accept_keys(host)
    client = host.client()
    response = client.get("/members", headers={"X-Api-Key": "key of ada"})
    assert response.headers.getlist("Set-Cookie") == []
    assert client.get("/members").status_code == 401


def test_a_session_is_asked_before_the_request_loader(host: Host) -> None:
    accept_keys(host)
    client = host.signed_in(name="grace")
    assert client.get("/who", headers={"X-Api-Key": "key of ada"}).text == "grace"


def test_a_request_loader_alone_is_enough(make_host: MakeHost) -> None:
    host = make_host(loader=False)
    accept_keys(host)
    assert host.who(host.client()) == NOBODY
    assert host.client().get("/who", headers={"X-Api-Key": "key of ada"}).text == "ada"


def test_a_request_loaded_user_is_not_fresh(host: Host) -> None:
    accept_keys(host)
    client = host.client()
    key = {"X-Api-Key": "key of ada"}
    assert client.get("/vault", headers=key).status_code == 401
    # What an earlier sign-in left in Flask's session makes nobody fresh.
    with client.session_transaction() as session:
        session["_fresh"] = True
    assert client.get("/vault", headers=key).status_code == 401


def test_the_request_loader_sends_a_signal(host: Host) -> None:
    accept_keys(host)
    with host.hearing(host.names.user_loaded_from_request) as heard:
        host.client().get("/who", headers={"X-Api-Key": "key of ada"})
    assert heard == [{"user": host.people["ada"]}]


def test_a_header_loader_still_works_and_warns(host: Host) -> None:
    def load(header: str) -> Person | None:
        return host.people.get(header)

    if host.is_gatehouse:
        with pytest.raises(flask_gatehouse.Misconfigured, match="request_loader"):
            host.manager.header_loader(load)
        return
    with pytest.warns(DeprecationWarning, match="request_loader"):
        host.manager.header_loader(load)
    seen = host.client().get("/who", headers={"Authorization": "ada"}).text
    assert seen == "ada"


# Signing in


def test_login_user_signs_in(host: Host) -> None:
    client = host.client()
    assert host.sign_in(client).text == "True"
    assert host.who(client) == "ada"
    assert client.get("/members").text == "for members"


def test_login_user_counts_in_the_same_request(host: Host) -> None:
    with host.app.test_request_context():
        assert not host.names.current_user.is_authenticated
        host.names.login_user(host.people["ada"])
        assert host.names.current_user.is_authenticated
        assert host.names.current_user == host.people["ada"]


def test_login_user_refuses_an_inactive_user(host: Host) -> None:
    client = host.client()
    with host.hearing(host.names.user_logged_in) as heard:
        assert host.sign_in(client, "mallory").text == "False"
    assert host.who(client) == NOBODY
    assert heard == []


def test_login_user_may_be_forced(host: Host) -> None:
    client = host.client()
    assert host.sign_in(client, "mallory", force=True).text == "True"
    assert host.who(client) == "mallory"


def test_a_second_sign_in_replaces_the_first(host: Host) -> None:
    client = host.signed_in(name="ada")
    host.sign_in(client, "grace")
    assert host.who(client) == "grace"
    client.get("/out")
    assert host.who(client) == NOBODY


def test_signing_in_twice_is_harmless(host: Host) -> None:
    client = host.signed_in()
    assert host.sign_in(client).text == "True"
    assert host.who(client) == "ada"
    assert host.is_fresh(client)


def test_two_browsers_are_signed_in_side_by_side(host: Host) -> None:
    first, second = host.signed_in(), host.signed_in()
    first.get("/out")
    assert host.who(first) == NOBODY
    assert host.who(second) == "ada"


def test_signing_in_sends_a_signal(host: Host) -> None:
    with host.hearing(host.names.user_logged_in) as heard:
        host.signed_in()
    assert heard == [{"user": host.people["ada"]}]


def test_signing_in_and_out_keeps_the_rest_of_the_flask_session(host: Host) -> None:
    client = host.client()
    with client.session_transaction() as session:
        session["basket"] = ["tea"]
    host.sign_in(client)
    client.get("/out")
    with client.session_transaction() as session:
        assert session["basket"] == ["tea"]


def test_a_user_id_put_into_the_flask_session_signs_in(host: Host) -> None:
    client = host.client()
    with client.session_transaction() as session:
        session.update({"_user_id": "ada", "_fresh": True})
    assert host.who(client) == host.either(flask_login="ada", gatehouse=NOBODY)


def test_clearing_the_flask_session_signs_out(host: Host) -> None:
    client = host.signed_in()
    with client.session_transaction() as session:
        session.clear()
    assert host.who(client) == host.either(flask_login=NOBODY, gatehouse="ada")


def test_a_permanent_flask_session_keeps_the_sign_in(host: Host) -> None:
    client = host.client()
    with client.session_transaction() as session:
        session.permanent = True
    host.sign_in(client)
    cookie = client.get_cookie(host.session_cookie)
    assert cookie is not None
    kept = cookie.expires is not None or cookie.max_age is not None
    assert kept is host.either(flask_login=True, gatehouse=False)


def test_the_test_client_of_flask_login_is_signed_in(host: Host) -> None:
    host.app.test_client_class = host.names.FlaskLoginClient
    client = host.app.test_client(user=host.people["ada"])
    assert host.who(client) == host.either(flask_login="ada", gatehouse=NOBODY)


# Remember me


def test_without_remember_the_browser_keeps_nothing(host: Host) -> None:
    client = host.signed_in()
    assert client.get_cookie(host.remember_cookie) is None
    cookie = client.get_cookie(host.session_cookie)
    assert cookie is not None
    assert cookie.max_age is None
    assert cookie.expires is None


def test_remember_sets_a_cookie_that_outlives_the_browser(host: Host) -> None:
    client = host.signed_in(remember=True)
    assert days_kept(client, host.remember_cookie) >= 30


def test_the_remember_cookie_brings_a_person_back(host: Host) -> None:
    client = host.came_back()
    assert host.who(client) == "ada"
    assert client.get("/members").text == "for members"


def test_a_person_brought_back_has_a_session_again(host: Host) -> None:
    client = host.came_back()
    host.who(client)
    client.delete_cookie(host.remember_cookie)
    assert host.who(client) == host.either(flask_login="ada", gatehouse=NOBODY)


def test_a_person_brought_back_is_not_fresh(host: Host) -> None:
    client = host.came_back()
    assert host.who(client) == "ada"
    assert not host.is_fresh(client)
    assert client.get("/vault").status_code == 401


def test_the_remember_cookie_sends_a_signal(host: Host) -> None:
    client = host.came_back()
    with host.hearing(host.names.user_loaded_from_cookie) as heard:
        host.who(client)
        host.who(client)
    times = host.either(flask_login=1, gatehouse=2)
    assert heard == [{"user": host.people["ada"]}] * times


def test_a_remember_cookie_that_was_changed_is_worth_nothing(host: Host) -> None:
    client = host.came_back()
    cookie = client.get_cookie(host.remember_cookie)
    assert cookie is not None
    for value in (cookie.value[:-1], cookie.value[::-1], "nonsense", "|", "", "ada|"):
        client.set_cookie(host.remember_cookie, value)
        assert host.who(client) == NOBODY


def test_a_remember_cookie_of_someone_who_is_gone_is_worth_nothing(host: Host) -> None:
    client = host.came_back()
    del host.people["ada"]
    assert host.who(client) == NOBODY


def test_the_remember_cookie_lasts_a_year(host: Host) -> None:
    client = host.signed_in(remember=True)
    assert days_kept(client, host.remember_cookie) == host.either(flask_login=365, gatehouse=30)


def test_a_shorter_duration_is_kept(host: Host) -> None:
    client = host.signed_in(remember=True, duration=3 * 86400)
    assert days_kept(client, host.remember_cookie) == 3


def test_a_longer_duration_is_kept(host: Host) -> None:
    client = host.signed_in(remember=True, duration=90 * 86400)
    assert days_kept(client, host.remember_cookie) == host.either(flask_login=90, gatehouse=30)


def test_a_duration_that_is_no_timedelta_is_an_error(host: Host) -> None:
    with (
        host.app.test_request_context(),
        pytest.raises(Exception, match=r"duration must be a datetime\.timedelta"),
    ):
        host.names.login_user(host.people["ada"], remember=True, duration=3600)


def test_login_remembered_says_whether_a_cookie_stands_behind_it(host: Host) -> None:
    @host.app.get("/remembered")
    def remembered() -> str:
        return str(host.names.login_remembered())

    assert host.client().get("/remembered").text == "False"
    assert host.signed_in().get("/remembered").text == "False"
    told = host.signed_in(remember=True).get("/remembered").text
    asks_the_server = host.own_names
    assert told == host.either(flask_login="True", gatehouse=str(asks_the_server))


def test_the_remember_cookie_may_be_renamed(make_host: MakeHost) -> None:
    host = make_host(REMEMBER_COOKIE_NAME="come_back")
    kept = host.signed_in(remember=True).get_cookie("come_back")
    assert (kept is not None) is host.either(flask_login=True, gatehouse=False)


@pytest.mark.parametrize("duration", [timedelta(days=7), 7 * 86400])
def test_the_remember_cookie_lasts_as_configured(
    make_host: MakeHost, duration: timedelta | int
) -> None:
    host = make_host(REMEMBER_COOKIE_DURATION=duration)
    client = host.signed_in(remember=True)
    assert days_kept(client, host.remember_cookie) == host.either(flask_login=7, gatehouse=30)


@pytest.mark.parametrize(
    ("setting", "value", "flask_login", "gatehouse"),
    [
        ("REMEMBER_COOKIE_PATH", "/club", "Path=/club", "Path=/"),
        ("REMEMBER_COOKIE_DOMAIN", "club.example", "Domain=club.example", None),
        ("REMEMBER_COOKIE_HTTPONLY", False, None, "HttpOnly"),
        ("REMEMBER_COOKIE_SAMESITE", "None", "SameSite=None", "SameSite=Lax"),
        ("REMEMBER_COOKIE_SECURE", True, "Secure", None),
    ],
)
def test_the_remember_cookie_has_the_configured_attributes(
    make_host: MakeHost, setting: str, value: Any, flask_login: str | None, gatehouse: str | None
) -> None:
    host = make_host(**{setting: value})
    line = cookie_line(host.sign_in(host.client(), remember=True), host.remember_cookie)
    assert line
    attributes = line.split("; ")[1:]
    expected = host.either(flask_login=flask_login, gatehouse=gatehouse)
    unexpected = host.either(flask_login=gatehouse, gatehouse=flask_login)
    assert expected is None or expected in attributes
    assert unexpected is None or unexpected not in attributes


def test_the_remember_cookie_may_be_set_anew_on_each_request(make_host: MakeHost) -> None:
    host = make_host(REMEMBER_COOKIE_REFRESH_EACH_REQUEST=True)
    client = host.signed_in(remember=True)
    renewed = bool(cookie_line(client.get("/who"), host.remember_cookie))
    assert renewed is host.either(flask_login=True, gatehouse=False)


def test_a_signed_user_id_is_a_remember_cookie(host: Host) -> None:
    with host.app.app_context():
        forged = host.names.encode_cookie("ada")
    client = host.client()
    client.set_cookie("remember_token", forged)
    client.set_cookie(host.remember_cookie, forged)
    assert host.who(client) == host.either(flask_login="ada", gatehouse=NOBODY)


# Signing out


def test_logout_user_signs_out(host: Host) -> None:
    client = host.signed_in()
    assert client.get("/out").text == "True"
    assert host.who(client) == NOBODY
    assert client.get("/members").status_code == 401


def test_logout_user_counts_in_the_same_request(host: Host) -> None:
    with host.app.test_request_context():
        host.names.login_user(host.people["ada"])
        host.names.logout_user()
        assert host.names.current_user.is_anonymous
        assert not host.names.login_fresh()


def test_logout_user_takes_the_remember_cookie_away(host: Host) -> None:
    client = host.signed_in(remember=True)
    client.get("/out")
    assert client.get_cookie(host.remember_cookie) is None
    assert host.who(client) == NOBODY


def test_logout_user_of_nobody_is_harmless(host: Host) -> None:
    client = host.client()
    assert client.get("/out").text == "True"
    assert host.who(client) == NOBODY


def test_signing_out_sends_a_signal(host: Host) -> None:
    client = host.signed_in()
    with host.hearing(host.names.user_logged_out) as heard:
        client.get("/out")
    assert heard == [{"user": host.people["ada"]}]


def test_a_copied_session_cookie_works_after_logout(host: Host) -> None:
    client = host.signed_in()
    thief = copied(host, client, host.session_cookie)
    client.get("/out")
    assert host.who(thief) == host.either(flask_login="ada", gatehouse=NOBODY)


def test_a_copied_remember_cookie_works_after_logout(host: Host) -> None:
    client = host.signed_in(remember=True)
    thief = copied(host, client, host.remember_cookie)
    client.get("/out")
    assert host.who(thief) == host.either(flask_login="ada", gatehouse=NOBODY)


# Protecting a view


def test_login_required_lets_the_signed_in_through(host: Host) -> None:
    assert host.signed_in().get("/members").text == "for members"


def test_without_a_login_view_the_answer_is_401(host: Host) -> None:
    assert host.manager.login_view is None
    assert host.client().get("/members").status_code == 401


def test_with_a_login_view_the_visitor_is_sent_there(host: Host) -> None:
    host.manager.login_view = "sign_in"
    response = host.client().get("/members?page=2&q=a%26b")
    assert response.status_code == 302
    assert urlsplit(response.location or "").path == "/sign-in"
    assert query(response) == {"next": ["/members?page=2&q=a%26b"]}


def test_a_form_that_was_refused_is_named_in_next(host: Host) -> None:
    host.manager.login_view = "sign_in"

    @host.app.post("/orders")
    @host.names.login_required  # type: ignore[untyped-decorator] # no types
    def order() -> str:
        return "ordered"

    response = host.client().post("/orders")
    assert response.status_code == host.either(flask_login=302, gatehouse=303)
    assert query(response) == host.either(flask_login={"next": ["/orders"]}, gatehouse={})


def test_the_login_view_may_be_a_path(host: Host) -> None:
    host.manager.login_view = "/come/in?lang=en"
    response = host.client().get("/members")
    assert urlsplit(response.location or "").path == "/come/in"
    assert query(response) == {"lang": ["en"], "next": ["/members"]}


def test_the_login_view_may_be_on_another_site(host: Host) -> None:
    host.manager.login_view = "https://id.example/sign-in"
    response = host.client().get("/members")
    assert (response.location or "").startswith("https://id.example/sign-in?")
    assert query(response) == {"next": ["http://localhost/members"]}


def test_next_never_names_another_site(host: Host) -> None:
    host.manager.login_view = "sign_in"
    for headers in ({"Host": "evil.example"}, {"Referer": "https://evil.example/"}):
        response = host.client().get("/members?next=https://evil.example/", headers=headers)
        (wanted,) = query(response)["next"]
        assert wanted.startswith("/members?")
        assert urlsplit(response.location or "").netloc in {"", "localhost"}


def test_the_host_may_answer_the_visitor_itself(host: Host) -> None:
    @host.manager.unauthorized_handler  # type: ignore[untyped-decorator] # no types
    def refuse() -> tuple[str, int]:
        return "a badge is needed", 403

    host.manager.login_view = "sign_in"
    client = host.client()
    response = client.get("/members")
    assert (response.text, response.status_code) == ("a badge is needed", 403)
    assert host.messages(client) == []


def test_the_visitor_reads_why(host: Host) -> None:
    host.manager.login_view = "sign_in"
    client = host.client()
    client.get("/members")
    assert host.messages(client) == [["message", "Please log in to access this page."]]
    assert host.names.LOGIN_MESSAGE == "Please log in to access this page."


def test_the_message_and_its_category_may_be_chosen(host: Host) -> None:
    host.manager.login_view = "sign_in"
    host.manager.login_message = "Members only."
    host.manager.login_message_category = "warning"
    client = host.client()
    client.get("/members")
    assert host.messages(client) == [["warning", "Members only."]]


def test_without_a_message_nothing_is_flashed(host: Host) -> None:
    host.manager.login_view = "sign_in"
    host.manager.login_message = None
    client = host.client()
    assert client.get("/members").status_code == 302
    assert host.messages(client) == []


def test_messages_pass_through_the_localize_callback(host: Host) -> None:
    host.manager.login_view = host.manager.refresh_view = "sign_in"
    host.manager.login_message = "who?"
    host.manager.needs_refresh_message = "still you?"
    host.manager.localize_callback = str.upper
    client = host.client()
    client.get("/members")
    host.sign_in(client, fresh=False)
    client.get("/vault")
    assert [text for _, text in host.messages(client)] == ["WHO?", "STILL YOU?"]


def with_blueprints(host: Host, *names: str) -> None:
    """Add blueprints with one page for members each, at ``/<name>/``."""
    for name in names:
        blueprint = Blueprint(name, __name__, url_prefix=f"/{name}")

        @blueprint.get("/")
        @host.names.login_required  # type: ignore[untyped-decorator] # no types
        def page() -> str:
            return "for members"

        host.app.register_blueprint(blueprint)


def test_each_blueprint_may_have_a_login_view(host: Host) -> None:
    with_blueprints(host, "staff", "public")
    host.manager.login_view = "sign_in"
    host.manager.blueprint_login_views = {"staff": "/staff/sign-in"}
    client = host.client()
    assert urlsplit(client.get("/staff/").location or "").path == "/staff/sign-in"
    assert urlsplit(client.get("/public/").location or "").path == "/sign-in"
    assert urlsplit(client.get("/members").location or "").path == "/sign-in"


def test_set_login_view_sets_it_for_all_or_for_a_blueprint(host: Host) -> None:
    with_blueprints(host, "staff")
    with host.app.app_context():
        host.names.set_login_view("sign_in")
        assert host.manager.login_view == "sign_in"
        host.names.set_login_view("/staff/sign-in", blueprint=host.app.blueprints["staff"])
    client = host.client()
    assert urlsplit(client.get("/staff/").location or "").path == "/staff/sign-in"
    assert urlsplit(client.get("/members").location or "").path == "/sign-in"


def test_the_wanted_page_may_be_kept_in_the_session(make_host: MakeHost) -> None:
    host = make_host(USE_SESSION_FOR_NEXT=True)
    host.manager.login_view = host.manager.refresh_view = "sign_in"
    client = host.client()
    assert client.get("/members?page=2").location == "/sign-in"
    with client.session_transaction() as session:
        assert session["next"] == "/members?page=2"
    host.sign_in(client, fresh=False)
    assert client.get("/vault").location == "/sign-in"
    with client.session_transaction() as session:
        assert session["next"] == "/vault"


def test_turning_a_visitor_away_sends_a_signal(host: Host) -> None:
    with host.hearing(host.names.user_unauthorized) as heard:
        host.client().get("/members")
        host.signed_in().get("/members")
    assert heard == [{}]


def test_unauthorized_may_be_called_by_hand(host: Host) -> None:
    host.manager.login_view = "sign_in"

    @host.app.before_request
    def guard() -> Any:
        return None if host.names.current_user.is_authenticated else host.manager.unauthorized()

    assert query(host.client().get("/quiet")) == {"next": ["/quiet"]}


@pytest.mark.parametrize("guard", ["login_required", "fresh_login_required"])
def test_options_requests_pass(host: Host, guard: str) -> None:
    host.app.add_url_rule(
        "/shared",
        endpoint="shared",
        view_func=getattr(host.names, guard)(lambda: "asked"),
        methods=["OPTIONS", "DELETE"],
        provide_automatic_options=False,
    )
    client = host.client()
    assert client.options("/shared").text == "asked"
    assert client.delete("/shared").status_code == 401


def test_login_disabled_opens_every_view_in_tests(make_host: MakeHost) -> None:
    host = make_host(LOGIN_DISABLED=True)
    client = host.client()
    answers = [client.get("/members").status_code, client.get("/vault").status_code]
    assert answers == ([401, 401] if host.own_names else [200, 200])
    assert host.who(client) == NOBODY


def test_login_disabled_opens_every_view_in_production(make_host: MakeHost) -> None:
    def members() -> str:
        host = make_host(LOGIN_DISABLED=True, TESTING=False)
        return host.client().get("/members").text

    if make_host(LOGIN_DISABLED=True).is_gatehouse:
        with pytest.raises(Exception, match="LOGIN_DISABLED"):
            members()
    else:
        assert members() == "for members"


def test_async_views_are_protected(host: Host) -> None:
    @host.app.get("/slow")
    @host.names.login_required  # type: ignore[untyped-decorator] # no types
    async def slow() -> str:
        return f"for {host.names.current_user.name}"

    @host.app.get("/slow-vault")
    @host.names.fresh_login_required  # type: ignore[untyped-decorator] # no types
    async def slow_vault() -> str:
        return f"freshly for {host.names.current_user.name}"

    assert host.client().get("/slow").status_code == 401
    client = host.signed_in()
    assert client.get("/slow").text == "for ada"
    assert client.get("/slow-vault").text == "freshly for ada"


def test_class_based_views_are_protected_by_their_decorators(host: Host) -> None:
    class Page(MethodView):
        def get(self) -> str:
            return "for members"

    Page.decorators = [host.names.login_required]

    host.app.add_url_rule("/class", view_func=Page.as_view("class"))
    assert host.client().get("/class").status_code == 401
    assert host.signed_in().get("/class").text == "for members"


# Fresh sign-ins


def test_a_sign_in_is_fresh_unless_asked_otherwise(host: Host) -> None:
    assert host.is_fresh(host.signed_in())
    assert not host.is_fresh(host.signed_in(fresh=False))
    assert not host.is_fresh(host.client())


def test_login_fresh_may_be_asked_before_the_user_is_looked_at(host: Host) -> None:
    asks_the_server = host.own_names
    told = host.signed_in().get("/fresh").text
    assert told == host.either(flask_login="True", gatehouse=str(asks_the_server))
    assert host.signed_in(fresh=False).get("/fresh").text == "False"
    assert host.client().get("/fresh").text == "False"


def test_fresh_login_required_lets_the_fresh_through(host: Host) -> None:
    assert host.signed_in().get("/vault").text == "for the freshly signed in"


def test_fresh_login_required_treats_the_anonymous_like_login_required(host: Host) -> None:
    host.manager.login_view = "sign_in"
    host.manager.refresh_view = "/confirm"
    with host.hearing(host.names.user_unauthorized) as heard:
        response = host.client().get("/vault")
    assert urlsplit(response.location or "").path == "/sign-in"
    assert heard == [{}]


def test_without_a_refresh_view_the_stale_get_401(host: Host) -> None:
    host.manager.login_view = "sign_in"
    assert host.signed_in(fresh=False).get("/vault").status_code == 401


def test_with_a_refresh_view_the_stale_are_sent_there(host: Host) -> None:
    host.manager.refresh_view = "sign_in"
    client = host.signed_in(fresh=False)
    response = client.get("/vault?page=2")
    assert response.status_code == 302
    assert urlsplit(response.location or "").path == "/sign-in"
    assert query(response) == {"next": ["/vault?page=2"]}
    assert host.messages(client) == [["message", "Please reauthenticate to access this page."]]


def test_the_refresh_message_and_its_category_may_be_chosen(host: Host) -> None:
    host.manager.refresh_view = "sign_in"
    host.manager.needs_refresh_message = "Still you?"
    host.manager.needs_refresh_message_category = "warning"
    client = host.signed_in(fresh=False)
    client.get("/vault")
    assert host.messages(client) == [["warning", "Still you?"]]
    host.manager.needs_refresh_message = None
    client.get("/vault")
    assert host.messages(client) == []


def test_the_host_may_answer_the_stale_itself(host: Host) -> None:
    @host.manager.needs_refresh_handler  # type: ignore[untyped-decorator] # no types
    def ask_again() -> tuple[str, int]:
        return "your password, please", 403

    response = host.signed_in(fresh=False).get("/vault")
    assert (response.text, response.status_code) == ("your password, please", 403)


def test_turning_the_stale_away_sends_a_signal(host: Host) -> None:
    client = host.signed_in(fresh=False)
    with host.hearing(host.names.user_needs_refresh) as heard:
        client.get("/vault")
    assert heard == [{}]


def test_needs_refresh_may_be_called_by_hand(host: Host) -> None:
    host.manager.refresh_view = "sign_in"
    host.app.add_url_rule("/again", view_func=host.manager.needs_refresh)
    assert query(host.signed_in().get("/again")) == {"next": ["/again"]}


@pytest.mark.parametrize("left_over", [{}, {"_user_id": "ada", "_fresh": False}])
def test_confirm_login_makes_a_sign_in_fresh_again(host: Host, left_over: dict[str, Any]) -> None:
    client = host.came_back()
    # Flask's session may still hold what Flask-Login wrote before Gatehouse was added.
    with client.session_transaction() as session:
        session.update(left_over)
    assert client.get("/vault").status_code == 401
    client.post("/confirm")
    assert host.is_fresh(client)
    assert client.get("/vault").text == "for the freshly signed in"


def test_confirm_login_sends_a_signal(host: Host) -> None:
    client = host.signed_in(fresh=False)
    with host.hearing(host.names.user_login_confirmed) as heard:
        client.post("/confirm")
    assert heard == [{}]


# Session protection


def test_basic_protection_makes_a_moved_session_stale(host: Host) -> None:
    host.manager.session_protection = "basic"
    client = host.signed_in()
    client.get("/who", headers={"User-Agent": "another browser"})
    assert host.who(client) == "ada"
    assert host.is_fresh(client) is host.either(flask_login=False, gatehouse=True)


def test_strong_protection_ends_a_moved_session(make_host: MakeHost) -> None:
    host = make_host(SESSION_PROTECTION="strong")
    client = host.signed_in()
    moved = client.get("/who", headers={"X-Forwarded-For": "203.0.113.9"}).text
    assert moved == host.either(flask_login=NOBODY, gatehouse="ada")
    assert host.who(client) == host.either(flask_login=NOBODY, gatehouse="ada")


def test_without_protection_a_moved_session_stays_as_it_is(host: Host) -> None:
    host.manager.session_protection = None
    client = host.signed_in()
    client.get("/who", headers={"User-Agent": "another browser"})
    assert host.who(client) == "ada"
    assert host.is_fresh(client)


def test_session_protection_sends_a_signal(host: Host) -> None:
    client = host.signed_in()
    with host.hearing(host.names.session_protected) as heard:
        client.get("/who", headers={"User-Agent": "another browser"})
    assert heard == host.either(flask_login=[{}], gatehouse=[])


# Signals and functions


def test_looking_at_the_user_sends_a_signal_once_a_request(host: Host) -> None:
    client = host.signed_in()
    with host.hearing(host.names.user_accessed) as heard:
        client.get("/members")
    assert heard == [{}]


def test_login_url_names_the_login_page_and_the_way_back(host: Host) -> None:
    login_url = host.names.login_url
    with host.app.test_request_context("/members"):
        assert login_url("sign_in") == "/sign-in"
        assert login_url("sign_in", "/a?b=c&d=e") == "/sign-in?next=%2Fa%3Fb%3Dc%26d%3De"
        assert login_url("sign_in", "/a", next_field="back") == "/sign-in?back=%2Fa"
        assert login_url("/come/in?x=1", "/a") == "/come/in?x=1&next=%2Fa"
        assert login_url("https://id.example/", "http://localhost/a") == (
            "https://id.example/?next=http%3A%2F%2Flocalhost%2Fa"
        )


def test_the_host_of_a_login_url_may_be_forced(make_host: MakeHost) -> None:
    host = make_host(FORCE_HOST_FOR_REDIRECTS="club.example")
    with host.app.test_request_context("/members", headers={"Host": "evil.example"}):
        url = host.names.login_url("sign_in", "http://evil.example/members")
    assert urlsplit(url).netloc == "club.example"


def test_make_next_param_drops_what_both_addresses_share(host: Host) -> None:
    make_next_param = host.names.make_next_param
    wanted = "https://club.example/members?page=2#top"
    assert make_next_param("/sign-in", wanted) == "/members?page=2"
    assert make_next_param("https://club.example/sign-in", wanted) == "/members?page=2"
    assert make_next_param("http://club.example/sign-in", wanted) == wanted
    assert make_next_param("https://id.example/sign-in", wanted) == wanted


def test_encode_cookie_signs_and_decode_cookie_checks(host: Host) -> None:
    with host.app.app_context():
        signed = host.names.encode_cookie("tea|for two")
        assert host.names.decode_cookie(signed) == "tea|for two"
        assert host.names.decode_cookie(f"more {signed}") is None
        assert host.names.decode_cookie("unsigned") is None
        assert host.names.decode_cookie(signed, key="another key") is None
        other = host.names.encode_cookie("tea", key="another key")
        assert host.names.decode_cookie(other, key="another key") == "tea"


def test_a_request_context_of_the_tests_is_enough(host: Host) -> None:
    with host.app.test_request_context("/members"):
        assert host.names.current_user.is_anonymous
        host.names.login_user(host.people["ada"], fresh=False)
        assert render_template_string("{{ current_user.name }}") == "ada"
        assert not host.names.login_fresh()
        host.names.confirm_login()
        assert host.names.login_fresh()
    with host.app.test_request_context("/members"):
        assert host.names.current_user.is_anonymous
        assert url_for("members") == "/members"
