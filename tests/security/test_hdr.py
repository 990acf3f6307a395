"""What every answer says to browsers and caches, and what no request can talk it out of."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, Response, abort, request
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_gatehouse import current_user
from flask_gatehouse.features.throttling.models import Counter
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from tests import forms
from tests.conftest import MakeSite
from tests.security.conftest import HTTPS
from tests.security.walk import (
    FORM,
    UNLIMITED,
    ask,
    invitation_for,
    links,
    people,
    routes,
    rows,
    set_cookies,
    who,
)

EXPECTED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}

POLICY = (
    "default-src 'none'",
    "base-uri 'none'",
    "object-src 'none'",
    "frame-ancestors 'none'",
    "form-action 'self'",
)


class BrokenError(Exception):
    """Something that nobody expected."""


def with_crashes(app: Flask) -> Flask:
    """Add what a host may have: pages that crash in several ways."""

    @app.route("/crash/")
    def crash() -> str:
        raise BrokenError("the secret is out")

    @app.route("/crash-in-template/")
    def crash_in_template() -> str:
        from flask import render_template_string  # noqa: PLC0415 - the host's own

        return render_template_string("{{ nothing.at.all }}")

    @app.route("/abort/<int:code>/")
    def stop(code: int) -> str:
        abort(code)

    return app


@pytest.fixture
def crashing(make_site: MakeSite, sqlite_url: str) -> GatehouseTester:
    return GatehouseTester(with_crashes(make_site(sqlite_url, **UNLIMITED)))


@pytest.fixture
def crashing_https(make_site: MakeSite, sqlite_url: str) -> GatehouseTester:
    app = make_site(sqlite_url, GATEHOUSE_PUBLIC_URL=HTTPS, **UNLIMITED)
    return GatehouseTester(with_crashes(app))


def every_answer(
    tester: GatehouseTester, client: FlaskClient, base: str = ""
) -> Iterator[tuple[str, str, TestResponse]]:
    """Yield answers of every kind: pages, files, redirects, and errors of each status."""
    paths = [route.path for route in routes(tester.app) if "<" not in route.path]
    paths = [path.replace("/abort/" + "A" * 43, "/abort/404") for path in paths]
    paths += ["/nowhere/", "/login", "/admin//", "//admin/", "/gatehouse/static/none.css"]
    paths += [f"/abort/{code}/" for code in (400, 401, 403, 404, 405, 409, 410, 413, 418, 422)]
    paths += [f"/abort/{code}/" for code in (429, 500, 501, 502, 503, 504)]
    for path in paths:
        for method in ("GET", "HEAD", "OPTIONS", "POST", "DELETE", "TRACE", "NONSENSE"):
            yield method, path, ask(client, f"{base}{path}", method)
    too_much = {"data": "x" * 70_000, "content_type": "application/x-www-form-urlencoded"}
    yield "POST", "/login/", ask(client, f"{base}/login/", "POST", **too_much)


def test_hdr_05_every_answer_carries_the_headers(crashing: GatehouseTester) -> None:
    statuses = set()
    for client in (crashing.client(), people(crashing)["administrator"]):
        for method, path, page in every_answer(crashing, client):
            statuses.add(page.status_code)
            for name, value in EXPECTED.items():
                assert page.headers.get(name) == value, (method, path, name)
            policy = page.headers["Content-Security-Policy"]
            assert all(part in policy for part in POLICY), (method, path)
            assert "unsafe" not in policy
            assert "Permissions-Policy" in page.headers
            assert "Strict-Transport-Security" not in page.headers
            assert "Server" not in page.headers
            assert "X-Powered-By" not in page.headers
    assert statuses >= {200, 302, 303, 308, 400, 401, 403, 404, 405, 413, 429, 500, 503}


def test_hdr_05_over_https_browsers_are_told_to_stay_there(crashing_https: GatehouseTester) -> None:
    for method, path, page in every_answer(crashing_https, crashing_https.client(), HTTPS):
        told = page.headers.get("Strict-Transport-Security", "")
        assert told.startswith("max-age=63072000"), (method, path)
        assert "includeSubDomains" in told
        assert "preload" not in told
        assert "upgrade-insecure-requests" in page.headers["Content-Security-Policy"]
        assert all(name.startswith("__Host-") for name in set_cookies(page)), (method, path)


def test_hdr_05_nothing_is_shown_of_what_broke(crashing: GatehouseTester) -> None:
    for path in ("/crash/", "/crash-in-template/", "/abort/500/", "/abort/502/"):
        page = crashing.client().get(path)
        assert page.status_code >= 500
        for told in (
            "the secret is out",
            "Broken",
            "Traceback",
            "File ",
            ".py",
            "Werkzeug",
            "jinja",
        ):
            assert told not in page.text, (path, told)
        assert page.mimetype == "text/html"


#: Answers that are the same for everybody, so that they may be kept.
def may_be_kept(path: str) -> bool:
    return "/static/" in path


def test_hdr_01_no_cache_keeps_what_depends_on_who_asks(crashing: GatehouseTester) -> None:
    for kind, client in people(crashing).items():
        for method, path, page in every_answer(crashing, client):
            if may_be_kept(path):
                assert set_cookies(page) == [], (kind, method, path)
                continue
            assert page.headers.get("Cache-Control") == "no-store", (kind, method, path)


def test_hdr_01_files_are_the_same_for_everybody(patient: GatehouseTester) -> None:
    answers = set()
    for client in [*people(patient).values(), patient.client()]:
        client.set_cookie(FORM, "x")
        page = ask(client, "/gatehouse/static/gatehouse.css")
        assert "Cookie" not in page.headers.get("Vary", "")
        answers.add((page.status, page.data, page.headers["Cache-Control"]))
    assert len(answers) == 1


def with_pages_of_the_host(app: Flask) -> Flask:
    """Add pages that look at who is asking, at several moments, and one that does not."""

    @app.route("/greeting/")
    def greeting() -> str:
        return "in" if current_user.is_authenticated else "out"

    @app.route("/compressed/")
    def compressed() -> Response:
        return Response(greeting(), headers={"Vary": "Accept-Encoding"})

    @app.route("/counted/")
    @app.route("/unasked/")
    def unasked() -> str:
        return "for all"

    @app.after_request
    def count(response: Response) -> Response:
        if request.path == "/counted/":
            response.headers["X-Kind"] = greeting()
        return response

    return app


def test_hdr_01_a_page_of_the_host_that_asks_who_is_there_varies_by_cookie(
    make_site: MakeSite, sqlite_url: str
) -> None:
    tester = GatehouseTester(with_pages_of_the_host(make_site(sqlite_url, **UNLIMITED)))
    for kind, client in people(tester).items():
        for path in ("/greeting/", "/compressed/", "/counted/"):
            said = ask(client, path).headers.getlist("Vary")
            named = [each.strip() for line in said for each in line.split(",")]
            wanted = {"Cookie", "Accept-Encoding"} if path == "/compressed/" else {"Cookie"}
            assert sorted(named) == sorted(wanted), (kind, path)
        page = ask(client, "/unasked/")
        assert (page.text, page.headers.get("Vary")) == ("for all", None), kind


UNKNOWN_HOSTS = (
    "evil.example",
    "evil.example:80",
    "localhost.evil.example",
    "localhost@evil.example",
    "evil.example@localhost",
    "localhost:80@evil.example",
    "evil.example#localhost",
    "evil.example/localhost",
    "evil.example\\localhost",
    "localhost, evil.example",
    "localhost evil.example",
    "ours.example.",
    "[::1]",
    "169.254.169.254",
    "192.0.2.1",
    "\xff",
    " ",
    "a" * 300,
)


def test_hdr_02_an_unknown_host_is_refused_before_anything_is_done(
    patient: GatehouseTester,
) -> None:
    client = patient.client(patient.add_user())
    for route in routes(patient.app):
        if route.endpoint in HEALTH or route.path.startswith("/static/"):
            continue
        for host in UNKNOWN_HOSTS:
            for method in ("GET", "POST"):
                page = ask(client, route.path, method, environ_overrides={"HTTP_HOST": host})
                assert page.status_code == 400, (host, method, route.path)
                assert "evil.example" not in f"{page.headers} {page.text}", (host, route.path)
                assert set_cookies(page) == []
                assert "alice" not in page.text
    assert who(client) == "alice"


#: Answers a load balancer whatever it calls us; nothing in the answer depends on the host.
HEALTH = frozenset({"site.health"})


@pytest.mark.parametrize(
    "host", ["evil.example", "ours.example.evil.example", "127.0.0.1", "localhost"]
)
def test_hdr_02_over_https_only_the_public_host_is_ours(https: GatehouseTester, host: str) -> None:
    for path in ("/login", "/login/", "/admin/", "/"):
        environ = {"HTTP_HOST": host}
        page = ask(https.client(), f"{HTTPS}{path}", environ_overrides=environ)
        assert page.status_code == 400, path
        assert host not in f"{page.headers} {page.text}"
    health = ask(https.client(), f"{HTTPS}/healthz", environ_overrides={"HTTP_HOST": host})
    assert host not in f"{health.headers} {health.text}"


def test_hdr_02_links_in_mails_come_from_the_setting_alone(https: GatehouseTester) -> None:
    runner = https.app.test_cli_runner()
    args = ["gatehouse", "users", "create", "alice", "--email", "alice@example.org", "--invite"]
    done = runner.invoke(args=args, env={"HTTP_HOST": "evil.example", "HOST": "evil.example"})
    assert done.exit_code == 0
    (mail,) = https.mails()
    body = mail.get_body(("plain",))
    assert body is not None
    found = [word for word in body.get_content().split() if "://" in word]
    assert found
    assert all(link.startswith(f"{HTTPS}/invitation/") for link in found)


FORWARDED: dict[str, str] = {
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Ssl": "on",
    "X-Forwarded-Scheme": "https",
    "Front-End-Https": "on",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Prefix": "/evil",
    "X-Forwarded-Port": "8443",
    "X-Forwarded-For": "203.0.113.77",
    "X-Real-IP": "203.0.113.77",
    "X-Script-Name": "/evil",
    "X-Original-Host": "evil.example",
    "Forwarded": 'for="203.0.113.77";host=evil.example;proto=https',
}


def test_hdr_03_forwarded_headers_that_nobody_asked_for_change_nothing(
    patient: GatehouseTester,
) -> None:
    kinds = people(patient)
    for kind, client in kinds.items():
        for route in routes(patient.app):
            for method in ("GET", "HEAD", "OPTIONS"):
                plain = ask(client, route.path, method)
                forged = ask(client, route.path, method, headers=FORWARDED)
                assert forged.status == plain.status, (kind, route.path)
                assert forged.location == plain.location, (kind, route.path)
                assert "Strict-Transport-Security" not in forged.headers
                assert "evil" not in f"{forged.headers} {forged.text}", (kind, route.path)
                if method == "GET" and forged.mimetype == "text/html":
                    assert links(forged) == links(plain), (kind, route.path)


def test_hdr_03_nor_the_cookies_of_a_sign_in(patient: GatehouseTester) -> None:
    patient.add_user()
    client = patient.client()
    token = forms.token(client.get("/login/", headers=FORWARDED))
    data = {"csrf_token": token, "username": "alice", "password": PASSWORD, "remember": "y"}
    page = client.post("/login/", data=data, headers=FORWARDED)
    assert page.status_code == 303
    assert page.location == "/admin/"
    assert min(set_cookies(page)) == "gatehouse"
    assert "Secure" not in str(page.headers.getlist("Set-Cookie"))


def test_hdr_03_http_cannot_take_secure_away_from_a_site_with_https(https: GatehouseTester) -> None:
    https.add_user()
    client = https.client()
    plain = "http://ours.example/login/"
    token = forms.token(client.get(plain, headers={"X-Forwarded-Proto": "http"}))
    data = {"csrf_token": token, "username": "alice", "password": PASSWORD}
    page = client.post(plain, data=data, headers={"X-Forwarded-Proto": "http"})
    lines = page.headers.getlist("Set-Cookie")
    assert lines
    assert all("Secure" in line and line.startswith("__Host-") for line in lines)


@pytest.mark.parametrize("hops", [1, 2])
def test_hdr_03_a_trusted_proxy_is_believed_about_the_client_and_nothing_else(
    make_site: MakeSite, sqlite_url: str, hops: int
) -> None:
    app = make_site(
        sqlite_url,
        GATEHOUSE_TRUSTED_PROXIES=hops,
        GATEHOUSE_THROTTLING_NAME_AND_NETWORK="1/1h",
        GATEHOUSE_THROTTLING_NETWORK="1000/1h",
    )
    tester = GatehouseTester(app)
    for number in range(3):
        client = tester.client()
        token = forms.token(client.get("/login/"))
        chain = ", ".join([f"198.51.100.{number}", "203.0.113.1", "10.0.0.1"][: hops + 1])
        headers = {**FORWARDED, "X-Forwarded-Proto": "http", "X-Forwarded-For": chain}
        page = client.post(
            "/login/",
            data={"csrf_token": token, "username": "alice", "password": "x"},
            headers=headers,
        )
        assert "evil" not in f"{page.headers} {page.text}"
        # What the client wrote itself, left of what the proxies wrote, is not looked at.
        assert page.status_code == (401 if number == 0 else 429)
    # Of the network, of the name in it, and of the name: nobody became a network of their own.
    counted = [row.limit_name for row in rows(tester, Counter) if row.count]
    assert sorted(counted) == ["account", "name and network", "network"]


NAMING = (
    "X-Auth-User",
    "X_Auth_User",
    "Remote-User",
    "REMOTE_USER",
    "X-Forwarded-User",
    "X-Forwarded-Email",
    "X-Remote-User",
    "X-User-Id",
    "X-WEBAUTH-USER",
    "X-Authenticated-User",
    "Sec-Auth-User",
    "X-Original-User",
    "SSL-Client-S-DN-CN",
    "User-Id",
    "From",
)


def test_hdr_04_no_header_says_who_somebody_is(patient: GatehouseTester) -> None:
    user = patient.add_user("chief", email="chief@example.org", admin=True)
    for header in NAMING:
        key = header.upper().replace("-", "_")
        for value in ("chief", "chief@example.org", str(user.id)):
            environ: dict[str, Any] = {f"HTTP_{key}": value, key: value, "REMOTE_USER": value}
            for path in ("/admin/", "/admin/people/", "/account/"):
                page = ask(patient.client(), path, environ_overrides=environ)
                assert page.status_code == 302, (header, path)


def test_hdr_02_a_redirect_of_the_router_names_no_other_host(patient: GatehouseTester) -> None:
    for path in ("/login", "/admin", "/account", "/admin/people", "/logout", "/invitation"):
        page = patient.client().get(path, headers={"Host": "localhost"})
        assert page.status_code == 308
        assert page.location in {f"http://localhost{path}/", f"{path}/"}


def test_hdr_01_links_that_open_something_are_kept_by_nobody(patient: GatehouseTester) -> None:
    path = invitation_for(patient, patient.add_user())
    client = patient.client()
    opened = client.get(path)
    assert opened.headers["Cache-Control"] == "no-store"
    assert opened.headers["Referrer-Policy"] == "same-origin"
    assert opened.location == "/invitation/"
    shown = client.get("/invitation/")
    assert shown.headers["Cache-Control"] == "no-store"
    assert path.split("/")[2] not in f"{shown.text} {shown.request.url}"
