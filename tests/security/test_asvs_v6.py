"""OWASP ASVS 5.0, V6.1 to V6.5: passwords, limits, and ways in, over every way there is."""

import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask_login import login_user
from sqlalchemy import select

from flask_gatehouse import Misconfigured
from flask_gatehouse.core.settings import written
from flask_gatehouse.db.base import Base
from flask_gatehouse.features.passwords.models import Password
from flask_gatehouse.features.passwords.settings import PasswordSettings
from flask_gatehouse.features.throttling.settings import ThrottlingSettings
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.models import User
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from gatehouse_site.app import create_app
from tests import forms
from tests.conftest import MakeSite
from tests.security.test_pwd import SETTERS, Setter, signs_in, store
from tests.security.walk import (
    UNLIMITED,
    Visit,
    ask,
    count,
    invitation_for,
    people,
    remembering,
    routes,
    rows,
    setup_link,
    suspend,
    who,
)

DOCS = Path(__file__).parents[2] / "docs"
CHOSEN = "eleven patient otters"
FACES = "".join(map(chr, range(0x1F600, 0x1F640)))

ways = pytest.mark.parametrize("way", SETTERS, ids=lambda way: way.__name__)


def security_page() -> str:
    return (DOCS / "security.md").read_text("utf-8")


def test_asvs_6_1_1_every_limit_is_written_down_with_its_value() -> None:
    from dataclasses import fields  # noqa: PLC0415 - only here

    for each in fields(ThrottlingSettings):
        key = f"GATEHOUSE_THROTTLING_{each.name.upper()}"
        (line,) = [line for line in security_page().splitlines() if f"`{key}`" in line]
        assert written(each.default) in line


def test_asvs_6_1_2_the_words_of_the_context_are_written_down() -> None:
    page = security_page()
    assert "GATEHOUSE_PASSWORDS_CONTEXT_WORDS" in page
    assert "GATEHOUSE_SITE_NAME" in page


def test_asvs_6_1_3_every_page_that_can_open_a_session_is_in_the_table(app: Flask) -> None:
    table = security_page().partition("## Every way to get a session")[2].partition("\n## ")[0]
    for rule in app.url_map.iter_rules():
        opens = rule.endpoint in {
            "gatehouse.passwords.login",
            "gatehouse.setup.first_administrator",
            "gatehouse.login_by_mail.sent",
            "gatehouse.login_by_mail.by_link",
        }
        if opens:
            assert f"`POST {rule.rule}`" in table, rule.rule
    assert "remember" in table


@ways
def test_asvs_6_2_1_fourteen_characters_are_too_few_and_fifteen_enough(
    make_site: MakeSite, sqlite_url: str, way: Setter
) -> None:
    tester = GatehouseTester(make_site(sqlite_url))
    assert not way(tester, "alice", "kdjfhgkshdfgkj")
    assert count(tester, Password) == 0
    assert way(tester, "bob", "kdjfhgkshdfgkjs") or way.__name__ == "by_setup"
    assert count(tester, Password) in {0, 1}


@pytest.mark.parametrize("minimum", [7, 0, -1])
def test_asvs_6_2_1_no_setting_goes_below_eight(tmp_path: Path, minimum: int) -> None:
    with pytest.raises(Misconfigured):
        create_app({"GATEHOUSE_HOME": str(tmp_path), "GATEHOUSE_PASSWORDS_MINIMUM": minimum})


COMMON = (
    "passwordpassword",
    "password12345678",
    "1234567890123456",
    "qwertyuiopasdfgh",
    "iloveyouiloveyou",
    "letmeinletmeinletmein",
    "administrator123",
    "abcdefghijklmnop",
    "monkeymonkeymonkey",
    "sunshinesunshine",
)


@ways
def test_asvs_6_2_4_common_passwords_are_refused_everywhere(
    tester: GatehouseTester, way: Setter
) -> None:
    taken = []
    for number, password in enumerate(COMMON):
        if way(tester, f"person{'x' * number}", password):
            taken.append(password)
    assert taken == []


ANY_KIND = {
    "lower case only": "several plain words together",
    "digits only": "831946275093618",
    "spaces between": "a b d f h j l n p r t v x z",
    "emoji": FACES[:16],
    "another script": "".join(map(chr, range(0x4E00, 0x4E80, 7))),
    "quotes": 'it\'s "quoted" `here` <b>',
    "outer spaces": "  spaces around these  ",
    "SQL": "' OR 1=1; DROP TABLE x --",
    "a template": "{{ config }} and {% x %}",
}


@pytest.mark.parametrize("password", ANY_KIND.values(), ids=ANY_KIND)
def test_asvs_6_2_5_any_kind_of_character_makes_a_password(
    tester: GatehouseTester, password: str
) -> None:
    user = tester.add_user("alice", password=None)
    client = tester.client()
    client.get(invitation_for(tester, user))
    assert forms.send(client, "/invitation/", password=password).status_code == 303
    assert signs_in(tester, "alice", password)
    assert not signs_in(tester, "alice", password.strip()) or password == password.strip()


def pages_with_forms(tester: GatehouseTester) -> dict[str, str]:
    setup = tester.client().get(setup_link(tester)).text
    client = tester.client()
    client.get(invitation_for(tester, tester.add_user("invited", password=None)))
    found = {"set-up": setup, "invitation": client.get("/invitation/").text}
    for kind, each in people(tester).items():
        for route in routes(tester.app):
            page = ask(each, route.path)
            if page.mimetype == "text/html":
                found[f"{kind} {route.path}"] = page.text
    return found


def inputs(page: str) -> list[dict[str, str]]:
    return [
        dict(re.findall(r'([a-z-]+)="([^"]*)"', tag)) for tag in re.findall(r"<input\b[^>]*>", page)
    ]


def test_asvs_6_2_6_every_password_is_hidden_while_it_is_typed(tester: GatehouseTester) -> None:
    found = 0
    for page in pages_with_forms(tester).values():
        for each in inputs(page):
            if "password" in each.get("name", "") or "password" in each.get("autocomplete", ""):
                assert each["type"] == "password"
                assert each.get("value", "") == ""
                found += 1
    assert found >= 3


def test_asvs_6_2_7_password_managers_are_told_what_each_field_is(tester: GatehouseTester) -> None:
    pages = pages_with_forms(tester)
    told = {}
    for page, text in pages.items():
        for each in inputs(text):
            if each.get("type") in {"hidden", "checkbox", "search"}:
                continue
            told[page.partition(" ")[2] or page, each["name"]] = each["autocomplete"]
            assert "readonly" not in each
        assert "onpaste" not in text
    # Where a name is typed, a browser may offer the passkeys that it has.
    assert told["/login/", "username"] == "username webauthn"
    assert told["/login/", "password"] == "current-password"
    assert told["set-up", "username"] == "username"
    assert told["set-up", "password"] == "new-password"
    assert told["invitation", "password"] == "new-password"


def test_asvs_6_2_8_a_password_counts_as_it_was_typed(site: GatehouseTester) -> None:
    password = " Seven quiet Herons" + "".join(chr(97 + n * n % 23) for n in range(181))
    user = site.add_user("alice", password=None)
    client = site.client()
    client.get(invitation_for(site, user))
    assert forms.send(client, "/invitation/", password=password).status_code == 303
    for wrong in (
        password.strip(),
        password + " ",
        password.lower(),
        password[:-1],
        password[:-1] + "y",
        password[:72],
    ):
        assert not signs_in(site, "alice", wrong)
    assert signs_in(site, "alice", password)


@pytest.mark.parametrize("password", ["kdjfhgks" * 7 + "hdfgkjqw", FACES, "\u00e9\u00e8a" * 60])
def test_asvs_6_2_9_long_passwords_work(tester: GatehouseTester, password: str) -> None:
    user = tester.add_user("alice", password=None)
    client = tester.client()
    client.get(invitation_for(tester, user))
    page = forms.send(client, "/invitation/", password=password)
    assert page.status_code in {303, 422}
    if page.status_code == 303:
        assert signs_in(tester, "alice", password)
        assert not signs_in(tester, "alice", password[:-1])
    else:
        assert len(set(password)) <= 3, page.text


@ways
def test_asvs_6_2_9_more_than_the_maximum_is_refused_with_a_sentence(
    tester: GatehouseTester, way: Setter
) -> None:
    long = "".join(chr(97 + number * 7 % 26) for number in range(257))
    assert not way(tester, "alice", long)
    client = tester.client()
    user = tester.add_user("bob", password=None)
    client.get(invitation_for(tester, user))
    assert "at most 256 characters" in forms.send(client, "/invitation/", password=long).text


def test_asvs_6_2_10_a_password_never_grows_old(tester: GatehouseTester) -> None:
    tester.add_user()
    tester.clock.move(timedelta(days=5 * 365))
    assert signs_in(tester, "alice", PASSWORD)
    keys = [row.declared.key for row in tester.app.extensions["gatehouse"].settings.in_force]
    assert not [key for key in keys if re.search(r"PASSWORD.*(AGE|EXPIR|ROTAT|HISTORY)", key)]


@ways
@pytest.mark.parametrize(
    "password",
    [
        "gatehouse-gatehouse",
        "Gatehouse2026!!!",
        "personalice1234",
        "person@alice.2026",
        "G4teh0use-2026-",
    ],
)
def test_asvs_6_2_11_names_of_the_site_and_the_person_are_no_password(
    tester: GatehouseTester, way: Setter, password: str
) -> None:
    assert not way(tester, "person-alice", password)


@ways
def test_asvs_6_2_11_a_phrase_with_a_name_in_it_is_one(
    make_site: MakeSite, sqlite_url: str, way: Setter
) -> None:
    tester = GatehouseTester(make_site(sqlite_url))
    assert way(tester, "person-alice", "the gatehouse of alice is a cold place")


def test_asvs_6_3_1_guessing_is_limited_by_name_and_by_network(
    make_site: MakeSite, database_url: str
) -> None:
    tester = GatehouseTester(make_site(database_url))
    tester.add_user()
    pages = [forms.sign_in(tester.client(), "alice", f"wrong {n}") for n in range(11)]
    assert [page.status_code for page in pages] == [401] * 10 + [429]
    assert pages[-1].headers["Retry-After"]
    away = tester.client()
    away.environ_base["REMOTE_ADDR"] = "198.51.100.1"
    assert forms.sign_in(away).status_code == 303


def test_asvs_6_3_1_one_password_over_many_names_is_limited(
    make_site: MakeSite, sqlite_url: str
) -> None:
    tester = GatehouseTester(make_site(sqlite_url))
    statuses = [
        forms.sign_in(tester.client(), f"person{n}", "summer of 2026").status_code
        for n in range(61)
    ]
    assert statuses == [401] * 60 + [429]


def test_asvs_6_3_1_guessing_from_everywhere_is_limited_for_the_account(
    make_site: MakeSite, database_url: str
) -> None:
    tester = GatehouseTester(make_site(database_url))
    tester.add_user()

    def statuses(password: str, networks: range) -> list[int]:
        found = []
        for n in networks:
            client = tester.client()
            client.environ_base["REMOTE_ADDR"] = f"198.51.100.{n}"
            found.append(forms.sign_in(client, "alice", password).status_code)
        return found

    assert statuses("an entirely wrong phrase", range(31)) == [401] * 30 + [429]
    assert statuses(PASSWORD, range(31, 33)) == [429] * 2
    tester.clock.move(timedelta(hours=1))
    assert statuses(PASSWORD, range(33, 34)) == [303]


def test_asvs_6_3_1_a_password_is_stopped_after_a_hundred_failures_in_a_row(
    make_site: MakeSite, sqlite_url: str
) -> None:
    """However slowly they come: with the limits that are shipped."""
    tester = GatehouseTester(make_site(sqlite_url))
    tester.add_user()
    client = tester.client()
    assert forms.sign_in(client).status_code == 303
    mark = str(forms.cookie(client, "gatehouse_device"))
    strangers = known = 0
    for hour in range(12):
        tester.clock.move(timedelta(hours=1))
        for n in range(10):
            stranger, owner = tester.client(), tester.client()
            stranger.environ_base["REMOTE_ADDR"] = f"198.51.{hour}.{n}"
            owner.set_cookie("gatehouse_device", mark)
            forms.sign_in(stranger, "alice", "an entirely wrong phrase")
            strangers += 1
            if strangers > 80:
                forms.sign_in(owner, "alice", "an entirely wrong phrase")
                known += 1
    with tester.work() as work:
        assert work.db.scalars(select(Password.failures)).all() == [100]
    owner = tester.client()
    owner.set_cookie("gatehouse_device", mark)
    tester.clock.move(timedelta(hours=1))
    assert forms.sign_in(owner).status_code == 401


def test_asvs_6_3_5_people_hear_of_unusual_sign_ins(make_site: MakeSite, sqlite_url: str) -> None:
    tester = GatehouseTester(make_site(sqlite_url, GATEHOUSE_PASSWORDS_FAILURES=20, **UNLIMITED))
    tester.add_user("alice", email="alice@example.org")
    first = tester.client()
    assert forms.sign_in(first).status_code == 303
    for _ in range(10):
        forms.sign_in(tester.client(), "alice", "an entirely wrong phrase")
    assert forms.sign_in(tester.client()).status_code == 303
    for _ in range(16):
        forms.sign_in(tester.client(), "alice", "an entirely wrong phrase")
    told = sorted(str(mail["Subject"]).partition(" your account")[0] for mail in tester.mails())
    assert told == [
        "A new sign-in to",
        "Failed sign-ins to",
        "Too many wrong passwords for",
    ]


def test_asvs_6_3_1_two_processes_count_together(make_site: MakeSite, database_url: str) -> None:
    one, other = (
        GatehouseTester(make_site(database_url, GATEHOUSE_THROTTLING_NAME_AND_NETWORK="4/15m"))
        for _ in range(2)
    )
    statuses = [
        forms.sign_in(tester.client(), "alice", "wrong").status_code
        for tester in (one, other, one, other, one)
    ]
    assert statuses == [401] * 4 + [429]


def test_asvs_6_3_2_a_fresh_site_has_no_account(site: GatehouseTester) -> None:
    assert count(site, User) == 0
    for name in ("admin", "root", "administrator", "test", "gatehouse", "user"):
        for password in (name, "admin", "password", "gatehouse", ""):
            page = forms.sign_in(site.client(), name, password)
            assert page.status_code in {401, 429}
    assert count(site, User) == 0


@pytest.mark.parametrize("key", ["dev", "secret", "change-me", "x" * 31])
def test_asvs_6_3_2_a_key_that_is_known_stops_the_start(tmp_path: Path, key: str) -> None:
    with pytest.raises(Misconfigured):
        create_app({"GATEHOUSE_HOME": str(tmp_path), "GATEHOUSE_SECRET_KEY": key})


def by_form(tester: GatehouseTester, user: User) -> bool:
    client = tester.client()
    forms.sign_in(client)
    return who(client) != "nobody"


def by_being_remembered(tester: GatehouseTester, user: User) -> bool:
    with tester.work() as work:
        users.restore(work, user=users.by_id(work.db, user.id))
    client = remembering(tester, user)
    suspend(tester, "alice")
    return who(client) != "nobody"


def by_invitation(tester: GatehouseTester, user: User) -> bool:
    with tester.work() as work:
        users.restore(work, user=users.by_id(work.db, user.id))
    client = tester.client()
    client.get(invitation_for(tester, user))
    suspend(tester, "alice")
    forms.send(client, "/login/", username="alice", password=PASSWORD)
    token = forms.token(client.get("/login/"))
    data = {"csrf_token": token, "password": "nine patient otters swim"}
    assert client.post("/invitation/", data=data).status_code == 409
    return who(client) != "nobody"


def by_a_host(tester: GatehouseTester, user: User) -> bool:
    with tester.work() as work:
        gone = users.by_id(work.db, user.id)
    with tester.app.test_request_context("/"):
        return bool(login_user(gone))


@pytest.mark.parametrize("way", [by_form, by_being_remembered, by_invitation, by_a_host])
def test_asvs_6_3_4_no_way_in_lets_a_suspended_account_in(
    site: GatehouseTester, way: Callable[[GatehouseTester, User], bool]
) -> None:
    user = site.add_user()
    suspend(site, "alice")
    assert not way(site, user)


def test_asvs_6_3_8_the_form_tells_nobody_who_is_there(site: GatehouseTester) -> None:
    site.add_user("known")
    site.add_user("suspended")
    suspend(site, "suspended")
    answers = set()
    for name in ("known", "suspended", "unknown"):
        page = forms.sign_in(site.client(), name, "an entirely wrong phrase")
        text = re.sub(r'(name="csrf_token" value=")[^"]+', r"\1", page.text).replace(name, "")
        answers.add((page.status, text, len(page.headers)))
    assert len(answers) == 1


def test_asvs_6_2_8_the_hash_is_of_what_was_typed(site: GatehouseTester) -> None:
    user = site.add_user()
    store(site, user, rows(site, Password)[0].encoded)
    assert signs_in(site, "alice", PASSWORD)


def test_asvs_6_4_1_a_first_password_is_chosen_by_its_owner_once(site: GatehouseTester) -> None:
    run = site.app.test_cli_runner()
    create = ["gatehouse", "users", "create", "bob", "--email", "bob@example.org", "--invite"]
    done = run.invoke(args=create)
    assert done.exit_code == 0
    path = re.search(r"(/invitation/[\w-]+/)", done.output)
    assert path is not None
    # The letter has the same link and no password, and nobody can sign in before it was used.
    (letter,) = site.mails()
    body = letter.get_body(("plain",))
    assert body is not None
    assert path[1] in body.get_content()
    assert forms.sign_in(site.client(), "bob", PASSWORD).status_code == 401

    client, other = site.client(), site.client()
    for each in (client, other):
        each.get(path[1])
    assert forms.send(client, "/invitation/", password="short").status_code == 422
    late = forms.token(other.get("/invitation/"))
    assert forms.send(client, "/invitation/", password=CHOSEN).status_code == 303
    page = other.post("/invitation/", data={"csrf_token": late, "password": f"{CHOSEN} again"})
    assert page.status_code == 409
    assert forms.sign_in(site.client(), "bob", CHOSEN).status_code == 303


def test_asvs_6_4_1_a_link_is_over_after_its_time(site: GatehouseTester) -> None:
    user = site.add_user("bob", password=None)
    client = site.client()
    client.get(invitation_for(site, user))
    assert client.get("/invitation/").status_code == 200
    site.clock.move(PasswordSettings().invitation_lifetime + timedelta(seconds=1))
    assert client.get("/invitation/").status_code == 409


HINTS = ("hint", "question", "answer")


def test_asvs_6_4_2_there_are_no_hints_and_no_secret_questions(
    every_page: Sequence[Visit],
) -> None:
    columns = {column.name for table in Base.metadata.sorted_tables for column in table.columns}
    assert not [name for name in columns if any(hint in name for hint in HINTS)]
    for _, _, page in every_page:
        fields = re.findall(r'<(?:input|textarea|select)[^>]* name="([^"]+)"', page.text)
        assert not [name for name in fields if any(hint in name for hint in HINTS)]


def test_asvs_6_4_6_no_page_sets_or_shows_a_password_of_somebody_else(
    patient: GatehouseTester,
) -> None:
    user = patient.add_user("alice", email="alice@example.org")
    chief = patient.client(patient.add_user("chief", admin=True))
    before = {row.user_id: row.encoded for row in rows(patient, Password)}
    token = forms.token(chief.get("/account/"))
    sent = {"csrf_token": token, "username": "alice", "user_id": str(user.id), "password": CHOSEN}
    for route in routes(patient.app, str(user.id)):
        for method in {"POST", "PUT", "PATCH"} & {*route.methods, "POST"}:
            if route.endpoint != "gatehouse.login.logout":
                ask(chief, route.path, method, data=sent)
        page = ask(chief, route.path)
        assert not [encoded for encoded in before.values() if encoded in page.text]
        # The preview of letters has an example that is no secret, and longer than one.
        assert not re.search(r"/invitation/[\w-]{43}/", page.text)
    assert {row.user_id: row.encoded for row in rows(patient, Password)} == before
    # Whatever else was done to the account, which an administrator may: suspended, closed.
    with patient.app.app_context():
        assert user.check_password(PASSWORD)
