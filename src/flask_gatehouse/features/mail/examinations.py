"""What `doctor` asks about letters."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import func, select

from flask_gatehouse.core.findings import Finding, open_to_others
from flask_gatehouse.core.site import CoreSettings
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

_LOCAL: Final = frozenset({"127.0.0.1", "localhost", "::1"})


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
    if not isinstance(wanted, urls.Server) and host not in _LOCAL:
        yield Finding(
            "note",
            "Letters are kept on this machine and sent to nobody.",
            "People do not hear of what happens to their accounts, and get no links.",
            "GATEHOUSE_MAIL_URL=smtp://user:password@mail.your.host:587",
        )


def outbox(works: Works) -> Iterator[Finding]:
    """Whether letters were given up, or wait for somebody who sends them."""
    now = works.house.clock.now()
    dead = select(func.count()).where(Letter.dead_at.is_not(None))
    waits = Letter.sent_at.is_(None) & Letter.dead_at.is_(None)
    due = select(func.count()).where(waits, Letter.next_try_at < now - _OVERDUE)
    with works.reading() as db:
        given_up, overdue = db.scalar(dead) or 0, db.scalar(due) or 0
    if given_up:
        yield Finding(
            "note",
            f"{given_up} letter(s) were given up.",
            "Somebody waits for them, or was not warned.",
            "gatehouse mail test you@your.host tries the way out; gatehouse mail list --dead shows "
            "them, and gatehouse mail retry --dead sends those that still can be",
        )
    if overdue:
        yield Finding(
            "note",
            f"{overdue} letter(s) have been due for {_OVERDUE.seconds // 60} minutes and more.",
            "It looks as if no process sends letters.",
            "gatehouse run sends them; in a host, flask gatehouse mail work",
        )


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
