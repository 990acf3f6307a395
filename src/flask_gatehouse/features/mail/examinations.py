"""What `doctor` asks about letters."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from flask_gatehouse.cli.application import program
from flask_gatehouse.core.findings import Finding, open_to_others
from flask_gatehouse.core.site import CoreSettings, is_this_machine
from flask_gatehouse.db.work import Works
from flask_gatehouse.features.mail import urls
from flask_gatehouse.features.mail.delivery import OUTBOX, ConsolePost, FilePost
from flask_gatehouse.features.mail.errors import NotDelivered
from flask_gatehouse.features.mail.models import Letter
from flask_gatehouse.features.mail.post import Post
from flask_gatehouse.features.mail.settings import MailSettings
from flask_gatehouse.features.mail.smtp import SmtpPost

#: How long a letter may be due before it looks as if nobody sends any.
_OVERDUE: Final = timedelta(minutes=15)

#: Letters that are counted; more of them say nothing more.
_COUNTED: Final = 1000


def way_out(works: Works) -> Iterator[Finding]:
    """Whether letters leave the house at all, and who can read those that do not."""
    if not isinstance(works.house.part(Post), FilePost | ConsolePost | SmtpPost):
        # The host's own way out: where it leads is the host's to know.
        return
    wanted = urls.parsed(works.house.settings[MailSettings].url)
    if isinstance(wanted, urls.Folder):
        folder = wanted.path or works.house.home / OUTBOX
        yield from open_to_others([folder], why="Letters hold links that open accounts.")
    host = urlsplit(works.house.settings[CoreSettings].public_url).hostname
    if not isinstance(wanted, urls.Server) and not is_this_machine(host):
        yield Finding(
            "note",
            "Letters are kept on this machine and sent to nobody.",
            "People do not hear of what happens to their accounts, and get no links.",
            "GATEHOUSE_MAIL_URL=smtp://user:password@mail.your.host:587",
        )


def outbox(works: Works) -> Iterator[Finding]:
    """Whether letters were given up, or wait for somebody who sends them."""
    now = works.house.clock.now()
    waits = Letter.sent_at.is_(None) & Letter.dead_at.is_(None)
    with works.reading() as db:
        given_up = _count(db, Letter.dead_at.is_not(None))
        overdue = _count(db, waits & (Letter.next_try_at < now - _OVERDUE))
    if given_up:
        yield Finding(
            "note",
            f"{_told(given_up)} letter(s) were given up.",
            "Somebody waits for them, or was not warned.",
            f"{program()} mail test you@your.host tries the way out; {program()} mail list --dead "
            f"shows them, and {program()} mail retry --dead sends those that still can be",
        )
    if overdue:
        yield Finding(
            "note",
            f"{_told(overdue)} letter(s) have been due for {_OVERDUE.seconds // 60} minutes and "
            "more.",
            "It looks as if no process sends letters.",
            "gatehouse run sends them; in a host, flask gatehouse mail work",
        )


def _count(db: Session, condition: ColumnElement[bool]) -> int:
    """Return how many letters meet a condition, up to a thousand."""
    met = select(Letter.id).where(condition).limit(_COUNTED).subquery()
    return db.scalar(select(func.count()).select_from(met)) or 0


def _told(count: int) -> str:
    return f"{count:,} or more" if count >= _COUNTED else str(count)


def server(works: Works) -> Iterator[Finding]:
    """Whether the mail server can be reached, is who it says, and takes our password."""
    post = works.house.part(Post)
    if not isinstance(post, SmtpPost):
        return
    try:
        post.greet()
    except NotDelivered as error:
        yield Finding(
            "unsafe",
            f"The mail server takes no letters of ours: {error}.",
            "People get no links, and are not warned of what happens to their accounts.",
            "GATEHOUSE_MAIL_URL",
        )
