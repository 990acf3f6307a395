"""New accounts that waited in vain go, whatever becomes of one among them."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, text

from flask_gatehouse import Belongings, Gatehouse, Work
from flask_gatehouse.features.registration.models import Registration
from flask_gatehouse.features.registration.purging import Lapsing
from flask_gatehouse.features.users.models import User
from flask_gatehouse.testing import GatehouseTester, settings_for_tests
from tests.conftest import MakeSite
from tests.features.registration.test_registration import opened, register

#: More than are erased in one turn.
MANY = 25


def lapse(site: GatehouseTester) -> None:
    """Have every turn until nothing is left to do."""
    works = site.app.extensions["gatehouse"].works
    chore = Lapsing(works.house)
    with site.app.app_context():
        for _ in range(MANY):
            if not chore.do(works):
                return
    pytest.fail("it never comes to an end")


def waiting(site: GatehouseTester) -> list[str]:
    with site.app.app_context(), site.work() as work:
        found = select(User.username).join(Registration).order_by(User.username)
        return list(work.db.scalars(found))


def ask(site: GatehouseTester, *names: str) -> None:
    for name in names:
        page = register(site.client(), name, f"{name}@example.org")
        assert page.location == "/verify/", page.text
        site.clock.move(timedelta(seconds=1))


class Notes(Belongings):
    """Notes of a host, some of which cannot be erased at the moment."""

    name = "notes"

    def __init__(self) -> None:
        self.broken: set[UUID] = set()

    def tell(self, db: Any, user_id: UUID) -> list[object]:
        del db, user_id
        return []

    def erase(self, work: Work, user_id: UUID) -> None:
        del work
        if user_id in self.broken:
            raise LookupError


def test_what_a_host_cannot_erase_holds_up_its_own_account_only(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    notes = Notes()
    app = Flask(__name__)
    app.config.update(settings_for_tests(tmp_path))
    app.config.update(
        GATEHOUSE_REGISTRATION_MODE="open",
        GATEHOUSE_REGISTRATION_NETWORK="1000/1m",
    )
    Gatehouse(app, belongings=(notes,))
    with app.app_context():
        Gatehouse.upgrade_database()
    site = GatehouseTester(app)
    site.add_user("root", admin=True)
    names = [f"new-{n:02}" for n in range(MANY)]
    ask(site, *names)
    with site.app.app_context(), site.work() as work:
        found = select(User.id).where(User.username.in_(names[:22]))
        notes.broken = set(work.db.scalars(found))
    site.clock.move(timedelta(days=30))

    lapse(site)

    assert waiting(site) == names[:22]
    assert "could not be erased" in caplog.text
    notes.broken.clear()
    lapse(site)
    assert waiting(site) == []


def test_rows_of_a_host_hold_up_their_own_account_only(
    make_site: MakeSite, database_url: str
) -> None:
    site = opened(make_site, database_url)
    ask(site, "mallory", "newbie")
    with site.work() as work:
        user = "user_id CHAR(32)" if database_url.startswith("sqlite") else "user_id UUID"
        keys = "REFERENCES gatehouse_user (id)"
        work.db.execute(text(f"CREATE TABLE hosts_note ({user}, FOREIGN KEY (user_id) {keys})"))
    try:
        with site.work() as work:
            found = "SELECT id FROM gatehouse_user WHERE username = 'mallory'"
            work.db.execute(text(f"INSERT INTO hosts_note (user_id) {found}"))
        site.clock.move(timedelta(days=30))
        lapse(site)
        assert waiting(site) == ["mallory"]
    finally:
        with site.work() as work:
            work.db.execute(text("DROP TABLE hosts_note"))
