"""OWASP ASVS 5.0, V3: what browsers are told, and what they are not given."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from flask.testing import FlaskClient

import flask_gatehouse
from flask_gatehouse.features.users.models import User
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from tests import forms
from tests.security.conftest import HTTPS
from tests.security.walk import (
    REMEMBER,
    SESSION,
    Route,
    Visit,
    ask,
    browser_goes_to,
    invitation_for,
    links,
    people,
    routes,
    set_cookies,
    snapshot,
)

SOURCE = Path(flask_gatehouse.__file__).parents[1]

#: What a page has on which a browser may be asked for a passkey.
MODULES = re.compile(r'<script type="module" src="/gatehouse/static/(passkeys|live)\.js"></script>')


def test_asvs_3_2_1_what_is_no_page_cannot_be_read_as_one(every_page: Sequence[Visit]) -> None:
    for _, route, page in every_page:
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        assert page.mimetype in {"text/html", "text/css", "application/json", "text/plain"}
        if page.mimetype == "application/json":
            assert "<" not in page.text, route.path
            assert "default-src 'none'" in page.headers["Content-Security-Policy"]


INERT = "<img src=x onerror=alert(1)>"


def test_asvs_3_2_2_text_of_people_is_never_markup(site: GatehouseTester) -> None:
    user = site.add_user("alice", email="alice@example.org", admin=True)
    with site.work() as work:
        row = work.db.get(User, user.id)
        assert row is not None
        # Past our own rules, as an import or a host might write it.
        row.username = INERT
        row.email = f"{INERT}@example.org"
    client = site.client(user)
    shown = 0
    for route in routes(site.app):
        query = {"q": INERT, "next": INERT, "page": INERT}
        page = ask(client, route.path, query_string=query)
        assert INERT not in page.text, route.path
        shown += "&lt;img src=x onerror=alert(1)&gt;" in page.text
    assert shown >= 3
    refused = forms.sign_in(site.client(), f'"><script>alert(1)</script>{INERT}', "x")
    assert "<script" not in MODULES.sub("", refused.text)
    assert INERT not in refused.text
    for name in ("{{7*7}}", "${7*7}", "{% for x in y %}", "#{7*7}"):
        page = forms.sign_in(site.client(), name, "x")
        assert f'value="{name}"' in page.text


def test_asvs_3_2_2_no_template_trusts_a_value() -> None:
    found = [
        path.name
        for path in SOURCE.rglob("*.html")
        if re.search(r"\|\s*safe\b|autoescape\s+false|Markup", path.read_text("utf-8"))
    ]
    assert found == []


def test_asvs_3_2_3_no_script_writes_markup(every_page: Sequence[Visit]) -> None:
    modules = list(SOURCE.rglob("*.js"))
    assert {module.name for module in modules} == {"passkeys.js", "live.js"}
    writes = (
        r"innerHTML|outerHTML|insertAdjacent|document\.write|eval|Function|setTimeout\(\s*[\"'`]"
    )
    for module in modules:
        assert not re.search(writes, module.read_text("utf-8"))
    for _, route, page in every_page:
        assert "<script" not in MODULES.sub("", page.text.lower()), route.path
        assert "javascript:" not in page.text.lower(), route.path
        links(page)


def cookies_of_a_visit(https: GatehouseTester) -> list[str]:
    user = https.add_user()
    client = https.client()
    pages = [client.get(f"{HTTPS}/admin/"), client.get(f"{HTTPS}/login/")]
    token = forms.token(pages[-1])
    data = {"csrf_token": token, "username": "alice", "password": PASSWORD, "remember": "y"}
    pages += [client.post(f"{HTTPS}/login/", data=data), client.get(f"{HTTPS}/account/")]
    token = forms.token(pages[-1])
    pages += [client.get(HTTPS + invitation_for(https, user))]
    pages += [client.post(f"{HTTPS}/logout/", data={"csrf_token": token})]
    return [line for page in pages for line in page.headers.getlist("Set-Cookie")]


def test_asvs_3_3_1_every_cookie_is_secure_over_https(https: GatehouseTester) -> None:
    lines = cookies_of_a_visit(https)
    assert len(lines) >= 6
    assert all("; Secure" in line and line.startswith("__Host-") for line in lines)


def test_asvs_3_3_2_every_cookie_says_which_sites_may_send_it(https: GatehouseTester) -> None:
    assert all("; SameSite=Lax" in line for line in cookies_of_a_visit(https))


def test_asvs_3_3_3_every_cookie_is_for_this_host_alone(https: GatehouseTester) -> None:
    for line in cookies_of_a_visit(https):
        assert "; Path=/" in line
        assert "domain" not in line.lower()


def test_asvs_3_3_4_the_value_of_a_cookie_is_nowhere_else(site: GatehouseTester) -> None:
    user = site.add_user("alice", admin=True)
    client = site.client()
    link = invitation_for(site, user)
    pages = [client.get("/login/"), forms.sign_in(client, remember="y")]
    assert all("; HttpOnly" in line for line in pages[-1].headers.getlist("Set-Cookie"))
    opened = client.get(link)
    values = [forms.cookie(client, name) for name in (SESSION, REMEMBER, "gatehouse_invitation")]
    pages += [ask(client, route.path) for route in routes(site.app)]
    pages += [client.get("/invitation/"), opened]
    for value in values:
        assert value
        for page in pages:
            headers = [line for name, line in page.headers if name != "Set-Cookie"]
            assert value not in f"{headers} {page.text}"
            assert value.rpartition(".")[2] not in f"{headers} {page.text}"


def test_asvs_3_3_5_cookies_stay_small(https: GatehouseTester) -> None:
    lines = cookies_of_a_visit(https)
    sizes = {line.partition("=")[0]: len(line.partition(";")[0]) for line in lines}
    assert max(size for name, size in sizes.items() if not name.endswith("form")) < 200
    client = https.client()
    page = client.get(f"{HTTPS}/login/", query_string={"next": "/" + "x" * 10_000})
    page = client.get(f"{HTTPS}/admin/", query_string={"x": "x" * 10_000})
    assert all(len(line) < 4096 for line in page.headers.getlist("Set-Cookie"))
    assert "xxxx" not in str(page.headers.getlist("Set-Cookie"))


def test_asvs_3_4_1_https_is_asked_for_on_every_answer(https: GatehouseTester) -> None:
    client = https.client()
    for path in ("/", "/login/", "/admin/", "/login", "/nowhere", "/gatehouse/static/mark.svg"):
        page = ask(client, f"{HTTPS}{path}")
        policy = page.headers["Strict-Transport-Security"]
        assert int(re.findall(r"max-age=(\d+)", policy)[0]) >= 31_536_000
        assert "includeSubDomains" in policy


def test_asvs_3_4_1_and_on_none_without_https(every_page: Sequence[Visit]) -> None:
    for _, route, page in every_page:
        assert "Strict-Transport-Security" not in page.headers, route.path


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost.evil.example"]
)
def test_asvs_3_4_2_no_answer_is_for_another_origin(patient: GatehouseTester, origin: str) -> None:
    for route in routes(patient.app):
        page = ask(patient.client(), route.path, headers={"Origin": origin})
        assert not [name for name, _ in page.headers if name.startswith("Access-Control")]


def test_asvs_3_4_3_the_policy_allows_our_module_where_it_stands_and_nothing_inline(
    every_page: Sequence[Visit],
) -> None:
    for _, route, page in every_page:
        policy = dict(
            part.strip().partition(" ")[::2]
            for part in page.headers["Content-Security-Policy"].split(";")
        )
        assert policy["default-src"] == "'none'", route.path
        assert policy["object-src"] == policy["base-uri"] == "'none'"
        has_module = MODULES.search(page.text) is not None
        assert policy.get("script-src", "'none'") == ("'self'" if has_module else "'none'")
        if has_module:
            assert policy["require-trusted-types-for"] == "'script'"
            assert policy["trusted-types"] == "'none'"
        assert "unsafe" not in str(policy)
        assert "*" not in str(policy)
        assert not re.search(r"<style\b|\sstyle=", page.text), route.path


def test_asvs_3_4_4_no_answer_is_guessed_at(every_page: Sequence[Visit]) -> None:
    for _, route, page in every_page:
        assert page.headers["X-Content-Type-Options"] == "nosniff", route.path
        assert page.headers["Content-Type"]


def test_asvs_3_4_5_no_address_is_told_to_other_sites(site: GatehouseTester) -> None:
    link = invitation_for(site, site.add_user())
    client = site.client()
    page = client.get(link, follow_redirects=True)
    assert page.request.path == "/invitation/"
    assert link.split("/")[2] not in page.text
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert page.history[0].headers["Referrer-Policy"] == "same-origin"


def test_asvs_3_4_6_no_answer_may_be_framed(every_page: Sequence[Visit]) -> None:
    for _, route, page in every_page:
        policy = page.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy, route.path
        assert page.headers["X-Frame-Options"] == "DENY"


def test_asvs_3_4_8_no_document_shares_its_window(every_page: Sequence[Visit]) -> None:
    for _, route, page in every_page:
        assert page.headers["Cross-Origin-Opener-Policy"] == "same-origin", route.path


def test_asvs_3_5_1_each_unsafe_route_takes_only_a_form_of_its_own_session(
    patient: GatehouseTester,
) -> None:
    kinds = people(patient)
    other = forms.token(kinds["administrator"].get("/account/"))
    before_sign_in = forms.token(patient.client().get("/login/"))
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    for kind, client in kinds.items():
        own = forms.token(client.get("/logout/"))
        before = snapshot(patient)
        for route in routes(patient.app):
            if "POST" not in route.methods:
                continue
            for token, headers in (
                ("", {}),
                (other if kind != "administrator" else before_sign_in, {}),
                (before_sign_in, {}),
                (own, elsewhere),
            ):
                data = {"csrf_token": token, "username": "member", "password": PASSWORD}
                page = client.post(route.path, data=data, headers=headers)
                assert page.status_code in {400, 403}, (kind, route.path)
        assert snapshot(patient) == before


def test_asvs_3_5_2_no_page_reads_json(patient: GatehouseTester) -> None:
    """A form is a form: what is sent as anything else is not read into its fields."""
    patient.add_user()
    client = patient.client()
    token = forms.token(client.get("/login/"))
    entry = {"username": "alice", "password": PASSWORD}
    for kind in ("application/json", "text/plain", "application/vnd.api+json"):
        page = client.post(
            "/login/",
            json=entry,
            content_type=kind,
            headers={"X-CSRF-Token": token},
        )
        assert page.status_code in {400, 401, 415}, kind
        assert SESSION not in set_cookies(page), kind


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_asvs_3_5_3_opening_a_page_changes_nothing(patient: GatehouseTester, method: str) -> None:
    kinds = people(patient)
    link = invitation_for(patient, patient.add_user("invited", password=None))
    counted = ("gatehouse_throttle",)
    before = snapshot(patient, without=counted)
    for client in kinds.values():
        for route in [*routes(patient.app), Route("link", link, frozenset({"GET"}))]:
            ask(client, route.path, method)
    assert snapshot(patient, without=counted) == before


@pytest.mark.parametrize("name", ["callback", "jsonp", "_callback", "cb"])
def test_asvs_3_5_6_no_answer_becomes_a_script(patient: GatehouseTester, name: str) -> None:
    plain = ask(patient.client(), "/healthz")
    page = ask(patient.client(), "/healthz", query_string={name: "alert"})
    assert (page.data, page.mimetype) == (plain.data, plain.mimetype)


def test_asvs_3_5_7_files_hold_nothing_of_anybody(patient: GatehouseTester) -> None:
    files = sorted((SOURCE / "flask_gatehouse/web/static").rglob("*.*"))
    assert files
    for file in files:
        answers = {
            ask(client, f"/gatehouse/static/{file.name}").data for client in people_of(patient)
        }
        assert len(answers) == 1


def people_of(tester: GatehouseTester) -> list[FlaskClient]:
    held: list[FlaskClient] = tester.app.extensions.setdefault("clients of a test", [])
    if not held:
        held += people(tester).values()
    return held


def test_asvs_3_5_8_no_other_site_may_load_what_is_ours(every_page: Sequence[Visit]) -> None:
    for _, route, page in every_page:
        assert page.headers["Cross-Origin-Resource-Policy"] == "same-origin", route.path


def test_asvs_3_6_1_everything_comes_from_this_site(every_page: Sequence[Visit]) -> None:
    for _, route, page in every_page:
        for link in links(page):
            ours = browser_goes_to(link) in {("http", "localhost"), ("http", "localhost:5000")}
            assert ours or link.startswith("data:"), (
                route.path,
                link,
            )
    for file in (SOURCE / "flask_gatehouse/web/static").rglob("*.css"):
        text = file.read_text("utf-8")
        assert "@import" not in text
        for address in re.findall(r"url\(([^)]*)\)", text):
            assert "//" not in address.strip("'\"") or address.strip("'\"").startswith("data:")


def test_asvs_3_7_1_pages_are_plain(every_page: Sequence[Visit]) -> None:
    for _, route, page in every_page:
        if route.endpoint == "gatehouse.mail.letters":
            # The preview of letters, which is there for developers only, shows each in a sandbox.
            continue
        for tag in ("<object", "<embed", "<applet", "<iframe", "<frame", "<base"):
            assert tag not in page.text.lower(), route.path


VECTORS = (
    "https://evil.example",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "https:evil.example",
    "/%09/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "https://localhost@evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "\uff0f\uff0fevil.example",
)


@pytest.mark.parametrize("vector", VECTORS)
def test_asvs_3_7_2_only_a_path_of_this_site_is_followed(
    patient: GatehouseTester, vector: str
) -> None:
    patient.add_user()
    assert forms.sign_in(patient.client(), next=vector).location == "/admin/"
    client = patient.client()
    token = forms.token(client.get("/login/"))
    page = client.post(
        "/login/",
        query_string={"next": vector},
        data={"csrf_token": token, "username": "alice", "password": PASSWORD},
    )
    assert page.location == "/admin/"


def test_asvs_3_7_3_nobody_is_sent_to_another_site(patient: GatehouseTester) -> None:
    for client in people_of(patient):
        for path in [*(route.path for route in routes(patient.app)), "/login", "/admin", "//x/"]:
            for method in ("GET", "HEAD", "POST"):
                page = ask(client, path, method)
                if page.location:
                    assert browser_goes_to(page.location) == ("http", "localhost"), path


def test_asvs_3_7_5_without_cookies_the_form_says_so_and_signs_nobody_in(
    patient: GatehouseTester,
) -> None:
    patient.add_user()
    client = patient.client(use_cookies=False)
    token = forms.token(client.get("/login/"))
    data = {"csrf_token": token, "username": "alice", "password": PASSWORD}
    page = client.post("/login/", data=data)
    assert page.status_code == 400
    assert "load the page again" in page.text


DOCS = Path(__file__).parents[2] / "docs"


def what_browsers_need() -> str:
    page = (DOCS / "security.md").read_text("utf-8")
    return page.partition("## What browsers need")[2].partition("\n## ")[0]


def test_asvs_3_1_1_what_browsers_are_asked_for_is_written_down(https: GatehouseTester) -> None:
    https.add_user()
    client = https.client()
    answers = [client.get("/login/", base_url=HTTPS)]
    form = {"csrf_token": forms.token(answers[0]), "username": "alice", "password": PASSWORD}
    answers.append(client.post("/login/", base_url=HTTPS, data=form))
    page = client.get("/account/", base_url=HTTPS)
    headers = {"Referer": f"{HTTPS}/account/"}
    sent = {"csrf_token": forms.token(page)}
    answers.append(client.post("/logout/", base_url=HTTPS, data=sent, headers=headers))
    needed = what_browsers_need()
    # What every browser and every cache has known for ever, and a name for old ones.
    old = {"Content-Type", "Content-Length", "Location", "Vary", "Cache-Control", "X-Frame-Options"}
    for answer in answers:
        for name in {*dict(answer.headers)} - old - {"Set-Cookie"}:
            assert f"`{name}`" in needed, name
        for line in answer.headers.getlist("Set-Cookie"):
            assert line.startswith("__Host-")
            assert "`__Host-`" in needed


def test_asvs_3_5_4_a_host_of_its_own_is_recommended_with_the_reason() -> None:
    assert "host of its own" in what_browsers_need()
    assert "at another port" in what_browsers_need()


def test_asvs_3_7_4_preload_is_not_asked_for_and_its_risk_is_written_down(
    https: GatehouseTester,
) -> None:
    page = https.client().get("/login/", base_url=HTTPS)
    assert "preload" not in page.headers["Strict-Transport-Security"]
    assert "getting off the list takes\nmonths" in what_browsers_need()
