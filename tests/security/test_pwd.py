"""Passwords over every way in which one is set or proven: pages, commands and the model."""

import ast
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.security import generate_password_hash

import flask_gatehouse
from flask_gatehouse.features.passwords.errors import PasswordRefused
from flask_gatehouse.features.passwords.hashes import Hashes
from flask_gatehouse.features.passwords.models import Password
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.models import User
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from tests import forms
from tests.security.walk import (
    ask,
    change_password,
    engine_of,
    events,
    hashes_done,
    invitation_for,
    people,
    routes,
    rows,
    setup_link,
    snapshot,
    who,
)

ANOTHER = "nine patient otters swim"


# Every way in which a password is set. Each returns whether it was taken.


def by_create(tester: GatehouseTester, name: str, password: str) -> bool:
    args = ["gatehouse", "users", "create", name, "--email", f"{name}@example.org"]
    done = tester.app.test_cli_runner().invoke(args=[*args, "--password-stdin"], input=password)
    assert done.exit_code in {0, 1}, done.output
    assert password not in done.output
    return done.exit_code == 0


def by_command(tester: GatehouseTester, name: str, password: str) -> bool:
    tester.add_user(name, email=f"{name}@example.org", password=None)
    args = ["gatehouse", "users", "set-password", name, "--password-stdin"]
    done = tester.app.test_cli_runner().invoke(args=args, input=password)
    assert done.exit_code in {0, 1}, done.output
    assert password not in done.output
    return done.exit_code == 0


def by_invitation(tester: GatehouseTester, name: str, password: str) -> bool:
    user = tester.add_user(name, email=f"{name}@example.org", password=None)
    client = tester.client()
    client.get(invitation_for(tester, user))
    page = forms.send(client, "/invitation/", password=password)
    assert page.status_code in {303, 422}, page.status
    assert password not in page.text
    return page.status_code == 303


def by_setup(tester: GatehouseTester, name: str, password: str) -> bool:
    path = setup_link(tester)
    fields = {"username": name, "email": f"{name}@example.org", "password": password}
    page = forms.send(tester.client(), path, **fields)
    assert page.status_code in {303, 422}, page.status
    assert password not in page.text
    return page.status_code == 303


def by_model(tester: GatehouseTester, name: str, password: str) -> bool:
    user = tester.add_user(name, email=f"{name}@example.org", password=None)
    with tester.app.app_context(), tester.work() as work:
        try:
            users.by_id(work.db, user.id).set_password(password)
        except PasswordRefused:
            return False
    return True


Setter = Callable[[GatehouseTester, str, str], bool]
SETTERS: tuple[Setter, ...] = (by_create, by_command, by_invitation, by_setup, by_model)
ways = pytest.mark.parametrize("way", SETTERS, ids=lambda way: way.__name__)


def signs_in(tester: GatehouseTester, name: str, password: str) -> bool:
    client = tester.client()
    page = forms.sign_in(client, name, password)
    assert page.status_code in {303, 401}
    return who(client) == name


@ways
@pytest.mark.parametrize("size", [1025, 60_000, 1_000_000])
def test_pwd_01_a_password_of_any_length_is_refused_without_a_hash(
    tester: GatehouseTester, way: Setter, size: int
) -> None:
    password = ("kdjfhgkshdfgkjs dlkfj" * (size // 20))[:size]
    before = hashes_done(tester)
    if way in {by_invitation, by_setup} and size > 60_000:
        with pytest.raises(AssertionError, match="413"):
            way(tester, "alice", password)
    else:
        assert not way(tester, "alice", password)
    assert hashes_done(tester) == before


@pytest.mark.parametrize("size", [1025, 60_000, 1_000_000, 5_000_000])
def test_pwd_01_a_sign_in_with_an_endless_password_is_wrong_and_costs_no_hash(
    tester: GatehouseTester, size: int
) -> None:
    tester.add_user()
    before = hashes_done(tester)
    page = forms.sign_in(tester.client(), "alice", PASSWORD + "x" * size)
    assert page.status_code == (401 if size <= 60_000 else 413)
    assert hashes_done(tester) == before


@ways
def test_pwd_02_long_names_and_passwords_are_judged(tester: GatehouseTester, way: Setter) -> None:
    assert not way(tester, "a" * 60, "a" * 1000)
    assert not tester.client().get("/").status_code >= 500


@ways
def test_pwd_04_a_nul_is_refused_where_a_password_is_set(
    tester: GatehouseTester, way: Setter
) -> None:
    assert not way(tester, "alice", "seven quiet\0 herons")


def test_pwd_04_a_nul_in_a_sign_in_is_a_wrong_password(site: GatehouseTester) -> None:
    site.add_user()
    for password in (f"{PASSWORD}\0", f"{PASSWORD}\0x", f"\0{PASSWORD}", "\0"):
        assert not signs_in(site, "alice", password)
    assert signs_in(site, "alice", PASSWORD)


COMPOSED = "sept h\N{LATIN SMALL LETTER E WITH ACUTE}rons tranquilles"
DECOMPOSED = "sept he\N{COMBINING ACUTE ACCENT}rons tranquilles"


@ways
@pytest.mark.parametrize(("set_as", "typed"), [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED)])
def test_pwd_05_composed_and_decomposed_are_one_password_on_every_way(
    tester: GatehouseTester, way: Setter, set_as: str, typed: str
) -> None:
    assert way(tester, "alice", set_as)
    assert signs_in(tester, "alice", typed)
    assert signs_in(tester, "alice", set_as)


BLANK = ("", " ", "\t", "\0", "None", "null", "undefined", "[]", "0", "false")


def test_pwd_06_no_password_is_matched_by_none(generous: GatehouseTester) -> None:
    generous.add_user("alice", password=None)
    for password in BLANK:
        assert not signs_in(generous, "alice", password), password
    client = generous.client()
    token = forms.token(client.get("/login/"))
    page = client.post("/login/", data={"csrf_token": token, "username": "alice"})
    assert page.status_code == 401
    assert who(client) == "nobody"


def test_pwd_06_a_blank_hash_is_matched_by_nothing(patient: GatehouseTester) -> None:
    user = patient.add_user()
    for stored in ("", " ", "!", "*", "x", "$argon2id$", "plain:", "None"):
        store(patient, user, stored)
        for password in ("", " ", "!", "*", "x", stored):
            assert not signs_in(patient, "alice", password), (stored, password)


def store(tester: GatehouseTester, user: User, encoded: str) -> None:
    with tester.work() as work:
        row = work.db.get(Password, user.id)
        assert row is not None
        row.encoded = encoded


#: Among the first that are tried, or made of the names that stand on the site.
GUESSED = (
    "password1234567",
    "passwordpassword",
    "qwertyuiop12345",
    "123456789012345",
    "aaaaaaaaaaaaaaaa",
    "iloveyouiloveyou",
    "letmeinletmein1",
    "gatehouse123456",
    "Gatehouse-Gatehouse",
    "aliceinside-aliceinside",
    "aliceinside12345",
)


@ways
def test_pwd_07_every_way_refuses_what_is_guessed_first(
    make_site: Any, sqlite_url: str, way: Setter
) -> None:
    taken = []
    for number, password in enumerate(GUESSED):
        tester = GatehouseTester(make_site(sqlite_url))
        if way is by_setup:
            assert not by_setup(tester, "aliceinside", password)
            continue
        name = f"aliceinside{'' if not number else '.' + 'x' * number}"
        if way(tester, name, password):
            taken.append(password)
    assert taken == []


#: Costs and forms that an import might bring and that no process can afford.
UNAFFORDABLE = (
    "$argon2id$v=19$m=4194304,t=100,p=1$AAAAAAAAAAAAAAAAAAAAAA$" + "A" * 43,
    "$argon2id$v=19$m=9999999,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$" + "A" * 43,
    "$argon2i$v=19$m=4194304,t=9,p=8$AAAAAAAAAAAAAAAAAAAAAA$" + "A" * 43,
    "$2b$31$" + "A" * 53,
    "pbkdf2:sha256:1000000000$salt$" + "0" * 64,
    "scrypt:1048576:64:64$salt$" + "0" * 128,
    "scrypt:-1:8:1$salt$00",
    "pbkdf2:md5:1$salt$" + "0" * 32,
    "$argon2id$v=19$m=8,t=1,p=1$",
    "\N{SNOWMAN}" * 60,
)


def test_pwd_10_a_stored_string_out_of_bounds_is_a_wrong_password(
    generous: GatehouseTester,
) -> None:
    user = generous.add_user()
    for encoded in UNAFFORDABLE:
        store(generous, user, encoded)
        before = hashes_done(generous)
        assert not signs_in(generous, "alice", PASSWORD), encoded
        assert hashes_done(generous) == before + 1, encoded
    change_password(generous, "alice", ANOTHER)
    assert signs_in(generous, "alice", ANOTHER)


def test_pwd_11_a_hash_is_replaced_once_and_ends_nothing(site: GatehouseTester) -> None:
    user = site.add_user()
    other = site.client(user)
    store(site, user, generate_password_hash(PASSWORD, "scrypt:2048:8:1"))
    for _ in range(3):
        assert signs_in(site, "alice", PASSWORD)
    assert len(events(site, "passwords.rehashed")) == 1
    assert who(other) == "alice"
    assert rows(site, Password)[0].encoded.startswith("$argon2id$")


def test_pwd_11_a_new_password_is_never_replaced_by_the_old_one(
    site: GatehouseTester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The password is changed while the hash of the old one is being renewed."""
    site.app.extensions["gatehouse"].house.part(Hashes).pool.size = 4
    user = site.add_user()
    store(site, user, generate_password_hash(PASSWORD, "scrypt:2048:8:1"))
    client = site.client()
    token = forms.token(client.get("/login/"))
    data = {"csrf_token": token, "username": "alice", "password": PASSWORD}
    with while_hashing(monkeypatch, lambda: change_password(site, "alice", ANOTHER)):
        client.post("/login/", data=data)
    assert not signs_in(site, "alice", PASSWORD)
    assert signs_in(site, "alice", ANOTHER)
    assert who(client) == "nobody"


@contextmanager
def while_hashing(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> Iterator[None]:
    """Let something else happen in the middle of the next hash: the library is where time goes."""
    from argon2 import low_level  # noqa: PLC0415 - what is slowed down here

    real = low_level.hash_secret_raw
    pending = [act]

    def slow(*given: Any, **named: Any) -> bytes:
        if pending:
            other = threading.Thread(target=pending.pop())
            other.start()
            other.join()
        return real(*given, **named)

    monkeypatch.setattr(low_level, "hash_secret_raw", slow)
    yield
    assert not pending, "nothing was hashed"


FILTERS = (
    "password=$argon2",
    "filter[password_hash][startswith]=$argon2id",
    "q=$argon2id",
    "q=argon2",
    "sort=password",
    "order_by=encoded",
    "fields=*",
    "include=password",
    "depth=5",
    "expand=password_row",
    "format=json",
    "q=' UNION SELECT encoded FROM gatehouse_password --",
    "page=1;DROP TABLE gatehouse_user",
)


def test_pwd_13_no_filter_of_a_list_reaches_a_hash(site: GatehouseTester) -> None:
    client = site.client(site.add_user("chief", admin=True))
    site.add_user("alice")

    def without_token(page: str) -> str:
        return re.sub(r'(name="csrf_token" value=")[^"]+', r"\1", page)

    everybody = without_token(client.get("/admin/people/").text)
    hashes = [row.encoded for row in rows(site, Password)]
    for query in FILTERS:
        page = client.get(f"/admin/people/?{query}", headers={"Accept": "application/json"})
        assert page.status_code == 200
        assert page.mimetype == "text/html"
        shown = without_token(page.text)
        assert not any(encoded in shown for encoded in hashes)
        if query.startswith("q="):
            assert ">alice<" not in shown
        else:
            assert shown == everybody, query


def test_pwd_13_no_page_shows_a_hash(patient: GatehouseTester) -> None:
    kinds = people(patient)
    hashes = [row.encoded for row in rows(patient, Password)]
    for client in kinds.values():
        for route in routes(patient.app):
            page = ask(client, route.path)
            assert "$argon2" not in page.text
            assert not any(encoded[-20:] in page.text for encoded in hashes)


def test_pwd_13_no_command_shows_a_hash(site: GatehouseTester) -> None:
    site.add_user("alice", email="alice@example.org")
    (hashed,) = [row.encoded for row in rows(site, Password)]
    for args in (["list"], ["list", "--json"], ["show", "alice"], ["show", "alice", "--json"]):
        done = site.app.test_cli_runner().invoke(args=["gatehouse", "users", *args])
        assert done.exit_code == 0
        assert hashed not in done.output
        assert "argon2" not in done.output


def test_pwd_13_an_error_of_the_database_shows_no_statement_and_no_row(
    site: GatehouseTester,
) -> None:
    client: FlaskClient = site.client(site.add_user("chief", admin=True))
    engine = engine_of(site.app)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE gatehouse_identifier RENAME TO gone_away"))
    try:
        pages = [client.get("/admin/people/"), forms.sign_in(site.client())]
    finally:
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE gone_away RENAME TO gatehouse_identifier"))
    for page in pages:
        assert page.status_code in {500, 503}
        for told in ("SELECT", "select", "gatehouse_", "gone_away", "sqlalche", "psycopg", "chief"):
            assert told not in page.text.replace("/gatehouse/static", ""), told
        assert "alice" not in page.text
    assert client.get("/admin/people/").status_code == 200


def source() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(Path(flask_gatehouse.__file__).parents[1].rglob("*.py")):
        yield path, ast.parse(path.read_text("utf-8"))


#: Words in the names of values that only their owner may know.
SECRET_WORDS = ("secret", "digest", "token", "tag", "signature", "password", "handle", "encoded")


def test_pwd_14_secrets_are_compared_by_one_function_that_takes_its_time() -> None:
    found = []
    for path, tree in source():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Compare):
                continue
            if not any(isinstance(op, (ast.Eq, ast.NotEq)) for op in node.ops):
                continue
            sides = [node.left, *node.comparators]
            # Column == value is SQL, and a constant is no secret.
            if any(isinstance(side, ast.Constant) for side in sides):
                continue
            if any(isinstance(side, ast.Name) and side.id.isupper() for side in sides):
                continue
            plain = [side.id for side in sides if isinstance(side, ast.Name)]
            if any(word in name.lower() for name in plain for word in SECRET_WORDS):
                columns = [side for side in sides if isinstance(side, ast.Attribute)]
                if not columns:
                    found.append((path.name, ast.unparse(node)))
    # Whether a secret is spelt as we would spell it tells nothing about another one.
    assert [each for each in found if "b64encode" not in each[1] and "urlsafe" not in each[1]] == []


def test_pwd_15_nothing_secret_comes_from_a_generator_that_can_be_predicted() -> None:
    forbidden = {"random", "numpy", "uuid1", "uuid3", "uuid4", "uuid5", "getrandbits", "mktemp"}
    found = []
    for path, tree in source():
        for node in ast.walk(tree):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or "", *(alias.name for alias in node.names)]
            found += [(path.name, name) for name in names if name in forbidden]
    assert found == []


def test_pwd_06_suspending_and_inviting_leave_no_way_in_without_a_password(
    site: GatehouseTester,
) -> None:
    user = site.add_user("alice", password=None)
    path = invitation_for(site, user)
    before = snapshot(site)
    client = site.client()
    client.get(path)
    page = forms.send(client, "/invitation/", password="")
    assert page.status_code == 422
    assert snapshot(site, without=("gatehouse_throttle",)) == {
        name: kept for name, kept in before.items() if name != "gatehouse_throttle"
    }
    assert not signs_in(site, "alice", "")
