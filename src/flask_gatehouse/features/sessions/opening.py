"""The one module that opens sessions. Only `login` imports it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Table, bindparam, delete, func, select, update

from flask_gatehouse.core import tokens
from flask_gatehouse.core.house import House
from flask_gatehouse.core.keys import Key
from flask_gatehouse.db.statements import changed, write
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.sessions import purging
from flask_gatehouse.features.sessions.errors import SessionOver
from flask_gatehouse.features.sessions.finding import PURPOSE, Standing
from flask_gatehouse.features.sessions.models import Session
from flask_gatehouse.features.sessions.rules import (
    ASIDE,
    BROWSER,
    REMEMBERED,
    VIEW,
    VIEWING,
    Handle,
    assurance,
    parse,
)
from flask_gatehouse.features.sessions.service import digests_of, idle_limit
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


@dataclass(frozen=True)
class View:
    """Handles of somebody who sees the site as somebody else, and of their own way back."""

    session: Handle
    #: Leads back, together with the other one. Neither does so alone.
    aside: Handle
    public_id: str
    until: datetime


@dataclass(frozen=True)
class Returned:
    """A session that was put aside, and is back. The view of it is still there."""

    handle: Handle
    user_id: UUID | None
    sign_in_id: str


#: Purpose of the key under which a session is kept that was put aside.
_ASIDE: Final = "sessions.aside"


def open_view(
    work: Work, *, standing: Standing, user_id: UUID, epoch: int, lifetime: timedelta
) -> View:
    """Put a session aside, and open one in its place that sees the site as somebody else.

    What is put aside opens nothing until it comes back, and lasts as long as it would have. The
    view belongs to the same sign-in, so whatever ends that ends both. It proves nothing, is never
    renewed, and does not count among the sign-ins of whom it shows.

    Raises:
        SessionOver: the session was ended meanwhile.
    """
    holder = Holder(user_id=user_id, subject=None, epoch=epoch, methods=(), fresh=False)
    lasts = min(lifetime, standing.row.expires_at - work.now)
    handle, row = _new(work, holder, VIEWING, standing.sign_in_id, lasts)
    row.actor_id = None if standing.user is None else standing.user.id
    view = handle._replace(mark=VIEW)
    key = work.house.keys.newest(_ASIDE)
    aside = Handle(key.id, tokens.new_secret(), ASIDE)
    own = (Session.digest == standing.digest) & (Session.kind == BROWSER)
    kept = update(Session).where(own & (Session.proven_at.is_not(None)))
    kept = kept.values(
        digest=_aside(key, view, aside),
        last_seen_at=work.now,
        idle_expires_at=work.now + max(lasts, idle_limit(work.house, BROWSER)),
    )
    if changed(work.db, kept.execution_options(synchronize_session=False)) != 1:
        raise SessionOver
    write(work.db, row)
    return View(view, aside, row.public_id, row.expires_at)


def back(work: Work, *, view: str | None, aside: str | None) -> Returned:
    """Bring a session back that was put aside, under a new handle: once, whoever asks.

    It is as old, and as fresh, as it was; but if nobody used the view until it was over, nothing is
    proven in it any more. Whoever calls this ends the view.

    Args:
        view: the cookie by which somebody saw the site as somebody else, which may be over.
        aside: the cookie that was given with it.

    Raises:
        SessionOver: there is nothing to come back to, or somebody else was first.
    """
    digest = aside_digest(work.house, view=view, aside=aside)
    if digest is None:
        raise SessionOver
    key = work.house.keys.newest(PURPOSE)
    handle = Handle(key.id, tokens.new_secret())
    renewed = tokens.digest(handle.secret, key.value)
    good = (Session.expires_at > work.now) & (Session.idle_expires_at > work.now)
    seen = digests_of(work.house, view)
    stands = work.db.scalar(select(Session.digest).where(good, Session.digest.in_(seen)))
    own = update(Session).where((Session.digest == digest) & good)
    own = own.values(
        digest=renewed,
        proven_at=None if stands is None else Session.proven_at,
        last_seen_at=work.now,
        idle_expires_at=work.now + idle_limit(work.house, BROWSER),
    )
    if changed(work.db, own.execution_options(synchronize_session=False)) != 1:
        raise SessionOver
    found = select(Session.user_id, Session.sign_in_id).where(Session.digest == renewed)
    user_id, sign_in_id = work.db.execute(found).one()
    return Returned(handle, user_id, sign_in_id)


def aside_digest(house: House, *, view: str | None, aside: str | None) -> bytes | None:
    """Return what the session is stored as to which both cookies lead; None if they look wrong."""
    seen, kept = parse(view, marks=(VIEW,)), parse(aside, marks=(ASIDE,))
    key = None if kept is None else house.keys.named(_ASIDE, kept.key_id)
    if seen is None or kept is None or key is None:
        return None
    return _aside(key, seen, kept)


def _aside(key: Key, view: Handle, aside: Handle) -> bytes:
    return tokens.digest(f"{aside.secret}.{view.secret}", key.value)


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
    # Whoever else sees the site as this person takes no place of theirs.
    others = others.where(_sessions.c.actor_id.is_(None))
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
        SessionOver: the session was ended meanwhile; nothing revives it. Or it is a view.
    """
    if standing.viewing:
        raise SessionOver
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
