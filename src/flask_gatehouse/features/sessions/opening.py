"""The one module that opens sessions. Only `login` imports it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Table, bindparam, delete, func, select, update

from flask_gatehouse.core import tokens
from flask_gatehouse.db.statements import changed, write
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.sessions import purging
from flask_gatehouse.features.sessions.errors import SessionOver
from flask_gatehouse.features.sessions.finding import PURPOSE, Standing
from flask_gatehouse.features.sessions.models import Session
from flask_gatehouse.features.sessions.rules import BROWSER, REMEMBERED, Handle, assurance
from flask_gatehouse.features.sessions.service import idle_limit
from flask_gatehouse.features.sessions.settings import SessionSettings

#: Handles whose digest begins with a smaller byte sweep: one sign-in in 32.
_SWEEPERS: Final = 8


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Whose session it will be, and how that was proven."""

    user_id: UUID | None
    subject: str | None
    epoch: int
    methods: tuple[str, ...]
    #: False if the person was not asked for anything just now.
    fresh: bool = True
    #: When it was proven; None is now.
    proven_at: datetime | None = None


@dataclass(frozen=True)
class Opened:
    """Handles for the browser. They are stored nowhere and cannot be shown again."""

    session: Handle
    remember: Handle | None
    remember_until: datetime | None
    public_id: str


def open_session(
    work: Work, *, holder: Holder, remember: bool, remember_for: timedelta | None = None
) -> Opened:
    """Open the session of a browser, and beside it, if wished, one that the browser remembers.

    Args:
        remember: whether that is wished; nothing is remembered where the settings forbid it.
        remember_for: how long to remember; never longer than the setting.
    """
    settings = work.settings(SessionSettings)
    sign_in_id = tokens.new_public_id()
    handle, row = _new(work, holder, BROWSER, sign_in_id, settings.absolute_limit)
    write(work.db, row)
    kept = None
    until = None
    if remember and settings.remember:
        lifetime = min(remember_for or settings.remember_limit, settings.remember_limit)
        kept, beside = _new(work, holder, REMEMBERED, sign_in_id, lifetime)
        write(work.db, beside)
        until = beside.expires_at
    _end_the_oldest(work, row, settings.per_user)
    if row.digest[0] < _SWEEPERS:
        # For hosts in which no upkeep runs: so the table stays as large as its use.
        purging.sweep(work.db, now=work.now, most=purging.BATCH)
    return Opened(handle, kept, until, row.public_id)


def _new(
    work: Work, holder: Holder, kind: int, sign_in_id: str, lifetime: timedelta
) -> tuple[Handle, Session]:
    key = work.house.keys.newest(PURPOSE)
    handle = Handle(key.id, tokens.new_secret())
    row = Session(
        digest=tokens.digest(handle.secret, key.value),
        public_id=tokens.new_public_id(),
        sign_in_id=sign_in_id,
        user_id=holder.user_id,
        subject=holder.subject,
        kind=kind,
        epoch=holder.epoch,
        created_at=work.now,
        proven_at=(holder.proven_at or work.now) if holder.fresh and kind == BROWSER else None,
        last_seen_at=work.now,
        idle_expires_at=work.now + idle_limit(work.house, kind),
        expires_at=work.now + lifetime,
        methods=" ".join(holder.methods),
        # What a browser remembers has not asked anybody for anything. Source: NIST 800-63B-4 2.1.3.
        assurance=assurance(holder.methods) if kind == BROWSER else 1,
        address=work.origin.address,
        agent=work.origin.agent,
    )
    return handle, row


def _end_the_oldest(work: Work, opened: Session, most: int) -> None:
    """Keep the number of sign-ins of one person within the limit; the one just opened stays."""
    others = _OTHERS_OF_SUBJECT if opened.user_id is None else _OTHERS_OF_ACCOUNT
    whose = opened.subject if opened.user_id is None else opened.user_id
    mine = {"whose": whose, "this": opened.sign_in_id, "kept": most - 1}
    surplus = work.db.scalars(others, mine).all()
    if surplus:
        work.db.execute(_END_THESE, {"surplus": surplus})


def _others_of(owner: "ColumnElement[Any]") -> Select[tuple[str]]:
    """Return what finds the other sign-ins of one person, but for the newest ones."""
    others = select(_sessions.c.sign_in_id)
    others = others.where(owner == bindparam("whose"), _sessions.c.sign_in_id != bindparam("this"))
    newest_first = func.min(_sessions.c.created_at).desc()
    others = others.group_by(_sessions.c.sign_in_id).order_by(newest_first)
    return others.offset(bindparam("kept"))


_sessions: Final = cast("Table", Session.__table__)
_END_THESE: Final = delete(_sessions).where(
    _sessions.c.sign_in_id.in_(bindparam("surplus", expanding=True))
)
_OTHERS_OF_ACCOUNT: Final = _others_of(_sessions.c.user_id)
_OTHERS_OF_SUBJECT: Final = _others_of(_sessions.c.subject)


def renew(work: Work, *, standing: Standing, methods: tuple[str, ...]) -> Handle:
    """Give a session a new handle and make it fresh; beside a remembered one, open a session.

    Args:
        methods: how it was proven this time, in place of how it was before.

    Raises:
        SessionOver: the session was ended meanwhile; nothing revives it.
    """
    key = work.house.keys.newest(PURPOSE)
    handle = Handle(key.id, tokens.new_secret())
    renewed = {
        "digest": tokens.digest(handle.secret, key.value),
        "proven_at": work.now,
        "methods": " ".join(methods),
        "assurance": assurance(methods),
    }
    if standing.remembered:
        # Locked until the commit: whoever ends it meanwhile waits, and then ends both.
        row = work.db.get(Session, standing.digest, with_for_update=True)
        if row is None:
            raise SessionOver
        holder = Holder(
            user_id=row.user_id,
            subject=row.subject,
            epoch=row.epoch,
            methods=methods,
        )
        handle, beside = _new(
            work, holder, BROWSER, row.sign_in_id, work.settings(SessionSettings).absolute_limit
        )
        beside.device_name = row.device_name
        work.db.add(beside)
        return handle
    statement = update(Session).where(Session.digest == standing.digest).values(**renewed)
    if changed(work.db, statement.execution_options(synchronize_session=False)) != 1:
        raise SessionOver
    return handle
