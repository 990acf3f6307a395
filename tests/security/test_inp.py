"""Whatever is sent, an answer comes that is not ours to be ashamed of, and nothing changes."""

import io
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from flask_gatehouse.features.audit.models import AuditRow
from flask_gatehouse.features.sessions.models import Session
from flask_gatehouse.features.users import rules
from flask_gatehouse.features.users.errors import AddressRefused
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from tests import forms
from tests.security.walk import (
    ALL_METHODS,
    FORM,
    INVITATION,
    KINDS,
    REMEMBER,
    SESSION,
    Route,
    ask,
    bare,
    invitation_for,
    people,
    routes,
    rows,
    sent_to_login,
    session_rows,
    set_cookies,
    setup_link,
    snapshot,
    who,
)

FACE = "\N{GRINNING FACE}"

#: As it stands in a path, a query or a form, percent-encoded.
HOSTILE: dict[str, str] = {
    "NUL": "a%00b",
    "only NUL": "%00",
    "invalid UTF-8": "a%ff%feb",
    "a lone surrogate": "a%ed%a0%80b",
    "an overlong slash": "a%c0%afb",
    "an overlong NUL": "a%c0%80b",
    "cut short": "a%e2%82",
    "four bytes": "a%f0%9f%98%80b",
    "a broken escape": "a%zz%",
    "controls": "a%01%07%1b%5b31mb%7f%9b",
    "a line break": "a%0d%0aX-Evil:%20yes",
    "other line breaks": "a%e2%80%a8b%e2%80%a9c%c2%85",
    "direction marks": "%e2%80%aeecila",
    "not a character": "a%ef%bf%bf",
    "long": "x" * 3000,
    "long and wide": "%f0%9f%98%80" * 500,
    "markup": "%3Cscript%3Ealert(1)%3C/script%3E",
    "a template": "%7B%7B7*7%7D%7D",
    "SQL": "'%20OR%201=1%20--",
    "a list": "a,b;c",
    "a path": "..%2F..%2Fetc%2Fpasswd",
    "empty": "",
    "space": "%20",
    "no-break space": "%c2%a0",
    "marks": "a" + "%cc%81" * 600,
}

#: Fields of all forms together.
FIELDS = ("username", "password", "email", "remember", "next", "csrf_token", "unknown")

URLENCODED = "application/x-www-form-urlencoded"

MARKER = "marker-of-a-password-7"


#: Answer whatever is asked in the same way, and lead there; what that leaves, tests of theirs look
#: at.
ANSWERS_ALIKE = {
    "gatehouse.login_by_mail.ask": "/login/mail/sent/",
    "gatehouse.recovery.ask": "/recover/sent/",
}
#: Answer whoever asks for a passkey in the same way.
ASKS_ALIKE = {"gatehouse.passkeys.sign_in_options", "gatehouse.passkeys.sign_up_options"}
LEFT_BY_ASKING = (
    "gatehouse_passkey_challenge",
    "gatehouse_throttle",
    "gatehouse_proof",
    "gatehouse_outbox",
    "gatehouse_audit",
    "gatehouse_audit_lane",
)

#: Cookies that hand the secret of a link to its page.
HANDED = {
    "gatehouse_address",
    "gatehouse_address-undo",
    "gatehouse_invited",
    "gatehouse_mail-link",
    "gatehouse_passkey",
    "gatehouse_recovery",
    "gatehouse_return",
    "gatehouse_undo",
    "gatehouse_verify",
    INVITATION,
}


def is_alike(route: Route, page: Any) -> bool:
    """Whether it is the one answer to everybody who asks for a letter, or for a passkey."""
    if route.endpoint in ASKS_ALIKE:
        return page.status_code == 200 and "challenge" in page.json
    there = str(page.location).partition("?")[0]
    return ANSWERS_ALIKE.get(route.endpoint) == there


def good_doors(tester: GatehouseTester) -> list[Route]:
    """Return every route; a link that is there is good."""
    return [route for route in routes(tester.app) if "POST" in route.methods]


def answered(page: Any, where: object) -> None:
    assert page.status_code < 500, (where, page.status)
    assert "X-Evil" not in page.headers, where
    assert "<script>alert" not in page.text, where
    assert "Traceback" not in page.text, where


#: One test each, so that those who run tests side by side share them.
each_hostile = pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)


@each_hostile
def test_inp_01_hostile_text_in_every_field_is_only_wrong(
    generous: GatehouseTester, value: str
) -> None:
    site = generous
    site.add_user("alice", email="alice@example.org")
    client = site.client()
    client.get("/invitation/" + "A" * 42 + "8/")
    filled = {"username": "nobody", "password": "x", "email": "a@example.org", "remember": "y"}
    before = snapshot(site, without=LEFT_BY_ASKING)
    for route in good_doors(site):
        if route.endpoint == "gatehouse.login.logout":
            continue
        token = forms.token(client.get("/login/"))
        for field in FIELDS:
            sent = {"csrf_token": token.replace("=", "%3D"), **filled, field: value}
            body = "&".join(f"{name}={text}" for name, text in sent.items())
            page = client.post(route.path, data=body, content_type=URLENCODED)
            answered(page, (route.path, field))
            wrong = page.status_code >= 400 or sent_to_login(page)
            assert wrong or is_alike(route, page), (route.path, field)
    assert snapshot(site, without=LEFT_BY_ASKING) == before


@each_hostile
def test_inp_01_hostile_text_in_paths_queries_and_headers_is_only_wrong(
    patient: GatehouseTester, value: str
) -> None:
    kinds = people(patient)
    before = snapshot(patient, without=("gatehouse_throttle",))
    raw = bytes_of(value).decode("latin-1")
    environ = {
        "QUERY_STRING": f"next={value}&q={value}&page={value}&{value}={value}",
        "HTTP_USER_AGENT": raw,
        "HTTP_REFERER": raw,
        "HTTP_ACCEPT_LANGUAGE": raw,
        "HTTP_ORIGIN": raw,
        "HTTP_X_CSRF_TOKEN": raw,
        "HTTP_AUTHORIZATION": raw,
    }
    prefixes = ("/invitation/", "/setup/", "/gatehouse/static/", "/static/", "/", "/admin/")
    for name, client in kinds.items():
        for route in routes(patient.app):
            answered(ask(client, route.path, environ_overrides=environ), (name, route.path))
        for path in (prefix + raw for prefix in prefixes):
            page = ask(client, "/", environ_overrides={"PATH_INFO": path})
            answered(page, (name, path))
    assert snapshot(patient, without=("gatehouse_throttle",)) == before


@each_hostile
def test_inp_01_hostile_text_in_cookies_is_only_wrong(patient: GatehouseTester, value: str) -> None:
    people(patient)
    before = snapshot(patient, without=("gatehouse_throttle",))
    texts = {bytes_of(value).decode("latin-1"), value}
    for cookie in (SESSION, REMEMBER, FORM, INVITATION):
        for text in texts:
            header = {"HTTP_COOKIE": f"{cookie}={text}"}
            for route in routes(patient.app):
                page = ask(bare(patient), route.path, environ_overrides=header)
                answered(page, (cookie, route.path))
    assert snapshot(patient, without=("gatehouse_throttle",)) == before


def bytes_of(escaped: str) -> bytes:
    from urllib.parse import unquote_to_bytes  # noqa: PLC0415 - only here

    return unquote_to_bytes(escaped)


def test_inp_01_a_sign_in_works_whatever_the_browser_calls_itself(site: GatehouseTester) -> None:
    site.add_user()
    for value in HOSTILE.values():
        site.clock.move(timedelta(seconds=1))
        client = site.client()
        token = forms.token(client.get("/login/"))
        raw = bytes_of(value).decode("latin-1")
        page = client.post(
            "/login/",
            data={"csrf_token": token, "username": "alice", "password": PASSWORD},
            environ_overrides={"HTTP_USER_AGENT": raw},
        )
        assert page.status_code == 303
        assert who(client) == "alice"


def test_inp_01_the_first_account_is_made_only_of_what_may_be(site: GatehouseTester) -> None:
    path = setup_link(site)
    client = site.client()
    for kind, value in HOSTILE.items():
        for field in ("username", "email", "password"):
            if kind in {"empty", "space", "no-break space"} and field == "email":
                continue
            token = forms.token(client.get(path)).replace("=", "%3D")
            # The address is wrong, so that no account is made unless that is the field.
            sent = {"csrf_token": token, "username": "chief", "email": "wrong", "password": "short"}
            sent[field] = value
            body = "&".join(f"{name}={text}" for name, text in sent.items())
            page = client.post(path, data=body, content_type=URLENCODED)
            answered(page, field)
            assert page.status_code == 422, field
        assert rows(site, Session) == []


#: What JSON may be that is no form.
JSON_OF_NO_FORM = {
    "a list": "[1, 2]",
    "a list of lists": '[["username", "alice"], 3]',
    "a number": "1e400",
    "a string": '"username=alice"',
    "null": "null",
    "true": "true",
    "an object in it": '{"username": {"$ne": 1}, "password": {"$gt": ""}}',
    "a list in it": '{"username": ["alice"], "password": []}',
    "a lone surrogate in it": '{"username": "\\ud800", "password": "\\udfff"}',
    "NUL in it": '{"username": "\\u0000", "password": "\\u0000"}',
    "numbers in it": '{"username": 0, "password": 1e400, "remember": -0.0, "next": 7}',
}


#: How a form may arrive that no page of ours sends.
def odd_bodies(token: str) -> dict[str, dict[str, Any]]:
    name, right = "alice", PASSWORD
    return {
        "nothing": {"data": {"csrf_token": token}},
        "only the name": {"data": {"csrf_token": token, "username": name}},
        "only the password": {"data": {"csrf_token": token, "password": right}},
        "arrays": {
            "data": {"csrf_token": token, "username[]": name, "password[]": right, "email[]": name}
        },
        "objects": {
            "data": {
                "csrf_token": token,
                "username[$ne]": "1",
                "password[$gt]": "",
                "email[a]": "b",
            }
        },
        "repeated": {
            "data": {"csrf_token": token, "username": ["nobody", name], "password": ["x", right]}
        },
        "files": {
            "data": {
                "csrf_token": token,
                "username": (io.BytesIO(b"alice"), "a.txt"),
                "password": (io.BytesIO(right.encode()), "b.txt"),
                "email": (io.BytesIO(b"a@example.org"), "c.txt"),
                "next": (io.BytesIO(b"//evil.example"), "d.txt"),
                "remember": (io.BytesIO(b"y"), "e.txt"),
            }
        },
        "a token as a file": {
            "data": {"csrf_token": (io.BytesIO(token.encode()), "t"), "username": name}
        },
        "JSON": {"json": {"csrf_token": token, "username": name, "password": right}},
        "JSON in a header": {
            "json": {"username": None, "password": True, "email": 1e300},
            "headers": {"X-CSRF-Token": token},
        },
        **{
            f"JSON that is {said}": {
                "data": text,
                "content_type": "application/json",
                "headers": {"X-CSRF-Token": token},
            }
            for said, text in JSON_OF_NO_FORM.items()
        },
        "an address as a file": {
            "data": {
                "csrf_token": token,
                "username": "chief",
                "password": "short",
                "email": (io.BytesIO(b"a@example.org"), "c.txt"),
            }
        },
        "broken JSON": {
            "data": b'{"username": ',
            "content_type": "application/json",
            "headers": {"X-CSRF-Token": token},
        },
        "XML": {
            "data": b"<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><x>&a;</x>",
            "content_type": "application/xml",
            "headers": {"X-CSRF-Token": token},
        },
        "no type": {"data": b"username=alice", "headers": {"X-CSRF-Token": token}},
        "multipart without a boundary": {
            "data": b"x",
            "content_type": "multipart/form-data",
            "headers": {"X-CSRF-Token": token},
        },
        "multipart that ends early": {
            "data": b'--b\r\nContent-Disposition: form-data; name="username"\r\n',
            "content_type": "multipart/form-data; boundary=b",
            "headers": {"X-CSRF-Token": token},
        },
        "a part that begins with line breaks": {
            "data": b"--b\r\n\r\n\r\n" + b"\r\n" * 5000 + b"--b--",
            "content_type": "multipart/form-data; boundary=b",
            "headers": {"X-CSRF-Token": token},
        },
        "another charset": {
            "data": f"csrf_token={token}&username=+ADw-script+AD4-&password=x",
            "content_type": f"{URLENCODED}; charset=utf-7",
        },
        "an unknown charset": {
            "data": f"csrf_token={token}&username=a&password=x",
            "content_type": f"{URLENCODED}; charset=nonsense",
        },
        "a wrong length": {
            "data": f"csrf_token={token}&username=a&password=x",
            "content_type": URLENCODED,
            "headers": {"Content-Length": "-5"},
        },
        "a length that is no number": {
            "data": f"csrf_token={token}&username=a&password=x",
            "content_type": URLENCODED,
            "headers": {"Content-Length": "x"},
        },
        "compressed": {
            "data": b"\x1f\x8b\x08\x00",
            "content_type": URLENCODED,
            "headers": {"Content-Encoding": "gzip", "X-CSRF-Token": token},
        },
    }


KINDS_OF_BODY = tuple(odd_bodies(""))


@pytest.mark.parametrize("body", KINDS_OF_BODY)
def test_inp_01_a_form_of_another_shape_is_only_wrong(patient: GatehouseTester, body: str) -> None:
    user = patient.add_user("alice", email="alice@example.org")
    client = patient.client()
    client.get(invitation_for(patient, user))
    before = snapshot(patient, without=LEFT_BY_ASKING)
    for route in good_doors(patient):
        if route.endpoint == "gatehouse.login.logout":
            continue
        if body == "repeated" and route.endpoint == "gatehouse.passwords.invitation":
            continue
        if body == "only the password" and route.endpoint == "gatehouse.passwords.invitation":
            continue
        token = forms.token(client.get("/login/"))
        page = client.post(route.path, **odd_bodies(token)[body])
        answered(page, (route.path, body))
        wrong = page.status_code >= 400 or sent_to_login(page)
        assert wrong or is_alike(route, page), (route.path, body)
    assert snapshot(patient, without=LEFT_BY_ASKING) == before
    assert session_rows(patient) == 0


@pytest.mark.parametrize("body", KINDS_OF_BODY)
def test_inp_01_the_set_up_page_takes_no_other_shape(tester: GatehouseTester, body: str) -> None:
    path = setup_link(tester)
    client = tester.client()
    token = forms.token(client.get(path))
    before = snapshot(tester)
    if body in {"repeated", "only the password"}:
        return
    page = client.post(path, **odd_bodies(token)[body])
    answered(page, body)
    assert page.status_code >= 400
    assert snapshot(tester) == before


AUTHORIZATIONS = (
    "Bearer",
    "Bearer ",
    "bearer x",
    "Basic",
    "Basic !!",
    "Basic Og",
    "Basic Og==",
    "Basic //79",
    "Basic YWxpY2U=",
    "Bearer %zz",
    "Digest username=",
    'Digest username="a',
    "Negotiate \x80",
    "x" * 65536,
    ",",
    "=",
    "Basic Og==, Bearer x",
)


@pytest.mark.parametrize("kind", KINDS)
def test_inp_03_a_header_that_makes_no_sense_proves_nothing(
    patient: GatehouseTester, kind: str
) -> None:
    client = people(patient)[kind]
    for route in routes(patient.app):
        without = ask(client, route.path).status_code
        assert without < 500
        for value in AUTHORIZATIONS:
            page = ask(client, route.path, headers={"Authorization": value})
            assert page.status_code == without, (route.path, value[:40])


def test_inp_03_a_cookie_that_makes_no_sense_proves_nothing(patient: GatehouseTester) -> None:
    odd: tuple[str, ...] = (
        ";",
        ";;;=;",
        "=",
        "gatehouse",
        "gatehouse=",
        "gatehouse==",
        'gatehouse="\\',
        "\xff=\xff",
    )
    odd += ("gatehouse=" + "x" * 65536, "; ".join(f"gatehouse={n}" for n in range(2000)))
    odd += ("a=b; " * 2000, "gatehouse=a,gatehouse=b", "$Version=1; gatehouse=x; $Path=/")
    for header in odd:
        for route in routes(patient.app):
            environ = {"HTTP_COOKIE": header}
            page = ask(bare(patient), route.path, environ_overrides=environ)
            assert page.status_code < 500, (header[:40], route.path)


def large(token: str) -> dict[str, dict[str, Any]]:
    parts = b"".join(
        b'--b\r\nContent-Disposition: form-data; name="a%d"\r\n\r\nx\r\n' % number
        for number in range(10_000)
    )
    return {
        "a hundred thousand fields": {
            "data": b"&".join(b"a%d=" % number for number in range(100_000)),
            "content_type": URLENCODED,
        },
        "many empty fields": {"data": b"&" * 65_000, "content_type": URLENCODED},
        "ten thousand parts": {
            "data": parts + b"--b--\r\n",
            "content_type": "multipart/form-data; boundary=b",
        },
        "a few hundred small parts": {
            "data": b"".join(
                b'--b\r\nContent-Disposition: form-data; name="a%d"\r\n\r\nx\r\n' % number
                for number in range(300)
            )
            + b"--b--\r\n",
            "content_type": "multipart/form-data; boundary=b",
        },
        "megabytes of one field": {
            "data": b"password=" + b"x" * 5_000_000,
            "content_type": URLENCODED,
        },
        "megabytes of one part": {
            "data": b'--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n'
            + b"x" * 5_000_000
            + b"\r\n--b--\r\n",
            "content_type": "multipart/form-data; boundary=b",
        },
        "megabytes of no form": {"data": b"\0" * 5_000_000, "content_type": "application/json"},
        "deep JSON": {"data": b"[" * 30_000, "content_type": "application/json"},
        "megabytes in a header of a part": {
            "data": b'--b\r\nContent-Disposition: form-data; name="' + b"x" * 1_000_000,
            "content_type": "multipart/form-data; boundary=b",
        },
        "a boundary of its own": {
            "data": b"--" + b"b" * 60_000,
            "content_type": f"multipart/form-data; boundary={'b' * 60_000}",
        },
    }


KINDS_OF_LARGE = tuple(large(""))


@pytest.mark.parametrize("body", KINDS_OF_LARGE)
def test_inp_04_a_body_that_is_too_much_is_refused_before_anything_is_done(
    patient: GatehouseTester, body: str
) -> None:
    from tests.security.walk import hashes_done  # noqa: PLC0415 - only here

    user = patient.add_user()
    client = patient.client()
    client.get(invitation_for(patient, user))
    before, hashed = snapshot(patient), hashes_done(patient)
    sent = large("")[body]
    for route in good_doors(patient):
        for with_token in (False, True):
            token = forms.token(client.get("/login/")) if with_token else ""
            headers = {"X-CSRF-Token": token} if token else {}
            page = client.post(route.path, **sent, headers=headers)
            if route.endpoint == "gatehouse.login.logout" and with_token:
                assert page.status_code in {303, 413}
                continue
            refused = page.status_code in {400, 401, 403, 404, 409, 413, 422}
            asked = with_token and route.endpoint in ASKS_ALIKE
            assert refused or asked or sent_to_login(page), (route.path, with_token)
    assert hashes_done(patient) == hashed
    left = ("gatehouse_throttle", "gatehouse_passkey_challenge")
    assert snapshot(patient, without=left) == {
        name: rows for name, rows in before.items() if name not in left
    }


def test_inp_04_the_answer_to_too_much_says_so(patient: GatehouseTester) -> None:
    page = patient.client().post("/login/", data={"password": f"{MARKER}{'x' * 70_000}"})
    assert page.status_code == 413
    assert MARKER not in page.text
    assert "larger than this page reads" in page.text


#: Addresses that made other validators slow, at the lengths that mattered.
SLOW: tuple[str, ...] = (
    "a@" + "a." * 100_000,
    "a" * 100_000 + "@",
    "@" * 10_000,
    "a@" + "-" * 100_000,
    "(" * 100_000,
)
SLOW += ("a@" + "a" * 60 + "." * 190, '"' + "\\" * 250, "a." * 126 + "@", "a@[" + ":" * 250)


@pytest.mark.parametrize("address", SLOW, ids=lambda address: address[:6])
def test_inp_05_an_address_of_any_length_is_judged(address: str) -> None:
    with pytest.raises(AddressRefused):
        rules.canonical_address(address)
    rules.counted_as(address)
    rules.identify(address)


@given(st.text('a.@-"\\(<[:\t ', max_size=300))
def test_inp_05_an_address_of_any_text_is_judged(address: str) -> None:
    try:
        found = rules.canonical_address(address)
    except AddressRefused:
        return
    assert rules.canonical_address(found) == found


@pytest.mark.parametrize("agent", ["x" * 8192, "\xe2\x82\xac" * 3000, "\xf0\x9f\x98\x80" * 2000])
def test_inp_06_a_long_description_of_a_browser_is_cut(site: GatehouseTester, agent: str) -> None:
    site.add_user()
    client = site.client()
    token = forms.token(client.get("/login/"))
    page = client.post(
        "/login/",
        data={"csrf_token": token, "username": "alice", "password": PASSWORD},
        environ_overrides={"HTTP_USER_AGENT": agent, "HTTP_ACCEPT_LANGUAGE": agent},
    )
    assert page.status_code == 303
    (row,) = rows(site, Session)
    assert 0 < len(row.agent) <= 256
    assert all(row.agent is None or len(row.agent) <= 256 for row in rows(site, AuditRow))


def test_inp_07_blank_is_as_wrong_as_anything(patient: GatehouseTester) -> None:
    patient.add_user()
    expected = forms.sign_in(patient.client(), "nobody", "wrong")
    for name in ("", " ", "\t", "\N{NO-BREAK SPACE}", "\u3000", "\r\n", "\0"):
        for password in ("", " ", "\t", PASSWORD):
            page = forms.sign_in(patient.client(), name, password)
            assert page.status == expected.status, (name, password)
            assert "Invalid username or password." in page.text


def test_inp_08_no_number_of_visits_makes_a_cookie_overflow(patient: GatehouseTester) -> None:
    user = patient.add_user()
    client = patient.client()
    for number in range(200):
        page = client.get(f"/admin/?x={'y' * 1500}{number}")
        assert page.status_code == 302
        page = client.get("/account/")
        assert all(len(line) < 4096 for line in page.headers.getlist("Set-Cookie"))
    for _ in range(50):
        client.get(invitation_for(patient, user))
    held = (client._cookies or {}).values()  # noqa: SLF001 - all that it holds
    assert sum(len(cookie.key) + len(cookie.value) for cookie in held) < 4096
    assert forms.sign_in(client).status_code == 303
    assert client.get("/account/").status_code == 200


@pytest.mark.parametrize("method", ALL_METHODS)
def test_inp_09_only_what_a_route_names_does_anything(
    patient: GatehouseTester, method: str
) -> None:
    kinds = people(patient)
    user = patient.add_user("new", password=None)
    link = invitation_for(patient, user)
    before = snapshot(patient, without=("gatehouse_throttle",))
    for kind, client in kinds.items():
        for route in [*routes(patient.app), Route("link", link, frozenset({"GET", "HEAD"}))]:
            page = ask(client, route.path, method)
            assert page.status_code < 500
            if method not in {*route.methods, "OPTIONS"}:
                assert page.status_code == 405, (kind, route.path)
                assert method not in page.headers["Allow"]
            given = {name for name in set_cookies(page) if name not in {FORM, *HANDED}}
            assert given == set(), (kind, method, route.path)
            assert "Authorization" not in page.headers
            if method in {"HEAD", "OPTIONS"}:
                assert page.data == b""
    assert snapshot(patient, without=("gatehouse_throttle",)) == before


NUMBERS = [
    "-1",
    "0",
    "1e3",
    "9" * 20,
    "9" * 5000,
    "2147483648",
    "9223372036854775808",
    "..",
    "1.5",
    "x",
    "",
    "\u0661",
    "+1",
    "1_0",
    "0x1",
    "nan",
    "inf",
    "%00",
    " 1 ",
]


def test_inp_10_a_page_number_of_any_kind_shows_a_page(site: GatehouseTester) -> None:
    client = site.client(site.add_user("chief", admin=True))
    for number in NUMBERS:
        page = client.get("/admin/people/", query_string={"page": number, "q": "%_'\"\\"})
        assert page.status_code == 200, number
        page = client.get("/admin/people/", query_string={"page": number})
        assert ">chief<" in page.text, number


def test_inp_10_a_link_of_another_shape_is_no_link(site: GatehouseTester) -> None:
    user = site.add_user("alice", password=None)
    good = invitation_for(site, user).split("/")[2]
    for value in (good[:-1], good + "A", good.swapcase(), f"{good[:-1]}%3D", "..", "0", "-1", "1"):
        client = site.client()
        client.get(f"/invitation/{value}/")
        assert client.get("/invitation/").status_code in {409, 404}, value


def test_inp_01_a_password_is_never_shown_again(patient: GatehouseTester) -> None:
    user = patient.add_user("alice", email="alice@example.org")
    client: FlaskClient = patient.client()
    client.get(invitation_for(patient, user))
    pages = [
        forms.sign_in(client, "alice", MARKER),
        forms.sign_in(client, MARKER[:3], MARKER),
        forms.sign_in(client, "", MARKER),
        forms.send(client, "/invitation/", password=MARKER[:10]),
        client.post("/login/", data={"password": MARKER}),
        client.post(f"/login/?password={MARKER}", data={"password": MARKER}),
        client.post("/nowhere/", data={"password": MARKER}),
        client.post("/admin/", data={"password": MARKER}),
    ]
    for page in pages:
        assert page.status_code in {400, 401, 404, 405, 422}
        assert MARKER[:10] not in page.text
        assert MARKER not in str(page.headers)


def test_inp_01_the_set_up_page_never_shows_a_password_again(tester: GatehouseTester) -> None:
    path = setup_link(tester)
    page = forms.send(tester.client(), path, username="x y", email="wrong", password=MARKER)
    assert page.status_code == 422
    assert MARKER not in page.text


@pytest.mark.parametrize("query", ["q=\xe0", "\xff", "next=/account/%20\xc3", "q=\xed\xa0\x80"])
def test_inp_10_a_query_that_is_no_text_is_a_bad_request(
    patient: GatehouseTester, query: str
) -> None:
    for name, client in people(patient).items():
        for route in routes(patient.app):
            page = ask(client, route.path, environ_overrides={"QUERY_STRING": query})
            assert page.status_code < 500, (name, route.path)
        for path in ("/login/", "/account/", "/admin/people/"):
            page = ask(client, path, environ_overrides={"QUERY_STRING": query})
            assert page.status_code == 400, (name, path)
        page = ask(client, "/login/", environ_overrides={"QUERY_STRING": "next=/caf\xc3\xa9"})
        assert page.status_code in {200, 303}, name
