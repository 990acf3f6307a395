"""Appendix B: which spellings of a name or an address are one account, and which are none.

Decided once, in the tables below, and the same wherever an identifier is compared, stored or
counted: by the service, the command line, the sign-in, the throttle, the set-up page, and mail.
"""

from typing import Final

import pytest

from flask_gatehouse.features.mail import rules as mail_rules
from flask_gatehouse.features.users import rules
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.errors import (
    AddressRefused,
    AddressTaken,
    NameRefused,
    NameTaken,
)
from flask_gatehouse.testing import PASSWORD, GatehouseTester
from tests import forms
from tests.security.walk import setup_link, snapshot, wait_out, who

SAME: Final = "the same account"
REFUSED: Final = "no account"
OTHER: Final = "another account"

NAME: Final = "alice"
ADDRESS: Final = "mike@example.org"

#: Number in appendix B, spelling, decision.
NAMES: Final[tuple[tuple[str, str, str], ...]] = (
    ("B01", "ALICE", SAME),
    ("B01", "aLiCe", SAME),
    ("B02", " alice", SAME),
    ("B02", "alice ", SAME),
    ("B02", "\talice\n", SAME),
    ("B02", "alice\u00a0", SAME),
    ("B02", "\u2003alice", SAME),
    ("B02", "\u3000alice", SAME),
    ("B02", "al ice", REFUSED),
    ("B02", "al\u00a0ice", REFUSED),
    ("B02", "al\r\nice", REFUSED),
    ("B03", "ali\u200bce", REFUSED),
    ("B03", "alice\u200c", REFUSED),
    ("B03", "alice\u200d", REFUSED),
    ("B03", "alice\u2060", REFUSED),
    ("B03", "\ufeffalice", REFUSED),
    ("B03", "ali\u00adce", REFUSED),
    ("B03", "al\u034fice", REFUSED),
    ("B03", "alice\ufe0f", REFUSED),
    ("B03", "alice\ufe00", REFUSED),
    ("B03", "alice\U000e0100", REFUSED),
    ("B03", "alice\u180b", REFUSED),
    ("B03", "alice\u180f", REFUSED),
    ("B03", "alice\u17b4", REFUSED),
    ("B03", "alice\u17b5", REFUSED),
    ("B03", "alice\u115f", REFUSED),
    ("B03", "alice\u1160", REFUSED),
    ("B03", "alice\u3164", REFUSED),
    ("B03", "alice\uffa0", REFUSED),
    ("B03", "alice\u2800", REFUSED),
    ("B03", "alice\U0001d173", REFUSED),
    ("B03", "alice\U000e0041", REFUSED),
    ("B04", "\u200ealice", REFUSED),
    ("B04", "alice\u200f", REFUSED),
    ("B04", "\u202ealice", REFUSED),
    ("B04", "alice\u202c", REFUSED),
    ("B04", "\u2066alice\u2069", REFUSED),
    ("B05", "alic\N{LATIN SMALL LETTER E WITH ACUTE}", OTHER),
    ("B05", "alice\u0323", OTHER),
    ("B05", "alice\u0489", REFUSED),
    ("B06", "\uff41\uff4c\uff49\uff43\uff45", SAME),
    ("B06", "\U0001d41a\U0001d425\U0001d422\U0001d41c\U0001d41e", SAME),
    ("B06", "alice\u00b2", OTHER),
    ("B06", "alic\u2091", SAME),
    ("B07", "al\u0131ce", REFUSED),
    ("B07", "al\u0130ce", REFUSED),
    ("B08", "\u0430lice", REFUSED),
    ("B08", "alic\u0435", REFUSED),
    ("B08", "ali\u03f2e", REFUSED),
    ("B08", "\u03b1lice", REFUSED),
    ("B09", "alice\uff20example", REFUSED),
    ("B09", "alice%40example", REFUSED),
    ("B11", "alice,bob", REFUSED),
    ("B11", "alice;bob", REFUSED),
    ("B11", "<alice>", REFUSED),
    ("B11", "alice%0d%0aBcc:b", REFUSED),
    ("B11", "=?utf-8?q?alice?=", REFUSED),
    ("B11", "alice(x)", REFUSED),
    ("B12", "alice+tag", REFUSED),
    ("B12", "a.lice", OTHER),
    ("B13", "alice\0", REFUSED),
    ("B13", "ali\0ce", REFUSED),
    ("B13", "alice\ud800", REFUSED),
    ("B13", "alice\ufffd", REFUSED),
    ("B14", "a", REFUSED),
    ("B14", "a" * 65, REFUSED),
    ("B14", "a" * 10_000, REFUSED),
    ("B15", "..", REFUSED),
    ("B15", ".alice", REFUSED),
    ("B15", "alice.", REFUSED),
    ("B15", "-alice", REFUSED),
    ("B15", "alice/", REFUSED),
    ("B15", "alice'--", REFUSED),
    ("B15", "alice%", REFUSED),
)

ADDRESSES: Final[tuple[tuple[str, str, str], ...]] = (
    ("B01", "MIKE@EXAMPLE.ORG", SAME),
    ("B01", "Mike@Example.Org", SAME),
    ("B02", " mike@example.org ", SAME),
    ("B02", "mike@example.org\n", SAME),
    ("B02", "mi ke@example.org", REFUSED),
    ("B02", "mike@ example.org", REFUSED),
    ("B02", "mike@exam\tple.org", REFUSED),
    ("B03", "mike\u200b@example.org", REFUSED),
    ("B03", "mike@exam\u200dple.org", REFUSED),
    ("B03", "mike@exam\u00adple.org", REFUSED),
    ("B04", "\u202emike@example.org", REFUSED),
    ("B05", "mik\N{LATIN SMALL LETTER E WITH ACUTE}@example.org", REFUSED),
    ("B06", "\uff4dike@example.org", REFUSED),
    ("B06", "mike@\uff45xample.org", SAME),
    ("B07", "m\u0131ke@example.org", REFUSED),
    ("B07", "mi\u212ae@example.org", REFUSED),
    ("B08", "m\u0456ke@example.org", REFUSED),
    ("B09", "mike\uff20example.org", REFUSED),
    ("B09", "mike\ufe6bexample.org", REFUSED),
    ("B09", "mike%40example.org", REFUSED),
    ("B09", '"mi@ke"@example.org', REFUSED),
    ("B10", "mike@example.org.", REFUSED),
    ("B10", "mike@example\u3002org", SAME),
    ("B10", "mike@127.0.0.1", REFUSED),
    ("B10", "mike@[127.0.0.1]", REFUSED),
    ("B10", "mike@[IPv6:::1]", REFUSED),
    ("B10", "mike@localhost", REFUSED),
    ("B10", "mike@org", REFUSED),
    ("B10", "mike@example..org", REFUSED),
    ("B10", "mike@-example.org", REFUSED),
    ("B11", "mike@example.org,eve@example.org", REFUSED),
    ("B11", "mike@example.org;eve@example.org", REFUSED),
    ("B11", "mike@example.org eve@example.org", REFUSED),
    ("B11", "<mike@example.org>", REFUSED),
    ("B11", "Mike <mike@example.org>", REFUSED),
    ("B11", "mike@example.org\r\nBcc: eve@example.org", REFUSED),
    ("B11", "mike%0d%0aBcc:eve@example.org", REFUSED),
    ("B11", "=?utf-8?q?mike?=@example.org", REFUSED),
    ("B11", "mike(x)@example.org", REFUSED),
    ("B11", "mike@example.org(x)", REFUSED),
    ("B12", "mike+tag@example.org", OTHER),
    ("B12", "mi.ke@example.org", OTHER),
    ("B13", "mike\0@example.org", REFUSED),
    ("B13", "mike@example.org\0", REFUSED),
    ("B13", "mike\ud800@example.org", REFUSED),
    ("B14", "@example.org", REFUSED),
    ("B14", "mike@", REFUSED),
    ("B14", "a" * 64 + "@example.org", OTHER),
    ("B14", "a" * 65 + "@example.org", REFUSED),
    ("B14", "a" * 300 + "@example.org", REFUSED),
    ("B14", "a@" + "b" * 10_000 + ".org", REFUSED),
)

#: Spellings of one international domain: each the same account as the others.
INTERNATIONAL: Final = (
    "mike@m\N{LATIN SMALL LETTER U WITH DIAERESIS}nchen.example",
    "mike@mu\N{COMBINING DIAERESIS}nchen.example",
    "mike@M\N{LATIN CAPITAL LETTER U WITH DIAERESIS}NCHEN.example",
    "mike@xn--mnchen-3ya.example",
    "mike@XN--MNCHEN-3YA.EXAMPLE",
)

#: Of two people each: never one account, or always one.
PAIRS: Final[tuple[tuple[str, str, str], ...]] = (
    ("stra\N{LATIN SMALL LETTER SHARP S}e", "strasse", SAME),
    ("\N{LATIN SMALL LIGATURE FI}ona", "fiona", SAME),
    ("\N{KELVIN SIGN}arl", "karl", SAME),
    ("\N{LATIN SMALL LETTER LONG S}am", "sam", SAME),
    ("caf\N{LATIN SMALL LETTER E WITH ACUTE}", "cafe\N{COMBINING ACUTE ACCENT}", SAME),
    ("caf\N{LATIN SMALL LETTER E WITH ACUTE}", "cafe", OTHER),
    ("agent\N{DIGIT SEVEN}", "agent\N{FULLWIDTH DIGIT SEVEN}", SAME),
)


def shown(variant: tuple[str, str, str]) -> str:
    return f"{variant[0]} {variant[1][:30]!a}"


def test_appendix_b_a_name_is_judged_alike_by_the_service_and_the_throttle(
    site: GatehouseTester,
) -> None:
    site.add_user(NAME)
    wrong = {}
    for number, spelling, decision in NAMES:
        found = made_by_the_service(site, username=spelling)
        counted = rules.counted_as(spelling) == rules.counted_as(NAME)
        if (found, counted) != (decision, decision == SAME):
            wrong[number, ascii(spelling[:40])] = (found, counted, decision)
    assert wrong == {}


def made_by_the_service(tester: GatehouseTester, **given: str) -> str:
    """Return what becomes of a spelling when an account is made with it."""
    fields = {"username": "somebody-new", **given}
    try:
        with tester.work() as work:
            user = users.create(work, username=fields["username"], email=fields.get("email"))
            made = user.id
    except (NameTaken, AddressTaken):
        return SAME
    except (NameRefused, AddressRefused):
        return REFUSED
    with tester.work() as work:
        for table in ("identifier", "user"):
            column = "id" if table == "user" else "user_id"
            from sqlalchemy import delete  # noqa: PLC0415 - tidying up

            from flask_gatehouse.db.base import Base  # noqa: PLC0415

            kept = Base.metadata.tables[f"gatehouse_{table}"]
            work.db.execute(delete(kept).where(kept.c[column] == made))
    return OTHER


def test_appendix_b_an_address_is_judged_alike_by_the_service_and_the_throttle(
    site: GatehouseTester,
) -> None:
    site.add_user("mike", email=ADDRESS)
    wrong = {}
    for number, spelling, decision in ADDRESSES:
        found = made_by_the_service(site, email=spelling)
        counted = rules.counted_as(spelling) == rules.counted_as(ADDRESS)
        if (found, counted) != (decision, decision == SAME):
            wrong[number, ascii(spelling[:40])] = (found, counted, decision)
    assert wrong == {}


def test_appendix_b_the_sign_in_finds_the_same_account_and_no_other(site: GatehouseTester) -> None:
    site.add_user(NAME)
    site.add_user("mike", email=ADDRESS)
    wrong = {}
    for _, spelling, decision in (*NAMES, *ADDRESSES):
        if "\ud800" in spelling or len(spelling) > 5000:
            continue
        wait_out(site)
        client = site.client()
        forms.sign_in(client, spelling)
        expected = {SAME: {NAME, "mike"}}.get(decision, {"nobody"})
        if who(client) not in expected:
            wrong[ascii(spelling[:40])] = (who(client), decision)
    assert wrong == {}


def test_appendix_b_the_command_line_judges_alike(tester: GatehouseTester) -> None:
    tester.add_user(NAME)
    tester.add_user("mike", email=ADDRESS)
    runner = tester.app.test_cli_runner()
    wrong = {}
    for number, (kind, spelling, decision) in enumerate(
        [("name", *row[1:]) for row in NAMES] + [("address", *row[1:]) for row in ADDRESSES]
    ):
        if spelling.startswith("-") or "\ud800" in spelling:
            continue
        args = [spelling] if kind == "name" else [f"new{number}", "--email", spelling]
        before = snapshot(tester)
        command = ["gatehouse", "users", "create", *args, "--password-stdin"]
        done = runner.invoke(args=command, input=PASSWORD)
        found = done.exit_code == 0
        if found != (decision == OTHER) or (not found and snapshot(tester) != before):
            wrong[ascii(spelling[:40])] = (done.output[:80], decision)
        # The other commands find by the same rule.
        looked = runner.invoke(args=["gatehouse", "users", "show", spelling])
        if (looked.exit_code == 0) != (decision in {SAME, OTHER}):
            wrong[f"show {spelling[:40]!a}"] = (looked.output[:80], decision)
    assert wrong == {}


def test_appendix_b_the_set_up_page_judges_alike(tester: GatehouseTester) -> None:
    path = setup_link(tester)
    client = tester.client()
    wrong = {}
    for field, table in (("username", NAMES), ("email", ADDRESSES)):
        for _, spelling, decision in table:
            if "\ud800" in spelling or len(spelling) > 5000:
                continue
            # The password is wrong, so that the page stays open whatever is thought of the name.
            fields = {"username": "chief", "email": "", "password": "short", field: spelling}
            page = forms.send(client, path, **fields)
            assert page.status_code == 422
            refused = "A user name" in page.text or "not an e-mail address" in page.text
            if refused != (decision == REFUSED):
                wrong[ascii(spelling[:40])] = decision
    assert wrong == {}


@pytest.mark.parametrize(("one", "other", "decision"), PAIRS)
def test_appendix_b_two_people_are_never_half_the_same(
    site: GatehouseTester, one: str, other: str, decision: str
) -> None:
    site.add_user(one)
    assert made_by_the_service(site, username=other) == decision
    client = site.client()
    forms.sign_in(client, other)
    assert (who(client) != "nobody") == (decision == SAME)


def test_appendix_b_every_spelling_of_an_international_domain_is_one_account(
    site: GatehouseTester,
) -> None:
    site.add_user("mike", email=INTERNATIONAL[0])
    for spelling in INTERNATIONAL:
        assert made_by_the_service(site, email=spelling) == SAME
        assert rules.counted_as(spelling) == rules.counted_as(INTERNATIONAL[0])
        client = site.client()
        forms.sign_in(client, spelling)
        assert who(client) == "mike"


@pytest.mark.parametrize(
    "address",
    [*INTERNATIONAL, *(spelling for _, spelling, decision in ADDRESSES if decision != REFUSED)],
    ids=lambda address: ascii(address[:40]),
)
def test_appendix_b_whoever_may_have_an_address_can_be_invited_at_it(
    tester: GatehouseTester, address: str
) -> None:
    """An address is used as it was stored: in its one form, which every mail system reads alike."""
    runner = tester.app.test_cli_runner()
    args = ["gatehouse", "users", "create", "somebody", "--email", address, "--invite"]
    done = runner.invoke(args=args)
    assert done.exit_code == 0, done.output
    (mail,) = tester.mails()
    (recipient,) = mail["To"].addresses
    assert recipient.addr_spec.isascii()
    assert recipient.addr_spec.casefold() == rules.canonical_address(address)


@pytest.mark.parametrize(
    "address", [spelling for _, spelling, decision in ADDRESSES if decision == SAME]
)
def test_appendix_b_mail_and_accounts_agree(address: str) -> None:
    canonical = rules.canonical_address(address)
    assert mail_rules.recipient(canonical).addr_spec == canonical == ADDRESS
