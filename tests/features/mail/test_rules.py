"""Addresses, subjects, and when to try again."""

from datetime import timedelta

import pytest

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.features.mail import rules
from flask_gatehouse.features.mail.errors import RecipientRefused, SubjectRefused
from flask_gatehouse.features.mail.settings import MailSettings


@pytest.mark.parametrize(
    "text",
    [
        "ann@example.org",
        "ann.o'hara+club@mail.example.org",
        "root@localhost",
        "a@xn--bcher-kva.example",
        "a" * 64 + "@example.org",
    ],
)
def test_a_plain_address_is_taken_as_it_is(text: str) -> None:
    assert rules.recipient(text).addr_spec == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ann",
        "@example.org",
        "ann@",
        "ann@@example.org",
        "ann@one@example.org",
        "ann@example.org,bob@example.org",
        "ann@example.org;bob@example.org",
        "ann@example.org bob@example.org",
        "Ann <ann@example.org>",
        "<ann@example.org>",
        '"ann"@example.org',
        '"ann@example.org"@evil.example',
        "ann(note)@example.org",
        "friends:ann@example.org;",
        "@one.example:ann@example.org",
        "ann@[127.0.0.1]",
        "ann@example.org\r\nBcc: bob@example.org",
        "ann@example.org\n",
        "ann@example.org\r",
        "ann\x00@example.org",
        "ann@example.org\u2028Bcc: bob@example.org",
        "ann@example.org\x85Bcc: bob@example.org",
        "ann@exam\n ple.org",
        "=?utf-8?q?bob=40evil.example=3e?=@example.org",
        "änn@example.org",
        "ann@bücher.example",
        "\uff41nn@example.org",
        "ann@example..org",
        ".ann@example.org",
        "ann.@example.org",
        "ann@-example.org",
        "ann@example.org.",
        "ann@exa_mple.org",
        "ann%0d%0aBcc:bob@evil@example.org",
        " ann@example.org",
        "a" * 65 + "@example.org",
        "a@" + "a." * 126 + "aa",
    ],
)
def test_what_some_mail_system_could_take_for_another_address_is_refused(text: str) -> None:
    with pytest.raises(RecipientRefused):
        rules.recipient(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Club <post@club.example>", "Club <post@club.example>"),
        ("post@club.example", "post@club.example"),
        ("<post@club.example>", "post@club.example"),
        ('"Club, Ltd." <post@club.example>', '"Club, Ltd." <post@club.example>'),
        ("Club, Ltd. <post@club.example>", '"Club, Ltd." <post@club.example>'),
        ("Bücher <post@club.example>", "Bücher <post@club.example>"),
    ],
)
def test_a_sender_may_have_a_name(text: str, shown: str) -> None:
    assert str(rules.sender(text, setting="X")) == shown


@pytest.mark.parametrize(
    "text",
    [
        "Club",
        "Club <>",
        "Club <post>",
        "Club <post@club.example",
        "Club <post@club.example> <evil@club.example>",
        "Club\r\nBcc: bob@example.org <post@club.example>",
        "Club <post@club.example>\n",
        "post@club.example, evil@club.example",
        "Cl\u2028ub <post@club.example>",
        "=?utf-8?q?Club=0d=0aBcc=3a_bob=40example.org?= <post@club.example>",
    ],
)
def test_a_sender_that_is_no_address_stops_the_start(text: str) -> None:
    with pytest.raises(Misconfigured, match=r"^GATEHOUSE_MAIL_SENDER must look like .*\.$"):
        rules.sender(text, setting="GATEHOUSE_MAIL_SENDER")


def test_a_subject_loses_the_line_end_of_its_template() -> None:
    assert rules.subject("Hello you\n") == "Hello you"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("a" * 201, "too_long"),
        ("Hello\nBcc: bob@example.org", "characters"),
        ("Hello\r\nBcc: bob@example.org", "characters"),
        ("Hello\r\n folded", "characters"),
        ("Hello\rBcc", "characters"),
        ("Hello\x00", "characters"),
        ("Hello\x0bBcc", "characters"),
        ("Hello\x85Bcc", "characters"),
        ("Hello\u2028Bcc", "characters"),
        ("Hello\u2029Bcc", "characters"),
        ("Hello \u202egpj.exe", "characters"),
        ("Hello\ud800", "characters"),
        ("=?utf-8?q?Hello=0d=0aBcc=3a_bob=40example.org?=", "characters"),
    ],
)
def test_a_subject_is_one_line_of_visible_text(text: str, reason: str) -> None:
    with pytest.raises(SubjectRefused) as refused:
        rules.subject(text)
    assert refused.value.facts == {"reason": reason}


def test_a_body_keeps_its_lines_and_loses_what_a_terminal_obeys() -> None:
    assert rules.body("one\n\ttwo \x1b[2J\r\u202e") == "one\n\ttwo \ufffd[2J\ufffd\ufffd"


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("https://club.example", "club.example"),
        ("https://club.example:8443/path", "club.example"),
        ("https://bücher.example", "xn--bcher-kva.example"),
        ("http://127.0.0.1:5000", "[127.0.0.1]"),
        ("http://[::1]:5000", "[IPv6:::1]"),
        ("http://localhost:5000", "localhost"),
    ],
)
def test_a_site_is_known_to_mail_systems_by_its_public_name(url: str, domain: str) -> None:
    assert rules.domain_of(url) == domain


def test_waits_grow_from_a_minute_to_hours_and_end_after_about_two_days() -> None:
    waits = [rules.wait_after(attempts) for attempts in range(1, MailSettings().attempts)]
    assert waits[0] == timedelta(minutes=1)
    assert waits == sorted(waits)
    assert waits[-1] == rules.wait_after(1000) == timedelta(hours=12)
    assert timedelta(days=1.5) < sum(waits, timedelta()) < timedelta(days=3)
