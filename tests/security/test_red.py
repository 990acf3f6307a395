"""Where a browser may be sent, whatever is asked for: appendix A over every way in."""

import re
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from flask_gatehouse.testing import PASSWORD, GatehouseTester
from flask_gatehouse.web.redirects import safe_path
from tests import forms
from tests.security.walk import (
    ALL_METHODS,
    ask,
    browser_goes_to,
    in_every_encoding,
    links,
    people,
    routes,
    setup_link,
)

OURS = ("http", "localhost")
CONTROLS = (" ", "\t", "\r", "\n", "\b", "\x19", "\0")

#: Shapes of appendix A that must end on the default page, by number.
BAD: dict[str, tuple[str, ...]] = {
    "A01": ("http://evil.example", "https://evil.example/x", "ftp://evil.example"),
    "A02": ("//evil.example", "///evil.example", "/////evil.example"),
    "A03": (r"\\evil.example", r"\/evil.example", r"/\evil.example", r"/\/evil.example"),
    "A04": (r"\\\evil.example/path", r"/\\/evil.example", r"\\//evil.example"),
    "A05": (
        "http:///evil.example",
        r"http:/\//evil.example",
        r"http:\/evil.example",
        r"http:/\evil.example",
    ),
    "A06": ("https:evil.example", "http:999999999", "http:evil.example"),
    "A07": tuple(f"{control}//evil.example" for control in CONTROLS),
    "A08": (
        "/\t/evil.example",
        "/%09/evil.example",
        "/%0a/evil.example",
        "/%0d%0a/evil.example",
        "/\r\n/evil.example",
        "/x\r\nLocation: //evil.example",
    ),
    "A09": (
        "\u2009//evil.example",
        "\u00a0//evil.example",
        "\u3000//evil.example",
        "/\uff0fevil.example",
        "//evil\u3002example",
        "/\u2044evil.example",
    ),
    "A10": (
        "https://localhost@evil.example",
        "https://localhost:80@evil.example",
        "//localhost@evil.example",
    ),
    "A11": (
        r"http://evil.example\@localhost",
        r"http://localhost\@evil.example",
        r"http:\\localhost\confirm\me@evil.example",
    ),
    "A12": (
        "https://localhost.evil.example",
        "https://evillocalhost",
        "https://localhost%2eevil.example",
        "https://localhost%00.evil.example",
    ),
    "A13": ("%2f%2fevil.example", "/%2fevil.example", "%5c%5cevil.example", "/%5cevil.example"),
    "A14": ("%252f%252fevil.example", "/%252fevil.example", "%255cevil.example", "/%255cevil"),
    "A15": (
        "javascript:alert(1)",
        "\njavascript:alert(1)",
        "java\nscript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:msgbox(1)",
    ),
    "A16": ("http://[2001:db8::1", "http://[::ffff:1.2.3.4]@x", "http://[v1.x]/", "//[", "/[//["),
    "A17": ("http://localhost/", "https://localhost:8443/", "https://localhost/account/"),
    "A18": (
        "/../..//evil.example",
        "/.//evil.example",
        "/%2e%2e//evil.example",
        "/x/..//evil.example",
        "/%2e/%2fevil.example",
    ),
    "A19": ("/" + "a" * 8192, "/x?" + "a" * 8192, "/caf\u00e9"),
    "A23": (
        "/login/",
        "/login/?next=/login/?next=//evil.example",
        "/login",
        "/logout/",
        "/logout",
        "/setup/x/",
        "/invitation/",
        "/invitation/" + "A" * 43 + "/",
        "/gatehouse/static/gatehouse.css",
        "/static/x",
    ),
}

GOOD = (
    "/",
    "/account/",
    "/view/?param=http://x.example",
    "/a%20b/",
    "/path/http:222",
    "/caf%C3%A9",
    "/x?y=%2F%2Fz#frag",
    "/admin/people/?q=%2F%2Fevil.example",
)

#: Appendix A leaves it open: a query alone is no path, so it is not taken.
UNDECIDED = ("?tab=2", "account/", "#top")


def where(page: TestResponse) -> tuple[str, str]:
    return browser_goes_to(page.location)


@pytest.mark.parametrize("number", BAD)
def test_red_02_a_sign_in_never_ends_elsewhere(patient: GatehouseTester, number: str) -> None:
    patient.add_user()
    found = {}
    for value in BAD[number]:
        as_form = forms.sign_in(patient.client(), next=value)
        as_query = forms.sign_in(patient.client(), path=f"/login/?next={quote(value, safe='')}")
        for how, page in (("form", as_form), ("query", as_query)):
            assert page.status_code == 303
            if page.location != "/admin/":
                found[how, value] = page.location
    assert found == {}


@pytest.mark.parametrize("number", BAD)
def test_red_02_somebody_signed_in_is_never_sent_elsewhere(
    patient: GatehouseTester, number: str
) -> None:
    client = patient.client(patient.add_user())
    found = {}
    for value in BAD[number]:
        for spelling in in_every_encoding(value):
            page = client.get("/login/", query_string={"next": spelling})
            token = forms.token(client.get("/logout/"))
            sent = client.post("/login/", data={"csrf_token": token, "next": spelling})
            for how, answer in (("get", page), ("post", sent)):
                assert answer.status_code == 303
                if answer.location != "/admin/":
                    found[how, spelling] = answer.location
    assert found == {}


@pytest.mark.parametrize("value", GOOD)
def test_red_02_a_path_of_this_site_is_where_one_arrives(
    patient: GatehouseTester, value: str
) -> None:
    patient.add_user()
    assert forms.sign_in(patient.client(), next=value).location == value


@pytest.mark.parametrize("value", UNDECIDED)
def test_red_02_what_is_no_path_is_not_taken(patient: GatehouseTester, value: str) -> None:
    patient.add_user()
    assert forms.sign_in(patient.client(), next=value).location == "/admin/"


@pytest.mark.parametrize(
    "value", ["//evil.example", r"/\evil.example", "https:evil.example", "/%2fevil.example"]
)
def test_red_02_the_first_administrator_is_never_sent_elsewhere(
    tester: GatehouseTester, value: str
) -> None:
    path = f"{setup_link(tester)}?next={quote(value, safe='')}"
    page = forms.send(
        tester.client(), path, username="chief", email="", password=PASSWORD, next=value
    )
    assert page.status_code == 303
    assert page.location == "/admin/"


#: A20: several copies of the same wish, of which different layers might read different ones.
COPIES = (
    "next=/account/&next=//evil.example",
    "next=//evil.example&next=/account/",
    "next[]=//evil.example",
    "next=&next=//evil.example",
    "NEXT=//evil.example",
    "next=%00&next=//evil.example",
)


@pytest.mark.parametrize("copies", COPIES)
def test_red_02_several_copies_lead_nowhere_else(patient: GatehouseTester, copies: str) -> None:
    patient.add_user()
    client = patient.client()
    token = quote(forms.token(client.get("/login/")), safe="")
    body = f"csrf_token={token}&username=alice&password={quote(PASSWORD)}&{copies}"
    kind = "application/x-www-form-urlencoded"
    sent = client.post(f"/login/?{copies}", data=body, content_type=kind)
    assert sent.status_code == 303
    assert sent.location in {"/admin/", "/account/"}


#: A21: the way back is taken from the request line itself.
REQUEST_LINES = (
    ("//evil.example/%2e%2e", ""),
    ("/\\evil.example", ""),
    ("//admin/", ""),
    ("/admin//", ""),
    ("//evil.example/admin/", ""),
    ("/admin/", "x=//evil.example"),
    ("/admin/", "next=//evil.example"),
    ("/admin/", "//evil.example"),
    ("/admin/", "\\evil.example"),
    ("/admin/", "%0d%0aLocation://evil.example"),
    ("/admin/", "caf\xe9"),
    ("/admin/", "x" * 6000),
    ("/admin", "next=//evil.example"),
)


@pytest.mark.parametrize(("path", "query"), REQUEST_LINES)
def test_red_02_the_way_back_is_never_elsewhere(
    patient: GatehouseTester, path: str, query: str
) -> None:
    patient.add_user()
    client = patient.client()
    page = client.get("/", environ_overrides={"PATH_INFO": path, "QUERY_STRING": query})
    for _ in range(3):
        if not page.location:
            break
        assert where(page) == OURS
        assert "\n" not in page.location
        page = client.get(page.location)
    if page.request.path == "/login/":
        form = forms.token(page)
        wanted = page.request.args.get("next", "")
        done = client.post(
            page.request.full_path,
            data={"csrf_token": form, "username": "alice", "password": PASSWORD, "next": wanted},
        )
        assert done.status_code == 303
        assert where(done) == OURS


#: A22, and the header that CVE-2026-40295 was about.
HEADERS = {
    "Referer": "https://evil.example/x",
    "Origin": "https://evil.example",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Prefix": "//evil.example",
    "X-Forwarded-Server": "evil.example",
    "X-Original-URL": "//evil.example/",
    "X-Rewrite-URL": "//evil.example/",
    "Forwarded": "host=evil.example;proto=https",
    "Location": "https://evil.example",
    "Refresh": "0;url=https://evil.example",
}


def test_red_03_no_header_of_a_request_leads_anywhere(patient: GatehouseTester) -> None:
    found = []
    for kind, client in people(patient).items():
        for route in routes(patient.app):
            for method in ALL_METHODS:
                page = ask(client, route.path, method, headers=HEADERS)
                told = f"{page.headers}\n{page.text}"
                if "evil.example" in told:
                    found.append((kind, method, route.path))
    assert found == []


def test_red_03_a_session_that_is_over_is_not_sent_to_the_referrer(
    patient: GatehouseTester,
) -> None:
    client = patient.client(patient.add_user())
    client.set_cookie("gatehouse", "gh1s.00000000." + "A" * 43)
    page = client.get("/account/", headers={"Referer": "https://evil.example/x"})
    assert page.location == "/login/?next=%2Faccount%2F"
    token = forms.token(client.get("/login/"))
    sent = client.post(
        "/logout/", data={"csrf_token": token}, headers={"Referer": "https://evil.example/x"}
    )
    assert sent.location == "/login/"


HOSTS = st.sampled_from(
    (
        "localhost@evil.example",
        "evillocalhost",
        "localhost.evil.example",
        "localhost.evil",
        "127.0.0.1@evil.example",
        "localhost.",
        "LOCALHOST",
        "l\u00f6calhost",
        "xn--lcalhost-n4a",
        "localhost:8443",
        "evil.example",
    )
)
SLASHES = st.text("/\\\t\n\r %2f5c.", max_size=5)
SCHEMES = st.sampled_from(("", "http:", "https:", "HTTP:", "ftp:", "javascript:", "//", "x:"))


@given(SCHEMES, SLASHES, HOSTS, st.sampled_from(("", "/", "/x", "?y", "#z", "\\", "@localhost/")))
@example("http:", "//", "localhost", "")
def test_red_04_no_other_host_is_taken_for_ours(
    scheme: str, slashes: str, host: str, rest: str
) -> None:
    path = safe_path(f"{scheme}{slashes}{host}{rest}")
    if path is not None:
        assert path.startswith("/")
        assert browser_goes_to(path) == OURS
        assert browser_goes_to(path, "https://localhost/") == ("https", "localhost")


@given(st.text(max_size=60) | st.text("/\\.%25fFcC0aAdDeE?#@:[]\t\n ", max_size=24))
def test_red_04_whatever_is_taken_stays_here(wanted: str) -> None:
    path = safe_path(wanted)
    if path is not None:
        assert browser_goes_to(path) == OURS
        assert path.isascii()
        assert path.isprintable()


PARAMETERS = ("next", "url", "redirect", "callbackURL", "continue", "rd", "return_to", "goto", "r")


def test_red_06_no_parameter_of_any_page_changes_the_origin(patient: GatehouseTester) -> None:
    asked = dict.fromkeys(PARAMETERS, "//evil.example/x")
    found = []
    for kind, client in people(patient).items():
        for route in routes(patient.app):
            for method in ("GET", "HEAD", "POST"):
                form = asked if method == "POST" else {}
                page = ask(client, route.path, method, query_string=asked, data=form)
                goes = [page.location] if page.location else []
                goes += links(page) if page.mimetype == "text/html" else []
                # The same page by the name of this machine, where browsers have passkeys.
                goes = [link for link in goes if link != f"http://localhost:5000{route.path}"]
                found += [
                    (kind, method, route.path, link)
                    for link in goes
                    if browser_goes_to(link) != OURS and not link.startswith("data:")
                ]
    assert found == []


def test_red_06_logging_out_takes_no_wish(patient: GatehouseTester) -> None:
    client = patient.client(patient.add_user())
    token = forms.token(client.get("/logout/"))
    sent = client.post(
        "/logout/?next=//evil.example", data={"csrf_token": token, "next": "//evil.example"}
    )
    assert sent.location == "/login/"


#: The only scripts that a page may have: modules of ours, each in a file.
OUR_MODULES = re.compile(
    r'<script type="module" src="/gatehouse/static/(passkeys|live)\.js"></script>'
)


def test_red_07_no_address_of_a_page_is_what_was_asked_for(patient: GatehouseTester) -> None:
    kinds = people(patient)
    for value in BAD["A15"]:
        for client in kinds.values():
            for route in routes(patient.app):
                page = ask(client, route.path, query_string={"next": value, "q": value})
                if page.mimetype == "text/html":
                    for link in links(page):
                        assert browser_goes_to(link)[0] in {"http", "https"}, (route.path, link)
                    assert "<script" not in OUR_MODULES.sub("", page.text)
        refused = forms.sign_in(patient.client(), "nobody", "wrong", next=value)
        assert all(browser_goes_to(link)[0] == "http" for link in links(refused))


def test_red_08_long_wishes_and_circles_are_dropped_and_the_sign_in_works(
    patient: GatehouseTester,
) -> None:
    patient.add_user()
    for value in (*BAD["A19"], *BAD["A23"]):
        client = patient.client()
        for page in (
            client.get("/login/", query_string={"next": value}),
            forms.sign_in(client, next=value),
        ):
            assert page.status_code in {200, 303}
            assert all(len(line) < 4096 for line in page.headers.getlist("Set-Cookie"))
        assert page.location == "/admin/", value[:40]
        assert client.get("/admin/").status_code == 200
