"""The ways out: a folder, the console, a mail server."""

import logging
import socket
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from uuid import UUID

import pytest

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.features.mail.delivery import post_from
from flask_gatehouse.features.mail.errors import NotDelivered
from flask_gatehouse.features.mail.post import Post
from flask_gatehouse.features.mail.smtp import SmtpPost
from tests.features.mail.houses import NOON, house_of
from tests.features.mail.smtp_server import LOGIN, Authority, Mailbox, read, serving

ID = UUID(int=7).hex
PATIENT = timedelta(seconds=60)  # longer than any of these servers needs


@pytest.fixture
def message() -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = "Club <post@club.example>"
    message["To"] = "ann@example.org"
    message["Subject"] = "Hello"
    message["Date"] = NOON
    message["Message-ID"] = f"<{ID}@club.example>"
    message.set_content("Dear Ann,\n.\n.. and so on\n")
    return message


@pytest.fixture
def post_to(tmp_path: Path) -> Callable[..., Post]:
    def post_to(url: str, timeout: timedelta = PATIENT) -> Post:
        return post_from(url, home=tmp_path, timeout=timeout, name="club.example")

    return post_to


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


# A folder


def test_a_file_holds_the_whole_message(
    post_to: Callable[..., Post], message: EmailMessage, tmp_path: Path
) -> None:
    post_to("file:").deliver(message)
    (path,) = (tmp_path / "outbox").iterdir()
    assert path.name == f"20260615T120000Z-{ID}.eml"
    assert path.read_bytes() == message.as_bytes()
    assert read(path.read_bytes())["To"] == "ann@example.org"


def test_others_on_the_machine_can_read_neither_folder_nor_file(
    post_to: Callable[..., Post], message: EmailMessage, tmp_path: Path
) -> None:
    post_to("file:").deliver(message)
    folder = tmp_path / "outbox"
    (path,) = folder.iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_same_letter_delivered_again_is_the_same_file(
    post_to: Callable[..., Post], message: EmailMessage, tmp_path: Path
) -> None:
    post = post_to(f"file:{tmp_path / 'a' / 'b'}")
    post.deliver(message)
    post.deliver(message)
    assert len(list((tmp_path / "a" / "b").iterdir())) == 1


def test_what_cannot_be_written_whole_is_not_there_at_all(
    post_to: Callable[..., Post], message: EmailMessage, tmp_path: Path
) -> None:
    folder = tmp_path / "outbox"
    (folder / f"20260615T120000Z-{ID}.eml" / "in the way").mkdir(parents=True)
    with pytest.raises(NotDelivered, match="the folder cannot be written"):
        post_to("file:").deliver(message)
    assert [path.name for path in folder.iterdir()] == [f"20260615T120000Z-{ID}.eml"]


def test_a_folder_that_cannot_be_made_is_a_failed_delivery(
    post_to: Callable[..., Post], message: EmailMessage, tmp_path: Path
) -> None:
    (tmp_path / "outbox").write_text("a file stands where the folder should")
    with pytest.raises(NotDelivered):
        post_to("file:").deliver(message)


# The console


def test_the_console_shows_the_message(
    post_to: Callable[..., Post], message: EmailMessage, capsys: pytest.CaptureFixture[str]
) -> None:
    post_to("console:").deliver(message)
    shown = capsys.readouterr().out
    assert "To: ann@example.org\n" in shown
    assert "\nDear Ann,\n" in shown
    assert "\r" not in shown


# A mail server


def test_starttls_with_a_verified_certificate_and_a_login(
    post_to: Callable[..., Post],
    message: EmailMessage,
    mailbox: Mailbox,
    authority: Authority,
    stack: ExitStack,
) -> None:
    port = stack.enter_context(serving(mailbox, starttls=authority.server("localhost"), login=True))
    user, password = LOGIN[0], "p%40ss%3Aword"
    post_to(f"smtp://{user}:{password}@localhost:{port}?ca={authority.path}").deliver(message)
    (received,) = mailbox.messages
    assert received["Subject"] == "Hello"
    assert received.get_content() == "Dear Ann,\r\n.\r\n.. and so on\r\n"
    assert mailbox.envelopes == [("post@club.example", ["ann@example.org"])]
    assert mailbox.logins == [LOGIN]
    assert set(mailbox.greetings) == {"club.example"}


def test_implicit_tls_with_a_verified_certificate_and_a_login(
    post_to: Callable[..., Post],
    message: EmailMessage,
    mailbox: Mailbox,
    authority: Authority,
    stack: ExitStack,
) -> None:
    server = authority.server("127.0.0.1")
    port = stack.enter_context(serving(mailbox, implicit=server, login=True))
    url = f"smtps://{LOGIN[0]}:p%40ss%3Aword@127.0.0.1:{port}?ca={authority.path}"
    post_to(url).deliver(message)
    assert mailbox.logins == [LOGIN]
    assert len(mailbox.messages) == 1


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("unknown authority", "self-signed|unable to get local issuer"),
        ("other name", "mismatch"),
        ("other address", "mismatch"),
        ("ended", "expired"),
    ],
)
def test_a_certificate_that_is_not_good_gets_nothing(
    case: str,
    reason: str,
    scheme: str,
    post_to: Callable[..., Post],
    message: EmailMessage,
    mailbox: Mailbox,
    authority: Authority,
    stack: ExitStack,
) -> None:
    host = "127.0.0.1" if case == "other address" else "localhost"
    name = "mail.example" if case.startswith("other") else "localhost"
    server = authority.server(name, ended=case == "ended")
    speaks = serving(
        mailbox,
        starttls=server if scheme == "smtp" else None,
        implicit=server if scheme == "smtps" else None,
        login=True,
    )
    port = stack.enter_context(speaks)
    trust = "" if case == "unknown authority" else f"?ca={authority.path}"
    post = post_to(f"{scheme}://postman:s3cret@{host}:{port}{trust}")
    with pytest.raises(NotDelivered, match=f"certificate of the server is not good .*({reason})"):
        post.deliver(message)
    assert (mailbox.messages, mailbox.logins) == ([], [])


def test_a_server_without_starttls_gets_neither_letter_nor_password(
    post_to: Callable[..., Post],
    message: EmailMessage,
    mailbox: Mailbox,
    authority: Authority,
    stack: ExitStack,
) -> None:
    port = stack.enter_context(serving(mailbox, login=True))
    with pytest.raises(NotDelivered, match="STARTTLS"):
        post_to(f"smtp://postman:s3cret@localhost:{port}").deliver(message)
    with pytest.raises(NotDelivered, match="TLS"):
        post_to(f"smtps://postman:s3cret@localhost:{port}").deliver(message)
    assert (mailbox.messages, mailbox.logins) == ([], [])


def test_no_encryption_is_a_loud_choice(
    post_to: Callable[..., Post],
    message: EmailMessage,
    mailbox: Mailbox,
    stack: ExitStack,
    caplog: pytest.LogCaptureFixture,
) -> None:
    port = stack.enter_context(serving(mailbox))
    with caplog.at_level(logging.WARNING):
        post = post_to(f"smtp://127.0.0.1:{port}?tls=none")
    assert "without encryption" in caplog.text
    post.deliver(message)
    assert len(mailbox.messages) == 1


def test_a_wrong_password_is_told_without_the_password(
    post_to: Callable[..., Post],
    message: EmailMessage,
    mailbox: Mailbox,
    authority: Authority,
    stack: ExitStack,
) -> None:
    server = authority.server("localhost")
    port = stack.enter_context(serving(mailbox, starttls=server, login=True))
    post = post_to(f"smtp://postman:s3cret@localhost:{port}?ca={authority.path}")
    with pytest.raises(NotDelivered, match=r"^the server refused user and password \(535\)$"):
        post.deliver(message)
    assert mailbox.messages == []


def test_a_server_that_knows_no_login_is_not_used_without_one(
    post_to: Callable[..., Post],
    message: EmailMessage,
    mailbox: Mailbox,
    authority: Authority,
    stack: ExitStack,
) -> None:
    port = stack.enter_context(serving(mailbox, starttls=authority.server("localhost")))
    post = post_to(f"smtp://postman:s3cret@localhost:{port}?ca={authority.path}")
    with pytest.raises(NotDelivered, match="the server cannot do what is needed"):
        post.deliver(message)
    assert mailbox.messages == []


@pytest.mark.parametrize(
    ("rcpt", "data", "reason"),
    [
        ("450 later", "250 OK", "refused the recipient (450)"),
        ("550 nobody ann@example.org here", "250 OK", "refused the recipient (550)"),
        ("250 OK", "451 later", "answered 451"),
        ("250 OK", "554 looks like spam to ann@example.org", "answered 554"),
    ],
)
def test_a_refusal_is_told_by_its_number(
    rcpt: str,
    data: str,
    reason: str,
    post_to: Callable[..., Post],
    message: EmailMessage,
    mailbox: Mailbox,
    stack: ExitStack,
) -> None:
    mailbox.answer_to_rcpt, mailbox.answer_to_data = rcpt, data
    port = stack.enter_context(serving(mailbox))
    with pytest.raises(NotDelivered) as refused:
        post_to(f"smtp://127.0.0.1:{port}?tls=none").deliver(message)
    assert str(refused.value) == f"the server {reason}"


def test_a_server_that_is_down_is_told(post_to: Callable[..., Post], message: EmailMessage) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(NotDelivered, match="no connection to the server"):
        post_to(f"smtp://127.0.0.1:{port}").deliver(message)


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_server_that_never_answers_is_left(
    scheme: str, post_to: Callable[..., Post], message: EmailMessage
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        post = post_to(f"{scheme}://127.0.0.1:{port}", timedelta(seconds=0.05))
        with pytest.raises(NotDelivered, match="did not answer in time"):
            post.deliver(message)


def test_a_server_that_cannot_say_goodbye_has_taken_the_letter(
    post_to: Callable[..., Post], message: EmailMessage, mailbox: Mailbox, stack: ExitStack
) -> None:
    mailbox.answer_to_quit = "421 no goodbye"
    port = stack.enter_context(serving(mailbox))
    post_to(f"smtp://127.0.0.1:{port}?tls=none").deliver(message)
    assert len(mailbox.messages) == 1


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_an_authority_that_cannot_be_read_stops_the_start(
    content: str | None, post_to: Callable[..., Post], tmp_path: Path
) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(Misconfigured, match=r"GATEHOUSE_MAIL_URL names a ca"):
        post_to(f"smtp://mail.example?ca={path}")


def test_a_greeting_proves_both_sides_and_hands_over_no_letter(
    post_to: Callable[..., Post], mailbox: Mailbox, authority: Authority, stack: ExitStack
) -> None:
    server = authority.server("localhost")
    port = stack.enter_context(serving(mailbox, starttls=server, login=True))
    post = post_to(f"smtp://{LOGIN[0]}:p%40ss%3Aword@localhost:{port}?ca={authority.path}")
    assert isinstance(post, SmtpPost)
    post.greet()
    assert mailbox.logins == [LOGIN]
    assert mailbox.messages == []


def test_a_greeting_tells_no_password_to_a_server_whose_certificate_is_not_good(
    post_to: Callable[..., Post], mailbox: Mailbox, authority: Authority, stack: ExitStack
) -> None:
    server = authority.server("mail.example")
    port = stack.enter_context(serving(mailbox, starttls=server, login=True))
    post = post_to(f"smtp://{LOGIN[0]}:p%40ss%3Aword@localhost:{port}?ca={authority.path}")
    assert isinstance(post, SmtpPost)
    with pytest.raises(NotDelivered, match="certificate"):
        post.greet()
    assert mailbox.logins == []


def test_a_greeting_with_a_wrong_password_is_refused(
    post_to: Callable[..., Post], mailbox: Mailbox, authority: Authority, stack: ExitStack
) -> None:
    server = authority.server("localhost")
    port = stack.enter_context(serving(mailbox, starttls=server, login=True))
    post = post_to(f"smtp://{LOGIN[0]}:wrong@localhost:{port}?ca={authority.path}")
    assert isinstance(post, SmtpPost)
    with pytest.raises(NotDelivered, match="refused user and password"):
        post.greet()


# Several letters


def test_letters_that_leave_together_take_one_connection(
    post_to: Callable[..., Post], message: EmailMessage, mailbox: Mailbox, stack: ExitStack
) -> None:
    port = stack.enter_context(serving(mailbox))
    with post_to(f"smtp://127.0.0.1:{port}?tls=none").opened() as post:
        for _ in range(5):
            post.deliver(message)
    assert len(mailbox.messages) == 5
    assert mailbox.greetings == ["club.example"]


def test_a_connection_is_not_used_for_ever(
    post_to: Callable[..., Post], message: EmailMessage, mailbox: Mailbox, stack: ExitStack
) -> None:
    port = stack.enter_context(serving(mailbox))
    with post_to(f"smtp://127.0.0.1:{port}?tls=none").opened() as post:
        for _ in range(101):
            post.deliver(message)
    assert len(mailbox.messages) == 101
    assert len(mailbox.greetings) == 2


@pytest.mark.parametrize("answer", ["450 later", "550 nobody", "421 closing"])
def test_a_refused_letter_does_not_spoil_the_next_one(
    post_to: Callable[..., Post],
    message: EmailMessage,
    mailbox: Mailbox,
    stack: ExitStack,
    answer: str,
) -> None:
    port = stack.enter_context(serving(mailbox))
    with post_to(f"smtp://127.0.0.1:{port}?tls=none").opened() as post:
        mailbox.answer_to_rcpt = answer
        with pytest.raises(NotDelivered):
            post.deliver(message)
        mailbox.answer_to_rcpt = "250 OK"
        post.deliver(message)
    assert [rcpt for _, rcpt in mailbox.envelopes] == [["ann@example.org"]]


def test_a_server_that_is_down_is_asked_once_for_many_letters(
    post_to: Callable[..., Post], message: EmailMessage
) -> None:
    asked: list[None] = []
    with socket.create_server(("127.0.0.1", 0)) as closing:
        port = closing.getsockname()[1]

        def hang_up() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = closing.accept()
                    asked.append(None)
                    connection.close()

        threading.Thread(target=hang_up, daemon=True).start()
        with post_to(f"smtp://127.0.0.1:{port}?tls=none").opened() as post:
            for _ in range(3):
                with pytest.raises(NotDelivered):
                    post.deliver(message)
        closing.shutdown(socket.SHUT_RDWR)
    assert len(asked) == 1


def test_reports_of_failures_go_where_the_setting_says(
    message: EmailMessage, mailbox: Mailbox, stack: ExitStack, tmp_path: Path
) -> None:
    port = stack.enter_context(serving(mailbox))
    url = f"smtp://127.0.0.1:{port}?tls=none"
    house = house_of(
        tmp_path, GATEHOUSE_MAIL_URL=url, GATEHOUSE_MAIL_BOUNCES="bounces@club.example"
    )
    house.part(Post).deliver(message)
    assert mailbox.envelopes == [("bounces@club.example", ["ann@example.org"])]


@pytest.mark.parametrize("address", ["<>", "a@b, c@d", "a@b\r\nRCPT TO:<eve@example.org>", "x"])
def test_a_bad_address_for_reports_stops_the_start(tmp_path: Path, address: str) -> None:
    with pytest.raises(Misconfigured, match="GATEHOUSE_MAIL_BOUNCES"):
        house_of(tmp_path, GATEHOUSE_MAIL_BOUNCES=address)
