"""The outbox: written with the change, sent after it, once."""

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine

from flask_gatehouse.core.events import Event, Origin
from flask_gatehouse.db.errors import DatabaseUnavailable
from flask_gatehouse.db.work import Recorder, Work
from flask_gatehouse.features.mail import service
from flask_gatehouse.features.mail.clearing import clear
from flask_gatehouse.features.mail.delivery import FilePost
from flask_gatehouse.features.mail.errors import (
    LetterNotDead,
    LetterNotThere,
    LetterRefused,
    NotDelivered,
)
from flask_gatehouse.features.mail.events import LetterSent
from flask_gatehouse.features.mail.outbox import Sent, send_all, send_due
from flask_gatehouse.features.mail.post import Post
from flask_gatehouse.features.mail.rules import wait_after
from flask_gatehouse.features.mail.settings import MailSettings
from tests.features.mail.houses import LINK, NOON, PostRoom, house_of, room_of
from tests.features.mail.smtp_server import Mailbox, read, serving

MINUTE = timedelta(minutes=1)


class ClosedPost(Post):
    """A way out that takes nothing, until it is opened."""

    def __init__(self, folder: Path, failure: BaseException) -> None:
        self.failure: BaseException | None = failure
        self._open = FilePost(folder)

    def deliver(self, message: EmailMessage) -> None:
        if self.failure is not None:
            raise self.failure
        self._open.deliver(message)


class HeldPost(Post):
    """A way out that takes so long that others come by meanwhile."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        self.meanwhile = meanwhile
        self.taken: list[str] = []

    def deliver(self, message: EmailMessage) -> None:
        self.taken.append(message["Message-ID"])
        # Only once: what happens meanwhile may come here again.
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def any_room(every_engine: Engine, home: Path) -> PostRoom:
    """A room that keeps its letters as files, on each database."""
    return room_of(house_of(home), every_engine)


@pytest.fixture
def closed(outbox_folder: Path) -> ClosedPost:
    return ClosedPost(outbox_folder, NotDelivered("the bridge is up"))


@pytest.fixture
def closed_room(engine: Engine, home: Path, closed: ClosedPost) -> PostRoom:
    return room_of(house_of(home, closed), engine)


def served_room(engine: Engine, home: Path, mailbox: Mailbox, stack: ExitStack) -> PostRoom:
    port = stack.enter_context(serving(mailbox))
    url = f"smtp://127.0.0.1:{port}?tls=none"
    return room_of(house_of(home, GATEHOUSE_MAIL_URL=url), engine)


# Written with the change


def test_a_letter_waits_from_the_commit_on_and_is_sent_once(
    any_room: PostRoom, outbox_folder: Path
) -> None:
    user_id = uuid4()
    any_room.post(user_id=user_id)
    waiting = any_room.letter()
    assert (waiting.kind, waiting.user_id, waiting.attempts) == ("invitation", user_id, 0)
    assert (waiting.created_at, waiting.next_try_at) == (NOON, NOON)
    assert LINK in waiting.text
    assert not outbox_folder.exists()

    assert send_due(any_room.works) == Sent(sent=1)
    assert send_due(any_room.works) == Sent()
    (path,) = outbox_folder.iterdir()
    message = read(path.read_bytes())
    assert message["To"] == "ann@example.org"
    assert message["Message-ID"] == f"<{waiting.id.hex}@club.example>"
    body = message.get_body(("plain",))
    assert body is not None
    assert LINK in body.get_content()


def test_a_change_that_is_rolled_back_leaves_no_letter(
    any_room: PostRoom, outbox_folder: Path
) -> None:
    facts = {"link": LINK, "hours": 24}
    with suppress(ZeroDivisionError), any_room.works.begin(Origin()) as work:
        service.post(work, letter="invitation", recipient="ann@example.org", facts=facts)
        work.db.flush()
        _ = 1 // 0
    assert any_room.letters() == []
    assert any_room.record() == []
    assert send_due(any_room.works) == Sent()
    assert not outbox_folder.exists()


def test_nothing_that_opens_anything_stays_behind_a_sent_letter(any_room: PostRoom) -> None:
    any_room.post()
    any_room.clock.move(MINUTE)
    send_due(any_room.works)
    sent = any_room.letter()
    assert (sent.text, sent.html, sent.subject) == ("", None, "Choose your password for Club")
    assert (sent.sent_at, sent.dead_at, sent.leased_until) == (NOON + MINUTE, None, None)


def test_the_record_tells_of_a_letter_and_of_no_address(any_room: PostRoom) -> None:
    user_id = uuid4()
    any_room.post(user_id=user_id)
    any_room.clock.move(MINUTE)
    send_due(any_room.works)
    told = [(row.name, row.user_id, row.channel, row.facts) for row in any_room.record()]
    assert told == [
        ("mail.posted", user_id, "command", {"letter": "invitation"}),
        ("mail.sent", user_id, "worker", {"letter": "invitation"}),
    ]


def test_letters_of_any_script_pass_through_every_database(
    every_engine: Engine, home: Path, outbox_folder: Path
) -> None:
    room = room_of(house_of(home, GATEHOUSE_SITE_NAME="Клуб 日本 🏰"), every_engine)
    room.post()
    assert send_due(room.works) == Sent(sent=1)
    (path,) = outbox_folder.iterdir()
    assert read(path.read_bytes())["Subject"] == "Choose your password for Клуб 日本 🏰"


def test_the_oldest_letters_are_sent_first_and_no_more_than_asked_for(room: PostRoom) -> None:
    for number in range(3):
        room.post(f"n{number}@example.org")
        room.clock.move(MINUTE)
    assert send_due(room.works, limit=2) == Sent(sent=2)
    waiting = [letter.recipient for letter in room.letters() if letter.sent_at is None]
    assert waiting == ["n2@example.org"]
    assert send_all(room.works) == Sent(sent=1)


def test_letters_that_were_sent_long_ago_are_forgotten(any_room: PostRoom) -> None:
    any_room.post("old@example.org")
    send_due(any_room.works)
    any_room.clock.move(timedelta(days=29))
    any_room.post("new@example.org")
    send_due(any_room.works)
    assert len(any_room.letters()) == 2
    any_room.clock.move(timedelta(days=1))
    clear(any_room.works)
    assert [letter.recipient for letter in any_room.letters()] == ["new@example.org"]


# Sent once by several


def test_four_threads_send_each_letter_once(
    every_engine: Engine, home: Path, mailbox: Mailbox, stack: ExitStack
) -> None:
    room = served_room(every_engine, home, mailbox, stack)
    for number in range(40):
        room.post(f"n{number}@example.org")
    begin = threading.Barrier(4)

    def send() -> Sent:
        begin.wait()
        return send_all(room.works)

    with ThreadPoolExecutor(4) as threads:
        results = [future.result() for future in [threads.submit(send) for _ in range(4)]]

    assert sum(results, Sent()) == Sent(sent=40)
    assert Counter(message["To"] for message in mailbox.messages) == {
        f"n{number}@example.org": 1 for number in range(40)
    }
    assert {letter.attempts for letter in room.letters()} == {1}
    assert Counter(row.name for row in room.record()) == {"mail.posted": 40, "mail.sent": 40}


def test_a_letter_in_delivery_is_left_alone(every_engine: Engine, home: Path) -> None:
    others: list[Sent] = []
    post = HeldPost(lambda: others.append(send_due(room.works)))
    room = room_of(house_of(home, post), every_engine)
    room.post()
    assert send_due(room.works) == Sent(sent=1)
    assert others == [Sent()]
    assert len(post.taken) == 1


def test_a_process_that_dies_leaves_its_letter_to_others_when_the_lease_is_over(
    every_engine: Engine, home: Path, closed: ClosedPost
) -> None:
    room = room_of(house_of(home, closed), every_engine)
    closed.failure = SystemExit()
    room.post()
    with pytest.raises(SystemExit):
        send_due(room.works)
    closed.failure = None
    assert send_due(room.works) == Sent()
    lease = room.letter().leased_until
    assert lease is not None
    room.clock.move(lease - NOON)
    assert send_due(room.works) == Sent(sent=1)
    assert room.letter().attempts == 2


def test_a_process_that_dies_has_marked_what_it_delivered_before(
    every_engine: Engine, home: Path
) -> None:
    class DiesAtTheSecond(HeldPost):
        def deliver(self, message: EmailMessage) -> None:
            super().deliver(message)
            if len(self.taken) == 2:
                raise SystemExit

    room = room_of(house_of(home, DiesAtTheSecond(lambda: None)), every_engine)
    for number in range(3):
        room.post(f"n{number}@example.org")
    with pytest.raises(SystemExit):
        send_due(room.works)
    assert [letter.sent_at for letter in room.letters()] == [NOON, None, None]
    assert [row.name for row in room.record()].count("mail.sent") == 1


def test_who_comes_back_after_the_lease_changes_nothing(every_engine: Engine, home: Path) -> None:
    def others_take_over() -> None:
        room.clock.move(timedelta(hours=1))
        others.append(send_due(room.works))

    others: list[Sent] = []
    post = HeldPost(others_take_over)
    room = room_of(house_of(home, post), every_engine)
    room.post()
    send_due(room.works)
    assert others == [Sent(sent=1)]
    # The one case in which a letter goes out twice; receivers see one Message-ID.
    assert post.taken == [post.taken[0]] * 2
    assert [row.name for row in room.record()].count("mail.sent") == 1


def test_a_late_failure_does_not_take_the_letter_from_who_has_it_now(
    every_engine: Engine, home: Path
) -> None:
    def others_take_over() -> None:
        room.clock.move(timedelta(hours=1))
        with pytest.raises(SystemExit):
            send_due(room.works)
        raise NotDelivered("too late")

    class Handed(HeldPost):
        def deliver(self, message: EmailMessage) -> None:
            super().deliver(message)
            raise SystemExit

    room = room_of(house_of(home, Handed(others_take_over)), every_engine)
    room.post()
    assert send_due(room.works) == Sent(failed=1)
    letter = room.letter()
    assert (letter.attempts, letter.next_try_at) == (2, NOON)
    assert letter.leased_until is not None
    assert letter.leased_until > room.clock.now()


def test_a_letter_whose_processes_always_die_is_given_up(
    closed_room: PostRoom, closed: ClosedPost
) -> None:
    closed.failure = SystemExit()
    closed_room.post()
    for _ in range(MailSettings().attempts):
        with pytest.raises(SystemExit):
            send_due(closed_room.works)
        closed_room.clock.move(timedelta(hours=1))
    assert send_due(closed_room.works) == Sent(dead=1)


def test_a_moment_without_the_database_does_not_send_a_letter_twice(
    room: PostRoom, outbox_folder: Path
) -> None:
    class AwayTwice(Recorder):
        left = 2

        def write(self, work: Work, event: Event) -> None:
            del work
            if isinstance(event, LetterSent) and self.left:
                self.left -= 1
                raise DatabaseUnavailable

    room.works.house.furnish([AwayTwice()])
    room.post()
    assert send_due(room.works) == Sent(sent=1)
    assert room.letter().sent_at == NOON
    assert len(list(outbox_folder.iterdir())) == 1


# Tried again


def test_waits_between_attempts_grow_until_the_letter_is_given_up(
    every_engine: Engine, home: Path, closed: ClosedPost
) -> None:
    room = room_of(house_of(home, closed), every_engine)
    user_id = uuid4()
    room.post(user_id=user_id)
    most = MailSettings().attempts
    for attempt in range(1, most):
        assert send_due(room.works) == Sent(failed=1)
        assert room.letter().attempts == attempt
        # Chance takes up to a fifth away, so that letters do not come back together.
        wait = room.letter().next_try_at - room.clock.now()
        assert 0.8 * wait_after(attempt) <= wait <= wait_after(attempt)
        room.clock.move(wait - timedelta(microseconds=1))
        assert send_due(room.works) == Sent()
        room.clock.move(timedelta(microseconds=1))
    assert send_due(room.works) == Sent(dead=1)

    dead = room.letter()
    assert (dead.dead_at, dead.sent_at) == (room.clock.now(), None)
    last = room.record()[-1]
    assert (last.name, last.outcome, last.user_id) == ("mail.dead", "refused", user_id)
    assert last.facts == {"letter": "invitation", "attempts": most}

    room.clock.move(timedelta(days=3))
    assert send_due(room.works) == Sent()


def test_a_letter_is_tried_as_often_as_the_setting_says(
    engine: Engine, home: Path, closed: ClosedPost
) -> None:
    room = room_of(house_of(home, closed, GATEHOUSE_MAIL_ATTEMPTS=2), engine)
    room.post()
    assert send_due(room.works) == Sent(failed=1)
    room.clock.move(MINUTE)
    assert send_due(room.works) == Sent(dead=1)


# Given up


def test_what_is_of_no_use_any_more_is_given_up_unsent_and_wiped(
    any_room: PostRoom, outbox_folder: Path
) -> None:
    any_room.post(good_until=NOON + MINUTE)
    any_room.clock.move(MINUTE)
    assert send_due(any_room.works) == Sent(dead=1)
    dead = any_room.letter()
    assert (dead.text, dead.html) == ("", None)
    assert not outbox_folder.exists()


def test_a_letter_is_given_up_when_the_next_attempt_would_come_too_late(
    closed_room: PostRoom,
) -> None:
    closed_room.post(good_until=NOON + timedelta(seconds=30))
    assert send_due(closed_room.works) == Sent(dead=1)


def test_a_letter_that_was_given_up_keeps_its_text_only_while_it_is_of_use(
    every_engine: Engine, home: Path, closed: ClosedPost
) -> None:
    closed.failure = LetterRefused("nobody of this name")
    room = room_of(house_of(home, closed), every_engine)
    room.post(good_until=NOON + timedelta(hours=1))
    assert send_due(room.works) == Sent(dead=1)
    assert LINK in room.letter().text
    room.clock.move(timedelta(hours=1))
    clear(room.works)
    wiped = room.letter()
    assert (wiped.text, wiped.html) == ("", None)
    room.clock.move(MailSettings().retention)
    clear(room.works)
    assert room.letters() == []


def test_a_letter_that_nobody_sends_is_wiped_all_the_same(any_room: PostRoom) -> None:
    any_room.post(good_until=NOON + MINUTE)
    any_room.clock.move(MINUTE)
    clear(any_room.works)
    dead = any_room.letter()
    assert (dead.text, dead.html, dead.dead_at) == ("", None, any_room.clock.now())
    assert any_room.record()[-1].name == "mail.dead"


def test_a_letter_that_was_given_up_is_sent_when_somebody_asks_for_it(
    every_engine: Engine, home: Path, closed: ClosedPost
) -> None:
    failure, closed.failure = closed.failure, LetterRefused("nobody of this name")
    room = room_of(house_of(home, closed), every_engine)
    room.post()
    send_due(room.works)
    with room.works.begin(Origin()) as work:
        service.retry(work, letter_id=room.letter().id)
    # It has all its attempts again.
    closed.failure = failure
    assert send_due(room.works) == Sent(failed=1)
    closed.failure = None
    room.clock.move(MINUTE)
    assert send_due(room.works) == Sent(sent=1)
    assert "mail.retried" in {row.name for row in room.record()}


def test_what_was_wiped_cannot_be_tried_again(any_room: PostRoom) -> None:
    any_room.post(good_until=NOON + MINUTE)
    any_room.clock.move(MINUTE)
    send_due(any_room.works)
    with pytest.raises(LetterNotDead), any_room.works.begin(Origin()) as work:
        service.retry(work, letter_id=any_room.letter().id)


def test_a_letter_that_is_on_its_way_cannot_be_dropped(engine: Engine, home: Path) -> None:
    def drop() -> None:
        with pytest.raises(LetterNotThere), room.works.begin(Origin()) as work:
            service.drop(work, letter_id=room.letter().id)

    room = room_of(house_of(home, HeldPost(drop)), engine)
    room.post()
    assert send_due(room.works) == Sent(sent=1)


def test_a_dropped_letter_is_gone_and_the_record_says_so(any_room: PostRoom) -> None:
    any_room.post()
    with any_room.works.begin(Origin()) as work:
        service.drop(work, letter_id=any_room.letter().id)
    assert any_room.letters() == []
    assert any_room.record()[-1].name == "mail.dropped"


def test_who_is_told_to_stop_hands_the_rest_back_untried(engine: Engine, home: Path) -> None:
    stop = threading.Event()
    post = HeldPost(stop.set)
    room = room_of(house_of(home, post), engine)
    room.post("one@example.org")
    room.post("two@example.org")
    assert send_all(room.works, stopped=stop.is_set) == Sent(sent=1)
    assert [letter.tries for letter in room.letters()] == [1, 0]
    assert send_all(room.works) == Sent(sent=1)


def test_a_slow_server_gets_no_letter_whose_lease_could_end_meanwhile(
    engine: Engine, home: Path
) -> None:
    post = HeldPost(lambda: room.clock.move(timedelta(seconds=200)))
    room = room_of(house_of(home, post), engine)
    room.post("one@example.org")
    room.post("two@example.org")
    assert send_due(room.works) == Sent(sent=1)
    assert len(post.taken) == 1
    assert send_due(room.works) == Sent(sent=1)
    assert len(set(post.taken)) == 2


def test_a_letter_that_waited_for_days_is_still_tried(room: PostRoom, outbox_folder: Path) -> None:
    room.post()
    room.clock.move(timedelta(days=5))
    assert send_due(room.works) == Sent(sent=1)
    (path,) = outbox_folder.iterdir()
    assert path.name.startswith("20260615T120000Z-")


def test_the_log_names_neither_address_nor_link(
    closed_room: PostRoom, caplog: pytest.LogCaptureFixture
) -> None:
    closed_room.post()
    send_due(closed_room.works)
    assert re.search(r"the bridge is up; again in 0:0[01]:\d\d", caplog.text)
    assert re.search(r"@|https?:", caplog.text) is None


def test_a_letter_that_breaks_the_way_out_does_not_hold_up_the_others(
    closed_room: PostRoom, closed: ClosedPost
) -> None:
    closed.failure = ValueError("unforeseen")
    closed_room.post("one@example.org")
    closed_room.post("two@example.org")
    assert send_due(closed_room.works) == Sent(failed=2)
    closed.failure = None
    closed_room.clock.move(MINUTE)
    assert send_due(closed_room.works) == Sent(sent=2)


def test_failing_letters_do_not_keep_those_behind_them_from_being_tried(
    closed_room: PostRoom,
) -> None:
    for number in range(25):
        closed_room.post(f"n{number}@example.org")
    assert send_all(closed_room.works) == Sent(failed=25)


@pytest.mark.parametrize(
    ("rcpt", "data"),
    [
        ("450 later", "250 OK"),
        ("250 OK", "451 later"),
        ("421 closing", "250 OK"),
    ],
)
def test_a_refused_letter_is_sent_once_when_the_server_has_recovered(
    engine: Engine, home: Path, mailbox: Mailbox, stack: ExitStack, rcpt: str, data: str
) -> None:
    room = served_room(engine, home, mailbox, stack)
    mailbox.answer_to_rcpt, mailbox.answer_to_data = rcpt, data
    room.post()
    assert send_due(room.works) == Sent(failed=1)
    mailbox.answer_to_rcpt = mailbox.answer_to_data = "250 OK"
    room.clock.move(MINUTE)
    assert send_all(room.works) == Sent(sent=1)
    room.clock.move(timedelta(days=1))
    assert send_all(room.works) == Sent()
    assert len(mailbox.messages) == 1


@pytest.mark.parametrize(
    ("rcpt", "data"), [("550 nobody", "250 OK"), ("553 no", "250 OK"), ("250 OK", "554 no")]
)
def test_a_letter_that_will_never_be_taken_is_given_up_at_once(
    engine: Engine, home: Path, mailbox: Mailbox, stack: ExitStack, rcpt: str, data: str
) -> None:
    room = served_room(engine, home, mailbox, stack)
    mailbox.answer_to_rcpt, mailbox.answer_to_data = rcpt, data
    room.post()
    assert send_due(room.works) == Sent(dead=1)
    assert room.record()[-1].name == "mail.dead"


def test_a_server_that_is_down_costs_no_letter(
    engine: Engine, home: Path, mailbox: Mailbox, stack: ExitStack
) -> None:
    with serving(mailbox) as port:
        down = f"smtp://127.0.0.1:{port}?tls=none"
    room = room_of(house_of(home, GATEHOUSE_MAIL_URL=down), engine)
    room.post()
    assert send_due(room.works) == Sent(failed=1)

    recovered = served_room(engine, home, mailbox, stack)
    recovered.clock.move(MINUTE)
    assert send_due(recovered.works) == Sent(sent=1)
    assert [message["To"] for message in mailbox.messages] == ["ann@example.org"]
