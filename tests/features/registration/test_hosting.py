"""What a host adds: a form of its own, a check such as a captcha, and what it does with both."""

from pathlib import Path

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import text
from wtforms import BooleanField, StringField
from wtforms.validators import InputRequired

from flask_gatehouse import Gatehouse, NotValid, Registering, RegistrationForm, User
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.users import service as users
from flask_gatehouse.testing import PASSWORD, GatehouseTester, settings_for_tests
from tests import forms


class LongForm(RegistrationForm):
    city = StringField("City", validators=[InputRequired("Where do you live?")])
    terms = BooleanField("I have read the terms", validators=[InputRequired("Read them, please.")])


class TooFar(NotValid):
    """The host delivers nowhere else."""


def check(form: RegistrationForm) -> str | None:
    return "Are you a robot?" if form["city"].data == "Robotville" else None


def host(home: Path, url: str) -> GatehouseTester:
    app = Flask("host")
    app.config.update(settings_for_tests(home))
    app.config.update(SQLALCHEMY_DATABASE_URI=url, GATEHOUSE_REGISTRATION_MODE="open")
    db = SQLAlchemy()

    def made(work: Work, user: User, form: RegistrationForm) -> None:
        if form["city"].data == "Atlantis":
            raise TooFar
        insert = text("INSERT INTO profile (username, city) VALUES (:name, :city)")
        work.db.execute(insert, {"name": user.username, "city": form["city"].data})

    db.init_app(app)
    Gatehouse(app, db, registering=Registering(form=LongForm, check=check, made=made))
    with app.app_context():
        db.session.execute(text("CREATE TABLE profile (username TEXT, city TEXT)"))
        db.session.commit()
    site = GatehouseTester(app)
    site.add_user("root", admin=True)
    return site


@pytest.fixture
def site(tmp_path: Path, sqlite_url: str) -> GatehouseTester:
    return host(tmp_path, sqlite_url)


def ask(site: GatehouseTester, **fields: str) -> tuple[int, str]:
    filled = {"username": "newbie", "email": "new@example.org", "password": PASSWORD} | fields
    answer = forms.send(site.client(), "/register/", **filled)
    return answer.status_code, answer.text


def profiles(site: GatehouseTester) -> list[tuple[str, str]]:
    with site.app.app_context(), site.work() as work, work.reading() as db:
        return [(row.username, row.city) for row in db.execute(text("SELECT * FROM profile"))]


def is_there(site: GatehouseTester) -> bool:
    with site.app.app_context(), site.work() as work, work.reading() as db:
        return users.find(db, "newbie") is not None


def test_a_hosts_fields_are_shown_and_kept_with_the_account(site: GatehouseTester) -> None:
    page = site.client().get("/register/").text
    assert page.index('name="password"') < page.index('name="city"') < page.index('name="terms"')
    assert ask(site, city="Basel", terms="y")[0] == 303
    assert profiles(site) == [("newbie", "Basel")]


def test_a_hosts_validators_hold(site: GatehouseTester) -> None:
    status, page = ask(site, city="Basel")
    assert (status, "Read them, please." in page) == (422, True)
    assert not is_there(site)


def test_whoever_the_hosts_check_turns_away_makes_no_account(site: GatehouseTester) -> None:
    status, page = ask(site, city="Robotville", terms="y")
    assert (status, "Are you a robot?" in page) == (422, True)
    assert not is_there(site)


def test_what_the_host_refuses_undoes_the_account(site: GatehouseTester) -> None:
    assert ask(site, city="Atlantis", terms="y")[0] == 422
    assert not is_there(site)
    assert profiles(site) == []
    assert site.mails() == []
