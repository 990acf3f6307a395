"""All that is kept of a person is told to them, and goes with them."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from flask_gatehouse.db.base import Base
from flask_gatehouse.features.idle_accounts.models import IdleWarning
from flask_gatehouse.features.invitations.models import Invited
from flask_gatehouse.features.leaving import service as leaving
from flask_gatehouse.features.leaving.models import Departure
from flask_gatehouse.features.login import pending
from flask_gatehouse.features.login.attempts import Attempt, Wish
from flask_gatehouse.features.mfa.models import (
    Factor,
    FactorReset,
    RequiredSince,
    TrustedDevice,
)
from flask_gatehouse.features.passkeys import challenges
from flask_gatehouse.features.passkeys import service as passkeys
from flask_gatehouse.features.passkeys.models import Passkey
from flask_gatehouse.features.passkeys.rules import Purpose as AskedFor
from flask_gatehouse.features.passwords import service as passwords
from flask_gatehouse.features.proofs import service as proofs
from flask_gatehouse.features.proofs.rules import Purpose
from flask_gatehouse.features.recovery_codes import service as recovery_codes
from flask_gatehouse.features.registration.models import Registration
from flask_gatehouse.features.roles import service as roles
from flask_gatehouse.features.users import names
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.errors import LastAdministrator
from flask_gatehouse.features.users.models import User
from flask_gatehouse.features.viewing.models import Viewing
from flask_gatehouse.features.webhooks.models import Webhook
from flask_gatehouse.testing import PASSWORD, GatehouseTester, Work
from tests import forms
from tests.features.totp.apps import begin, finish

RECORD = "gatehouse_audit"
#: Tables that hold the id of an account. Whoever adds one adds it here, and fills it below.
ABOUT_ACCOUNTS = {
    RECORD,
    "gatehouse_departure",
    "gatehouse_factor",
    "gatehouse_factor_reset",
    "gatehouse_first_sign_in",
    "gatehouse_identifier",
    "gatehouse_idle_warning",
    "gatehouse_invited",
    "gatehouse_mfa_account",
    "gatehouse_outbox",
    "gatehouse_passkey",
    "gatehouse_passkey_challenge",
    "gatehouse_passkey_owner",
    "gatehouse_password",
    "gatehouse_pending_sign_in",
    "gatehouse_proof",
    "gatehouse_registration",
    "gatehouse_session",
    "gatehouse_totp_setup",
    "gatehouse_trusted_device",
    "gatehouse_user",
    "gatehouse_user_role",
    "gatehouse_viewing",
    "gatehouse_webhook",
}


def inhabited(site: GatehouseTester) -> User:
    """Return an account of which every feature keeps something."""
    site.add_user("root", admin=True)
    alice = site.add_user("alice", email="alice@example.org")
    for _ in range(2):
        assert forms.sign_in(site.client()).status_code == 303
    with site.work() as work:
        user = users.named(work.db, "alice")
        passwords.invite(work, user=user)
        times = {"asked_at": work.now, "erase_at": work.now}
        work.db.add(
            Invited(
                canonical="bob@example.org",
                public_id="an-invitation",
                shown="bob@example.org",
                admin=False,
                invited_by=user.id,
                created_at=work.now,
                expires_at=work.now,
            )
        )
        work.db.add(
            Registration(
                user_id=user.id,
                shown="alice@example.org",
                canonical="alice@example.org",
                ticket="a-ticket",
                created_at=work.now,
                expires_at=work.now,
            )
        )
        attempt = Attempt(user_id=user.id, methods=("password",))
        pending.begin(work, attempt=attempt, wish=Wish())
        # By itself it asks for nothing, so that a session can still be opened without a step.
        recovery_codes.issue(work, user=user)
        work.db.add(RequiredSince(user_id=user.id, required_since=work.now))
        work.db.add(FactorReset(user_id=user.id, asked_at=work.now, due_at=work.now, asked_by=None))
        work.db.add(
            TrustedDevice(
                digest=b"a-digest".ljust(32),
                public_id="a-browser",
                user_id=user.id,
                epoch=user.epoch,
                created_at=work.now,
                last_used_at=None,
                expires_at=work.now,
                address=None,
                agent=None,
            )
        )
        _keep_passkey(work, user)
        roles.make(work, name="readers")
        roles.grant(work, user=user, role="readers")
        work.db.add(
            Viewing(
                view="a-view",
                sign_in_id="a-sign-in",
                user_id=user.id,
                actor_id=user.id,
                reason="a request of alice",
                began_at=work.now,
                expires_at=work.now,
            )
        )
        work.db.add(
            Webhook(
                public_id="a-webhook",
                url="https://hooks.example.net/",
                wants=["login.*"],
                secret="sealed",
                enabled=False,
                created_at=work.now,
                created_by=user.id,
            )
        )
        work.db.add(IdleWarning(user_id=user.id, at=work.now))
        work.db.add(Departure(user_id=user.id, epoch=user.epoch, **times))
        proofs.make(
            work,
            purpose=Purpose("tests.purpose"),
            user=user,
            address="alice@example.org",
            lifetime=timedelta(hours=1),
        )
    begin(site)
    return alice


def _keep_passkey(work: Work, user: User) -> None:
    """Keep one that asks for nothing: it hangs on the factor of the recovery codes."""
    factor_id = work.db.scalar(select(Factor.id).where(Factor.user_id == user.id))
    passkeys.handle_of(work, user_id=user.id)
    challenges.make(work, purpose=AskedFor.CONFIRM, bound_to="a session", user_id=user.id)
    work.db.add(
        Passkey(
            factor_id=factor_id,
            user_id=user.id,
            digest=bytes(32),
            credential_id=b"id",
            public_key=b"key",
            sign_count=0,
            backup_eligible=False,
            backed_up=False,
            transports="usb nfc",
            aaguid="",
        )
    )


def test_what_hangs_on_a_factor_goes_with_it(site: GatehouseTester) -> None:
    alice = inhabited(site)
    added = finish(site, begin(site))
    found = rows(site)
    assert len(found["gatehouse_recovery_code"]) == 10
    assert [row.factor_id for row in found["gatehouse_totp"]] == [added.factor.id]
    erase(site, alice.id)
    left = rows(site)
    assert left["gatehouse_recovery_code"] == left["gatehouse_totp"] == []
    assert left["gatehouse_passkey"] == []


def erase(site: GatehouseTester, user_id: UUID) -> None:
    with site.work() as work:
        users.erase(work, user_id=user_id)


def rows(site: GatehouseTester) -> dict[str, list[Any]]:
    with site.work() as work:
        tables = Base.metadata.tables
        return {name: list(work.db.execute(select(tables[name]))) for name in tables}


def tables_with(site: GatehouseTester, user_id: UUID) -> set[str]:
    """Return the tables in which any column of any row holds the id."""
    spellings = (str(user_id), user_id.hex)
    return {
        name
        for name, found in rows(site).items()
        if any(spelt in str(tuple(row)) for row in found for spelt in spellings)
    }


def taken(site: GatehouseTester, user_id: UUID) -> str:
    with site.work() as work:
        return leaving.copy(work, user_id=user_id)


def test_every_table_that_names_an_account_is_known_here() -> None:
    named = {
        name
        for name, table in Base.metadata.tables.items()
        if name == "gatehouse_user"
        or "user_id" in table.columns
        or any(key.column.table.name == "gatehouse_user" for key in table.foreign_keys)
    }
    assert named == ABOUT_ACCOUNTS


def test_after_the_erasing_only_the_record_holds_the_id(site: GatehouseTester) -> None:
    alice = inhabited(site)
    assert tables_with(site, alice.id) == ABOUT_ACCOUNTS
    erase(site, alice.id)
    assert tables_with(site, alice.id) == {RECORD}


def test_ses_20_an_erased_account_leaves_no_session(site: GatehouseTester) -> None:
    alice = inhabited(site)
    client = site.client()
    forms.sign_in(client, remember="y")
    erase(site, alice.id)
    page = client.get("/account/")
    assert (page.status_code, page.location[:7]) == (302, "/login/")
    with site.work() as work:
        names.release(work, canonical="alice")
    site.add_user("alice", email="alice@example.org")
    assert client.get("/account/").status_code == 302


def test_what_the_record_keeps_leads_to_nobody(site: GatehouseTester) -> None:
    alice = inhabited(site)
    erase(site, alice.id)
    left = str(rows(site)).lower()
    assert "alice" not in left
    assert "example.org" not in left


def test_the_last_administrator_stays(site: GatehouseTester) -> None:
    root = site.add_user("root", admin=True)
    with pytest.raises(LastAdministrator):
        erase(site, root.id)
    assert "gatehouse_password" in tables_with(site, root.id)


def test_reg_11_who_takes_the_name_inherits_nothing(site: GatehouseTester) -> None:
    alice = inhabited(site)
    here = site.client(alice)
    erase(site, alice.id)
    site.clock.move(timedelta(days=90))
    again = site.add_user("alice", email="alice@example.org", password="twelve loud sparrows")
    assert again.id != alice.id
    assert here.get("/account/").status_code == 302
    assert forms.sign_in(site.client(), password=PASSWORD).status_code == 401
    told = json.loads(taken(site, again.id))
    assert told["open_links"] == told["sessions"] == told["letters"] == []
    assert {row["event"] for row in told["record"]} == {
        "users.created",
        "users.address_added",
        "passwords.set",
        "login.refused",
    }


def test_the_copy_tells_of_every_feature_and_opens_nothing(site: GatehouseTester) -> None:
    alice = inhabited(site)
    copy = taken(site, alice.id)
    told = json.loads(copy)
    assert told.keys() == {
        "taken_at",
        "account",
        "authenticator_set_ups",
        "departure",
        "factor_demands",
        "factors",
        "first_sign_in",
        "idle_warning",
        "letters",
        "open_invitations",
        "open_links",
        "passkeys",
        "password",
        "pending_sign_ins",
        "record",
        "registration",
        "roles",
        "sessions",
        "trusted_devices",
        "viewing",
        "webhooks",
    }
    assert all(told.values())
    assert "root" not in copy
    assert "$argon2" not in copy


def test_inj_05_a_name_that_looks_like_a_formula_stays_text(site: GatehouseTester) -> None:
    alice = inhabited(site)
    client = site.client(alice)
    with site.work() as work:
        agent = '=HYPERLINK("//evil")'
        work.db.execute(text("UPDATE gatehouse_session SET agent = :agent"), {"agent": agent})
    page = download(client)
    assert page.mimetype == "application/json"
    assert {row["browser"] for row in page.json["sessions"]} == {agent}


def download(client: Any) -> Any:
    token = forms.token(client.get("/account/data/"))
    return client.post("/account/data/download/", data={"csrf_token": token})


def test_the_download_is_a_file_that_no_cache_keeps_and_is_recorded(
    tester: GatehouseTester,
) -> None:
    client = tester.client(tester.add_user("alice"))
    page = download(client)
    assert page.headers["Content-Disposition"] == 'attachment; filename="your-data.json"'
    assert page.headers["Cache-Control"] == "no-store"
    assert page.json["account"]["username"] == "alice"
    assert "A copy of all your data was made." in client.get("/account/activity/").text


def test_the_download_asks_who_it_is_again(tester: GatehouseTester) -> None:
    client = tester.client(tester.add_user("alice"))
    tester.clock.move(timedelta(minutes=20))
    page = download(client)
    assert page.status_code == 307
    assert "/confirm/" in page.location


def command(tester: GatehouseTester, *args: str) -> Any:
    return tester.app.test_cli_runner().invoke(args=["gatehouse", "users", *args])


def test_the_command_writes_a_copy_for_its_owner_only(
    tester: GatehouseTester, tmp_path: Path
) -> None:
    tester.add_user("alice")
    path = tmp_path / "alice.json"
    assert command(tester, "export", "alice", "--output", str(path)).exit_code == 0
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_text("utf-8"))["account"]["username"] == "alice"
    again = command(tester, "export", "alice", "--output", str(path))
    assert again.exit_code == 1
    assert "cannot be made" in again.output


def test_the_command_erases_and_asks_first(tester: GatehouseTester) -> None:
    tester.add_user("alice")
    assert command(tester, "erase", "alice").exit_code == 1
    assert command(tester, "erase", "alice", "--yes").output == "Deleted alice.\n"
    assert command(tester, "show", "alice").exit_code == 1


def test_rows_of_a_host_stop_the_erasing_with_a_sentence(tester: GatehouseTester) -> None:
    tester.add_user("alice")
    with tester.work() as work:
        work.db.execute(text("CREATE TABLE notes (owner CHAR(32) REFERENCES gatehouse_user (id))"))
        work.db.execute(text("INSERT INTO notes SELECT id FROM gatehouse_user"))
    done = command(tester, "erase", "alice", "--yes")
    assert done.exit_code == 1
    assert "nothing was deleted" in done.output
    assert command(tester, "show", "alice").exit_code == 0
