"""What GATEHOUSE_MAIL_URL may say, and what it must not."""

import traceback
from pathlib import Path

import pytest

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.features.mail.urls import Console, Folder, Server, parsed


def test_letters_are_kept_as_files_in_the_home_or_in_a_folder() -> None:
    assert parsed("file:") == Folder(None)
    assert parsed("file:/some/folder") == Folder(Path("/some/folder"))
    assert parsed("file:///some/a%20folder") == Folder(Path("/some/a folder"))


def test_letters_may_be_written_to_the_console() -> None:
    assert parsed("console:") == Console()


@pytest.mark.parametrize(
    ("url", "port", "tls"),
    [
        ("smtp://mail.example", 587, "starttls"),
        ("smtp://mail.example:25", 25, "starttls"),
        ("smtps://mail.example", 465, "implicit"),
        ("smtps://mail.example:2465/", 2465, "implicit"),
    ],
)
def test_a_server_is_spoken_to_over_tls(url: str, port: int, tls: str) -> None:
    found = parsed(url)
    assert isinstance(found, Server)
    assert (found.host, found.port, found.tls, found.user) == ("mail.example", port, tls, "")


def test_user_and_password_may_hold_any_character_in_its_url_form() -> None:
    found = parsed("smtp://post%40club:p%3A%2F%23%3F%25@mail.example")
    assert isinstance(found, Server)
    assert (found.user, str(found.password)) == ("post@club", "p:/#?%")
    assert "p:/" not in repr(found)


def test_an_authority_of_ones_own_may_be_trusted() -> None:
    found = parsed("smtp://mail.example?ca=/etc/ca.pem")
    assert isinstance(found, Server)
    assert found.ca == Path("/etc/ca.pem")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "[::1]"])
def test_plain_text_is_sent_to_this_machine_only_and_only_when_asked_for(host: str) -> None:
    plain, usual = parsed(f"smtp://{host}?tls=none"), parsed(f"smtp://{host}")
    assert isinstance(plain, Server)
    assert isinstance(usual, Server)
    assert (plain.tls, plain.port, usual.tls) == ("none", 25, "starttls")


@pytest.mark.parametrize(
    "url",
    [
        "outbox",
        "http://mail.example",
        "smtp:",
        "smtp://",
        "smtp://:587",
        "smtp:mail.example",
        "smtp://mail.example/inbox",
        "smtp://post:s3cret@mail.example:port",
        "smtp://post:s3cret@mail.example:99999",
        "smtp://post:s3cret/more@mail.example",
        "smtp://post:s3cret#more@mail.example",
        "smtp://post:s3cret[more@mail.example",
        "smtp://post:s3cret@mail.example?tls=none",
        "smtp://mail.example?tls=none",
        "smtp://10.0.0.1?tls=none",
        "smtp://localhost.evil.example?tls=none",
        "smtps://localhost?tls=none",
        "smtp://localhost?tls=maybe",
        "smtp://localhost?tls=none&ca=/ca.pem",
        "smtp://localhost?tls=none&tls=none",
        "smtp://mail.example?verify=no",
        "smtp://mail.example?ca=",
        "smtp://post@mail.example",
        "smtp://:s3cret@mail.example",
        "smtp://post:s3crét@mail.example",
        "file:outbox",
        "file://host/outbox",
        "file:/outbox?mode=777",
    ],
)
def test_anything_else_stops_the_start_in_one_sentence_without_the_password(url: str) -> None:
    with pytest.raises(Misconfigured, match=r"^GATEHOUSE_MAIL_URL [^\n]*\.$") as stopped:
        parsed(url)
    assert "s3cr" not in "".join(traceback.format_exception_only(stopped.value))
    assert stopped.value.__context__ is None
