"""What a host keeps of a person is told to them, and goes with them or not at all."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from flask_gatehouse import Belongings, Gatehouse, Misconfigured, Work
from flask_gatehouse.testing import GatehouseTester, settings_for_tests
from tests.features.leaving.test_departing import GONE, erase_due, exists, leave


class Notes(Belongings):
    """Notes that a host keeps."""

    name = "notes"

    def __init__(self) -> None:
        self.erased: list[UUID] = []
        self.broken = False

    def tell(self, db: Any, user_id: UUID) -> list[object]:
        del db
        return [str(user_id)]

    def erase(self, work: Work, user_id: UUID) -> None:
        del work
        if self.broken:
            raise LookupError
        self.erased.append(user_id)


def host(tmp_path: Any, *belongings: Belongings) -> GatehouseTester:
    app = Flask(__name__)
    app.config.update(settings_for_tests(tmp_path))
    app.config["GATEHOUSE_HOME"] = str(tmp_path)
    Gatehouse(app, belongings=belongings)
    with app.app_context():
        Gatehouse.upgrade_database()
    return GatehouseTester(app)


def test_what_cannot_be_erased_keeps_the_account(tmp_path: Any) -> None:
    notes = Notes()
    tester = host(tmp_path, notes)
    alice = tester.add_user("alice")
    run = tester.app.test_cli_runner().invoke
    notes.broken = True
    assert run(args=["gatehouse", "users", "erase", "alice", "--yes"]).exit_code != 0
    assert run(args=["gatehouse", "users", "show", "alice"]).exit_code == 0
    notes.broken = False
    assert run(args=["gatehouse", "users", "erase", "alice", "--yes"]).exit_code == 0
    assert notes.erased == [alice.id]
    assert run(args=["gatehouse", "users", "show", "alice"]).exit_code == 1


def test_two_that_have_one_name_do_not_start(tmp_path: Any) -> None:
    with pytest.raises(Misconfigured, match="'notes'"):
        host(tmp_path, Notes(), Notes()).add_user("alice")


def test_what_cannot_be_erased_after_the_grace_period_holds_up_nobody_else(
    tmp_path: Any, caplog: pytest.LogCaptureFixture
) -> None:
    notes = Notes()
    tester = host(tmp_path, notes)
    for name in ("alice", "bob"):
        assert leave(tester.client(tester.add_user(name))).location == "/login/"
        tester.clock.move(timedelta(minutes=1))
    tester.clock.move(GONE)
    first: list[UUID] = []
    real = notes.erase

    def erase(work: Work, user_id: UUID) -> None:
        if not first or user_id in first:
            first[:] = [user_id]
            raise LookupError
        real(work, user_id)

    notes.erase = erase  # type: ignore[method-assign] # a host's own, which breaks for one person

    erase_due(tester)

    assert (exists(tester, "alice"), exists(tester, "bob")) == (True, False)
    assert "could not be erased" in caplog.text
    notes.erase = real  # type: ignore[method-assign] # as above
    tester.clock.move(timedelta(days=1))
    erase_due(tester)
    assert not exists(tester, "alice")
