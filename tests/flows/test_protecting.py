"""Whole applications and blueprints that are protected, as somebody from outside meets them."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar

import flask_login
import pytest
from flask import Blueprint, Flask, render_template_string, request
from flask.views import MethodView, View

from flask_gatehouse import (
    Card,
    ConsolePage,
    Gatehouse,
    Misconfigured,
    administrator_required,
    fresh_login_required,
    login_required,
    login_user,
    permissions_required,
    public,
)
from flask_gatehouse.features.roles import service as roles
from flask_gatehouse.features.users import service as users
from flask_gatehouse.testing import GatehouseTester, settings_for_tests

Make = Callable[..., tuple[Flask, Gatehouse]]

PERMISSIONS = {"reports.read": "Read the reports", "reports.edit": "Change the reports"}


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Make an application with two views, a file and a blueprint within a blueprint."""
    made: list[Flask] = []

    def build(config: dict[str, Any] | None = None, **options: Any) -> tuple[Flask, Gatehouse]:
        (tmp_path / "static").mkdir(exist_ok=True)
        (tmp_path / "static" / "notes.txt").write_text("a file")
        app = Flask("host", root_path=str(tmp_path))
        app.config.update({**settings_for_tests(tmp_path), **(config or {})})
        gatehouse = Gatehouse(app, permissions=PERMISSIONS, **options)
        app.add_url_rule("/", "index", lambda: "index")
        app.add_url_rule("/late/", "late", lambda: "late", methods=["GET", "POST"])
        made.append(app)
        return app, gatehouse

    yield build
    for app in made:
        app.extensions["gatehouse"].works.engine.dispose()


def word() -> str:
    """Be a view."""
    return "in"


def other_word() -> str:
    """Be another one: `public` marks a view itself."""
    return "in"


def shelves() -> Blueprint:
    outer = Blueprint("outer", __name__, url_prefix="/outer")
    inner = Blueprint("inner", __name__, url_prefix="/inner")
    outer.add_url_rule("/", "index", lambda: "outer")
    inner.add_url_rule("/", "index", lambda: "inner")
    outer.register_blueprint(inner)
    return outer


def statuses(app: Flask, *paths: str, method: str = "GET") -> list[int]:
    client = app.test_client()
    return [client.open(path, method=method, buffered=True).status_code for path in paths]


def with_right(tester: GatehouseTester, name: str, *permissions: str) -> Any:
    user = tester.add_user(name)
    with tester.work() as work:
        roles.make(work, name=f"{name}s", permissions=permissions)
        roles.grant(work, user=user, role=f"{name}s")
    return tester.client(user)


def test_nothing_of_a_protected_application_is_open_but_what_is_named(make: Make) -> None:
    app, gatehouse = make()
    gatehouse.protect(app, public=["index"])
    app.register_blueprint(shelves())
    app.add_url_rule("/later/", "later", lambda: "later")
    tester = GatehouseTester(app)
    closed = ("/late/", "/later/", "/outer/", "/outer/inner/", "/static/notes.txt")
    for method in ("GET", "HEAD"):
        assert statuses(app, "/", method=method) == [200]
        away = 302 if method == "GET" else 303
        assert statuses(app, *closed, method=method) == [away] * 5
    assert statuses(app, "/late/", method="POST") == [303]
    page = app.test_client().get("/late/?a=1")
    assert page.location == "/login/?next=%2Flate%2F%3Fa%3D1"
    member = tester.client(tester.add_user("member"))
    assert [member.get(path, buffered=True).status_code for path in closed] == [200] * 5


def test_what_is_protected_later_is_protected_from_the_next_request_on(make: Make) -> None:
    app, gatehouse = make()
    gatehouse.protect(Blueprint("elsewhere", __name__))
    assert statuses(app, "/late/") == [200]
    gatehouse.protect(app)
    assert statuses(app, "/late/") == [302]
    gatehouse.protect(app, public=["lately"])
    with pytest.raises(Misconfigured, match="lately"):
        statuses(app, "/late/")


def test_our_own_pages_stay_where_they_are(make: Make) -> None:
    app, gatehouse = make()
    gatehouse.protect(app, permissions=["reports.read"], fresh=True, second_factor=True)
    tester = GatehouseTester(app)
    assert statuses(app, "/login/", "/recover/", "/gatehouse/static/tokens.css") == [200] * 3
    assert statuses(app, "/account/", "/admin/") == [302] * 2
    member = tester.client(tester.add_user("member"))
    assert member.get("/account/").status_code == 200
    assert member.get("/").status_code == 403


def test_what_is_not_there_is_not_there(make: Make) -> None:
    app, gatehouse = make()
    gatehouse.protect(app)
    GatehouseTester(app)
    assert statuses(app, "/nowhere/") == [404]
    assert statuses(app, "/late/", method="DELETE") == [405]
    assert statuses(app, "/late") == [308]


def test_what_asks_before_a_request_is_answered_and_what_a_view_answers_itself_is_not(
    make: Make,
) -> None:
    app, gatehouse = make()
    gatehouse.protect(app)
    app.add_url_rule("/own/", "own", lambda: "told", methods=["GET", "OPTIONS"])
    GatehouseTester(app)
    assert statuses(app, "/late/", method="OPTIONS") == [200]
    assert statuses(app, "/own/", method="OPTIONS") == [303]


def test_no_function_of_the_host_answers_before_the_guard(make: Make) -> None:
    app, gatehouse = make()
    app.before_request(lambda: "answered by the host")
    gatehouse.protect(app)
    GatehouseTester(app)
    assert statuses(app, "/late/") == [302]


@pytest.mark.parametrize("first", ["protect", "register"])
def test_a_blueprint_is_protected_with_all_that_it_nests(make: Make, first: str) -> None:
    app, gatehouse = make()
    blueprint = shelves()
    if first == "protect":
        gatehouse.protect(blueprint, permissions=["reports.read"])
    app.register_blueprint(blueprint)
    app.register_blueprint(blueprint, name="again", url_prefix="/again")
    if first == "register":
        gatehouse.protect(blueprint, permissions=["reports.read"])
    tester = GatehouseTester(app)
    closed = ("/outer/", "/outer/inner/", "/again/", "/again/inner/")
    assert statuses(app, *closed) == [302] * 4
    assert statuses(app, "/", "/late/") == [200] * 2
    member = tester.client(tester.add_user("member"))
    assert [member.get(path).status_code for path in closed] == [403] * 4
    reader = with_right(tester, "reader", "reports.read")
    assert [reader.get(path).status_code for path in closed] == [200] * 4


def test_adm_13_the_view_decides_and_never_the_path(make: Make) -> None:
    app, gatehouse = make()
    blueprint = shelves()
    gatehouse.protect(blueprint)
    app.register_blueprint(blueprint)
    app.add_url_rule("/outer/open/", "beside", lambda: "beside")
    app.add_url_rule("/elsewhere/", "outer.moved", lambda: "moved")
    app.add_url_rule("/also/", "outer.index")
    GatehouseTester(app)
    assert statuses(app, "/outer/open/") == [200]
    assert statuses(app, "/elsewhere/", "/also/") == [302] * 2
    for path in ("/outer//", "//outer/", "/OUTER/", "/outer/./", "/x/../outer/", "/outer%2F"):
        assert app.test_client().get(path).text != "outer"


def test_a_host_cannot_take_a_view_out_by_a_name_that_looks_like_ours(make: Make) -> None:
    app, gatehouse = make()
    gatehouse.protect(app)
    app.add_url_rule("/evil/", "gatehouse.evil", lambda: "evil")
    GatehouseTester(app)
    assert statuses(app, "/evil/") == [302]


def test_of_a_mark_and_a_protection_the_stricter_holds(make: Make) -> None:
    app, gatehouse = make()
    gatehouse.protect(app, permissions=["reports.read"])

    def rule(path: str, view: Any) -> None:
        app.add_url_rule(path, path.strip("/"), view)

    rule("/open/", public(lambda: "open"))
    rule("/both/", login_required(public(other_word)))
    rule("/edit/", permissions_required("reports.edit")(word))
    rule("/known/", login_required(word))
    rule("/fresh/", fresh_login_required()(word))
    tester = GatehouseTester(app)
    assert statuses(app, "/open/", "/both/", "/edit/", "/known/") == [200, 302, 302, 302]
    member = tester.client(tester.add_user("member"))
    paths = ("/open/", "/both/", "/edit/", "/known/")
    assert [member.get(path).status_code for path in paths] == [200, 403, 403, 403]
    reader = with_right(tester, "reader", "reports.read")
    assert [reader.get(path).status_code for path in paths] == [200, 200, 403, 200]
    assert reader.get("/fresh/").status_code == 200


def test_more_can_be_asked_for_than_a_sign_in(make: Make) -> None:
    app, gatehouse = make()
    asks: dict[str, dict[str, Any]] = {
        "new": {"fresh": True},
        "two": {"second_factor": True},
        "desk": {"roles": ["desk"]},
    }
    for name, options in asks.items():
        blueprint = Blueprint(name, __name__, url_prefix=f"/{name}")
        blueprint.add_url_rule("/", "index", lambda: "in")
        app.register_blueprint(blueprint)
        gatehouse.protect(blueprint, **options)
    tester = GatehouseTester(app)
    user = tester.add_user("member")
    client = tester.client(user)
    assert client.get("/new/").status_code == 200
    assert client.get("/desk/").status_code == 403
    assert client.get("/two/").status_code in {302, 303}
    two = tester.client()
    tester.sign_in(two, user, methods=("password", "totp"))
    assert two.get("/two/").status_code == 200
    remembering = tester.client()
    tester.sign_in(remembering, user, remember=True)
    remembering.delete_cookie("gatehouse")
    asked = remembering.get("/new/")
    assert (asked.status_code, asked.location) == (302, "/confirm/?next=%2Fnew%2F")
    with tester.work() as work:
        roles.make(work, name="desk")
        roles.grant(work, user=user, role="desk")
    assert client.get("/desk/").status_code == 200
    with tester.work() as work:
        users.suspend(work, user=users.named(work.db, "member"))
    for path in ("/new/", "/two/", "/desk/"):
        assert str(client.get(path).location).startswith("/login/")


def test_a_hosts_own_page_of_sign_in_is_no_circle(make: Make) -> None:
    app, gatehouse = make(pages=False)
    gatehouse.protect(app, permissions=["reports.read"], fresh=True)
    gatehouse.login_manager.login_view = "enter"
    tester = GatehouseTester(app)
    user = tester.add_user("chief", admin=True)

    @app.route("/enter/", methods=["GET", "POST"])
    def enter() -> str:
        if request.method == "POST":
            login_user(user)
        return "enter"

    client = app.test_client()
    assert client.get("/late/").location == "/enter/?next=%2Flate%2F"
    assert client.get("/enter/").status_code == 200
    assert client.post("/enter/").status_code == 200
    assert client.get("/late/").text == "late"


@pytest.mark.parametrize(
    ("target", "names", "near"),
    [("app", ["indx"], "'index'"), ("blueprint", ["inner.indx"], "'inner.index'")],
)
def test_a_name_that_no_view_has_stops_every_request(
    make: Make, target: str, names: list[str], near: str
) -> None:
    app, gatehouse = make()
    blueprint = shelves()
    app.register_blueprint(blueprint)
    gatehouse.protect(app if target == "app" else blueprint, public=names)
    GatehouseTester(app)
    for _ in range(2):
        with pytest.raises(Misconfigured, match=near):
            app.test_client().get("/")
    done = app.test_cli_runner().invoke(args=["gatehouse", "routes"])
    assert done.exit_code == 1
    assert near in done.stderr


def test_a_name_that_is_public_within_a_blueprint(make: Make) -> None:
    app, gatehouse = make()
    blueprint = shelves()
    gatehouse.protect(blueprint, public=["inner.index"])
    app.register_blueprint(blueprint)
    GatehouseTester(app)
    assert statuses(app, "/outer/", "/outer/inner/") == [302, 200]


def test_what_cannot_be_protected_is_refused_at_once(make: Make) -> None:
    _, gatehouse = make()
    for wrong in ("index", None, lambda: "x"):
        with pytest.raises(Misconfigured, match="neither an application nor a blueprint"):
            gatehouse.protect(wrong)
    blueprint = shelves()
    with pytest.raises(Misconfigured, match="nobody declares"):
        gatehouse.protect(blueprint, permissions=["reports.raed"])
    texts: list[dict[str, Any]] = [
        {"permissions": "reports.read"},
        {"public": "index"},
        {"roles": "desk"},
    ]
    for text in texts:
        with pytest.raises(Misconfigured, match="list of names"):
            gatehouse.protect(blueprint, **text)


def test_classes_of_views_say_it_by_method(make: Make) -> None:
    app, gatehouse = make()

    class Marked(View):
        decorators: ClassVar[list[Callable[..., Any]]] = [login_required]
        init_every_request = False

        def dispatch_request(self) -> str:
            return "marked"

    class Mixed(MethodView):
        @public
        def get(self) -> str:
            return "shown"

        def post(self) -> str:
            return "changed"

    app.add_url_rule("/marked/", view_func=Marked.as_view("marked"))
    app.add_url_rule("/mixed/", view_func=Mixed.as_view("mixed"))
    told = routes_of(app)
    assert told["/marked/", "GET"] == "signed in"
    assert told["/mixed/", "GET"] == "public"
    assert told["/mixed/", "POST"] == "anyone (unmarked)"
    gatehouse.protect(app)
    GatehouseTester(app)
    assert statuses(app, "/mixed/", "/marked/") == [200, 302]
    assert statuses(app, "/mixed/", method="HEAD") == [200]
    assert statuses(app, "/mixed/", method="POST") == [303]


def routes_of(app: Flask, *options: str) -> dict[tuple[str, str], str]:
    done = app.test_cli_runner().invoke(args=["gatehouse", "routes", "--json", *options])
    told = [json.loads(line) for line in done.stdout.splitlines()]
    return {(each["rule"], method): each["who"] for each in told for method in each["methods"]}


def test_the_list_of_routes_knows_the_hosts_marks(make: Make) -> None:
    app, gatehouse = make()

    def noisy(view: Any) -> Any:
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return view(*args, **kwargs)

        return wrapper

    for name, view in {
        "theirs": flask_login.login_required(word),
        "both": fresh_login_required(permissions_required("reports.read")(word)),
        "lost": noisy(login_required(word)),
    }.items():
        app.add_url_rule(f"/{name}/", name, view)
    told = routes_of(app)
    assert told["/theirs/", "GET"] == "signed in"
    assert told["/both/", "GET"] == "permitted: reports.read, fresh"
    assert told["/lost/", "GET"] == "anyone (unmarked)"
    assert told["/late/", "POST"] == "anyone (unmarked)"
    assert told["/static/<path:filename>", "GET"] == "public (files)"
    unmarked = app.test_cli_runner().invoke(args=["gatehouse", "routes", "--unmarked"])
    assert unmarked.exit_code == 1
    assert "/late/" in unmarked.stdout
    assert "/theirs/" not in unmarked.stdout
    gatehouse.protect(app, public=["index"], permissions=["reports.read"])
    told = routes_of(app)
    assert told["/late/", "GET"] == "protected: permitted: reports.read"
    assert told["/", "GET"] == "public"
    assert app.test_cli_runner().invoke(args=["gatehouse", "routes", "--unmarked"]).exit_code == 0


class Overdue(Card):
    needs = "reports.read"
    template = "overdue.html"

    def facts(self, house: object) -> dict[str, object]:
        del house
        return {"number": 3}


def test_a_host_puts_a_page_and_a_card_into_the_console(make: Make, tmp_path: Path) -> None:
    console = [ConsolePage(endpoint="reports", label="Reports", needs="reports.read"), Overdue()]
    app, _ = make(console=console)
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "overdue.html").write_text("<p>{{ card.number }} overdue</p>")
    (tmp_path / "templates" / "reports.html").write_text(
        '{% extends "gatehouse/console.html" %}{% block title %}Reports{% endblock %}'
        "{% block console %}<p>All of them.</p>{% endblock %}"
    )

    @app.get("/reports/")
    @permissions_required("reports.read")
    def reports() -> str:
        from flask import render_template  # noqa: PLC0415 - of the host alone

        return render_template("reports.html")

    tester = GatehouseTester(app)
    reader = with_right(tester, "reader", "reports.read")
    page = reader.get("/admin/").text
    assert "3 overdue" in page
    assert 'href="/reports/"' in page
    own = reader.get("/reports/").text
    assert 'aria-current="page">Reports</a>' in own
    assert "All of them." in own
    member = tester.client(tester.add_user("member")).get("/admin/").text
    assert "overdue" not in member
    assert "/reports/" not in member


@pytest.mark.parametrize(
    ("console", "said"),
    [
        ([ConsolePage(endpoint="index", label="Home", needs="reports.raed")], "nobody declares"),
        ([type("Nothing", (Overdue,), {"needs": "nothing.at_all"})()], "nobody declares"),
        (["index"], "neither a ConsolePage nor a Card"),
    ],
)
def test_what_the_console_cannot_show_stops_the_start(
    make: Make, console: list[object], said: str
) -> None:
    with pytest.raises(Misconfigured, match=said):
        make(console=console)


@pytest.mark.parametrize(
    ("endpoint", "said"), [("index", "which anyone may open"), ("nowhere", "no such view")]
)
def test_a_page_of_the_console_that_guards_nothing_is_not_shown(
    make: Make, endpoint: str, said: str
) -> None:
    page = ConsolePage(endpoint=endpoint, label="Home", needs="reports.read")
    app, _ = make(console=[page])
    tester = GatehouseTester(app)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    chief = tester.client(tester.add_user("chief", admin=True))
    assert chief.get("/admin/").status_code == 500
    second = tester.add_user("second", admin=True)
    with app.test_request_context("/"):
        login_user(second)
        with pytest.raises(Misconfigured, match=said):
            render_template_string("{{ gatehouse_page.console_tabs() }}")


def test_what_asks_for_rights_never_goes_by_what_was_read_before(
    make: Make, tmp_path: Path
) -> None:
    app, gatehouse = make(config={"GATEHOUSE_SESSIONS_CACHE_FOR": "10s"})
    blueprint = Blueprint("desk", __name__, url_prefix="/desk")
    blueprint.add_url_rule("/", "index", lambda: "in")
    app.register_blueprint(blueprint)
    gatehouse.protect(blueprint, permissions=["reports.read"])
    app.add_url_rule("/admins/", "admins", administrator_required(other_word))
    app.add_url_rule("/marked/", "marked", permissions_required("reports.read")(word))
    app.add_url_rule("/known/", "known", login_required(word))
    tester = GatehouseTester(app)
    client = tester.client(tester.add_user("chief", admin=True))
    paths = ("/desk/", "/admins/", "/marked/")
    assert [client.get(path).status_code for path in ("/known/", *paths)] == [200] * 4
    # In another process, which this one hears nothing of.
    with closing(sqlite3.connect(tmp_path / "gatehouse.db")) as another, another:
        another.execute("UPDATE gatehouse_user SET is_admin = 0")
    assert [client.get(path).status_code for path in ("/known/", *paths)] == [200, *[403] * 3]
