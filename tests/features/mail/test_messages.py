"""Messages, read as a client reads them."""

from email.message import MIMEPart
from pathlib import Path
from uuid import UUID

import pytest

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.core.events import Origin
from flask_gatehouse.features.mail import service
from flask_gatehouse.features.mail.errors import RecipientRefused, SubjectRefused
from flask_gatehouse.features.mail.messages import Letterhead, compose
from flask_gatehouse.features.mail.models import Letter
from tests.features.mail.houses import LINK, NOON, PostRoom, house_of
from tests.features.mail.smtp_server import read

ID = UUID(int=7)


def letter(**changes: object) -> Letter:
    said = {"subject": "Hello", "text": f"Here:\n\n{LINK}\n", "html": f"<p>{LINK}</p>\n"}
    known = {"id": ID, "kind": "test", "recipient": "ann@example.org", "created_at": NOON}
    return Letter(**(known | said | changes))


def shown(part: MIMEPart) -> str:
    """Return a text with the line ends of a screen; on the way they are those of mail."""
    text: str = part.get_content()
    return text.replace("\r\n", "\n")


def test_a_message_has_a_fixed_set_of_headers(home: Path) -> None:
    house = house_of(home, GATEHOUSE_MAIL_SENDER="The Club <post@club.example>")
    message = read(compose(letter(), Letterhead.of(house)).as_bytes())
    assert dict(message.items()) == {
        "From": "The Club <post@club.example>",
        "To": "ann@example.org",
        "Subject": "Hello",
        "Date": "Mon, 15 Jun 2026 12:00:00 +0000",
        "Message-ID": f"<{ID.hex}@club.example>",
        "Auto-Submitted": "auto-generated",
        "MIME-Version": "1.0",
        "Content-Type": message["Content-Type"],
    }
    assert message.get_content_type() == "multipart/alternative"
    assert message.defects == []


def test_a_client_finds_text_and_html(home: Path) -> None:
    message = read(compose(letter(), Letterhead.of(house_of(home))).as_bytes())
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert shown(text) == f"Here:\n\n{LINK}\n"
    assert shown(html) == f"<p>{LINK}</p>\n"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def test_a_link_can_be_read_in_the_message_as_it_travels(home: Path) -> None:
    long_link = LINK + "x" * 200
    text = f"Here:\n\n{long_link}\n"
    raw = compose(letter(text=text), Letterhead.of(house_of(home))).as_bytes()
    assert f"\r\n{long_link}\r\n".encode() in raw


@pytest.mark.parametrize("text", ["Grüße\n", "日本語\n", "x" * 3000 + "\n", ".\n.\nFrom me\n"])
def test_any_text_arrives_as_it_was_written(home: Path, text: str) -> None:
    said = letter(text=text, subject="Grüße 日本語 " * 8 + "!")
    raw = compose(said, Letterhead.of(house_of(home))).as_bytes()
    message = read(raw)
    body = message.get_body(("plain",))
    assert body is not None
    assert shown(body) == text
    assert message["Subject"] == said.subject
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def test_a_letter_without_html_is_text_alone(home: Path) -> None:
    message = read(compose(letter(html=None), Letterhead.of(house_of(home))).as_bytes())
    assert message.get_content_type() == "text/plain"


@pytest.mark.parametrize(
    "injected",
    [
        "\r\nBcc: bob@evil.example",
        "\nBcc: bob@evil.example",
        "\rBcc: bob@evil.example",
        "\r\n Bcc: bob@evil.example",
        "\u2028Bcc: bob@evil.example",
        "\x85Bcc: bob@evil.example",
        "\x0bBcc: bob@evil.example",
        "\r\n\r\nsecond body",
        ", bob@evil.example",
        "%0d%0aBcc: bob@evil.example",
        "=?utf-8?q?=0d=0aBcc=3a_bob?=",
    ],
)
def test_no_recipient_and_no_header_can_be_slipped_in(room: PostRoom, injected: str) -> None:
    for address in (f"ann@example.org{injected}", f"ann{injected}@example.org"):
        # One of them may be an odd, but plain, address: then it is the only one.
        try:
            room.post(address)
        except RecipientRefused:
            assert room.letters() == []
        else:
            pytest.fail(address)


@pytest.mark.parametrize(
    "name",
    [
        "Club\r\nBcc: bob@evil.example",
        "Club\u2028Bcc: bob@evil.example",
        "Club\x0bBcc: bob@evil.example",
        "=?utf-8?q?Club=0d=0aBcc=3a_bob=40evil.example?=",
    ],
)
def test_a_name_that_would_break_a_header_makes_no_letter(room: PostRoom, name: str) -> None:
    facts = {"site_name": name}
    with room.works.begin(Origin()) as work, pytest.raises(SubjectRefused):
        service.post(work, letter="test", recipient="ann@example.org", facts=facts)
    assert room.letters() == []


def test_a_bad_sender_stops_the_start(home: Path) -> None:
    with pytest.raises(Misconfigured, match="GATEHOUSE_MAIL_SENDER"):
        house_of(home, GATEHOUSE_MAIL_SENDER="nobody")


def test_a_folder_of_templates_that_is_not_there_stops_the_start(home: Path) -> None:
    with pytest.raises(Misconfigured, match="GATEHOUSE_MAIL_TEMPLATES"):
        house_of(home, GATEHOUSE_MAIL_TEMPLATES=str(home / "nothing"))
