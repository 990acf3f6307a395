"""Find, keep alive and end sessions. Opening one is `opening`, which only `login` may use."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Delete, LargeBinary, bindparam, delete, func, select, update
from sqlalchemy.orm import Session as DbSession
from sqlalchemy.orm.util import identity_key

from flask_gatehouse.core import tokens
from flask_gatehouse.core.house import House
from flask_gatehouse.core.keys import Key
from flask_gatehouse.db.instances import maker
from flask_gatehouse.db.lookup import Lookup
from flask_gatehouse.db.statements import changed
from flask_gatehouse.db.work import Work, Works
from flask_gatehouse.features.sessions import last_seen, rules
from flask_gatehouse.features.sessions.events import AllSessionsEnded, SessionsEnded
from flask_gatehouse.features.sessions.last_seen import LastSeen, Use
from flask_gatehouse.features.sessions.models import BROWSER, REMEMBERED, Session
from flask_gatehouse.features.sessions.settings import SessionSettings
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.models import User

#: Purpose of the key under which handles are stored.
PURPOSE: Final = "sessions.handle"


@cache
def _by_digest() -> Lookup:
    """Return how a session and its account are read in one statement, prepared once."""
    columns = (
        Session.public_id,
        Session.sign_in_id,
        Session.kind,
        Session.epoch,
        Session.subject,
        Session.proven_at,
        Session.idle_expires_at,
        Session.expires_at,
    )
    found = select(*columns, *User.__table__.columns)
    found = found.join_from(Session, User, User.id == Session.user_id, isouter=True)
    wanted = bindparam("digest", type_=LargeBinary())
    return Lookup(found.where(Session.digest == wanted), "digest")


@cache
def _user_maker() -> Callable[[Sequence[Any]], User]:
    """Return how an account is made of the columns that `_by_digest` reads after the session's."""
    return maker(User, tuple(column.key for column in User.__table__.columns))


@dataclass(frozen=True, slots=True)
class Standing:
    """A session that is good at this moment, and whose it is."""

    digest: bytes
    public_id: str
    sign_in_id: str
    kind: int
    #: Our account; None where the host keeps its own users.
    user: User | None
    subject: str | None
    proven_at: datetime | None
    idle_expires_at: datetime

    @property
    def fresh(self) -> bool:
        """Whether the person proved who they are in this session."""
        return self.kind == BROWSER and self.proven_at is not None

    @property
    def remembered(self) -> bool:
        """Whether the browser was recognised without asking the person."""
        return self.kind == REMEMBERED


def find(works: Works, value: str | None) -> Standing | None:
    """Return the session of a cookie's value, read from the database, or None.

    Every doubt is None: another shape, an unknown key, no row, a limit reached, an epoch that was
    raised, an account that is suspended or gone.

    Raises:
        DatabaseUnavailable: nobody can tell.
    """
    handle = rules.parse(value)
    if handle is None:
        return None
    key = works.house.keys.named(PURPOSE, handle.key_id)
    if key is None:
        return None
    digest = tokens.digest(handle.secret, key.value)
    row = _by_digest().one(works, digest)
    if row is None:
        return None
    public_id, sign_in_id, kind, epoch, subject, proven_at, idle_expires_at, expires_at, *rest = row
    now = works.house.clock.now()
    if rules.is_over(idle_expires_at=idle_expires_at, expires_at=expires_at, now=now):
        return None
    user = None
    if subject is None:
        # All columns are NULL if the account is gone, and then it is not active either.
        user = _user_maker()(rest)
        if not user.active or user.epoch != epoch:
            return None
        user = _joined(works.host_session, user)
    return Standing(digest, public_id, sign_in_id, kind, user, subject, proven_at, idle_expires_at)


def _joined(host: DbSession | None, user: User) -> User:
    """Make the account part of the host's session, so that its relationships load."""
    if host is None:
        return user
    present = host.identity_map.get(identity_key(instance=user))
    if isinstance(present, User):
        return present
    host.add(user)
    return user


def keep_alive(works: Works, standing: Standing) -> None:
    """See to it that it is written down that a session is in use, if that was not done lately.

    Where upkeep runs in this process the write waits for many others, unless the session would be
    over meanwhile. Elsewhere it is one conditional statement in a transaction of its own. Either
    way a request that ends late can neither revive a session that was ended meanwhile nor turn the
    clock back.
    """
    limit = idle_limit(works.house, standing.kind)
    now = works.house.clock.now()
    closely = standing.user is not None and standing.user.is_admin
    step = rules.last_seen_step(limit, closely=closely)
    if standing.idle_expires_at > now + limit - step or works.is_single:
        return
    use = Use(standing.digest, at=now, idle_expires_at=now + limit)
    later = works.house.part(LastSeen)
    if standing.idle_expires_at <= now + later.margin or not later.take(use):
        last_seen.write(works, use)


def end(work: Work, *, digests: list[bytes]) -> int:
    """End the sessions that these handles opened, and what was opened in the same sign-in."""
    if not digests:
        return 0
    together = work.db.scalars(select(Session.sign_in_id).where(Session.digest.in_(digests))).all()
    if not together:
        return 0
    return _delete_all(work, delete(Session).where(Session.sign_in_id.in_(together)))


def digests_of(house: House, *values: str | None) -> list[bytes]:
    """Return what the handles in these cookies are stored as."""
    found = []
    for value in values:
        handle = rules.parse(value)
        key: Key | None = house.keys.named(PURPOSE, handle.key_id) if handle else None
        if handle is not None and key is not None:
            found.append(tokens.digest(handle.secret, key.value))
    return found


def end_all(work: Work, *, user_id: UUID) -> None:
    """End every session of an account: by the epoch at once, then row by row."""
    users.end_everything(work, user_id=user_id)
    _delete_all(work, delete(Session).where(Session.user_id == user_id))
    work.record(SessionsEnded(user_id=user_id))


def end_everyone(work: Work) -> int:
    """End every session of everybody, also of people of whom only the host knows.

    Links and passwords stay good. Returns how many rows that were.
    """
    count = _delete_all(work, delete(Session))
    work.record(AllSessionsEnded(sessions=count))
    return count


def open_rows(db: DbSession, *, standing: Standing, now: datetime) -> Sequence[Session]:
    """Return the sessions of a person that are good at this moment, newest first."""
    owned = _of_the_owner(standing)
    if standing.user is not None:
        owned &= Session.epoch == standing.user.epoch
    return _good(db, owned, now)


def open_rows_of(db: DbSession, *, user: User, now: datetime) -> Sequence[Session]:
    """Return the sessions of an account that are good at this moment, newest first."""
    if not user.active:
        return []
    return _good(db, (Session.user_id == user.id) & (Session.epoch == user.epoch), now)


def _good(db: DbSession, owned: ColumnElement[bool], now: datetime) -> Sequence[Session]:
    good = (Session.expires_at > now) & (Session.idle_expires_at > now)
    found = select(Session).where(owned, good)
    return db.scalars(found.order_by(Session.created_at.desc(), Session.public_id)).all()


def end_sign_in(work: Work, *, standing: Standing, sign_in_id: str) -> int:
    """End what one sign-in of this person opened; return how many rows that were."""
    wanted = _of_the_owner(standing) & (Session.sign_in_id == sign_in_id)
    return _delete_all(work, delete(Session).where(wanted))


def end_other_sign_ins(work: Work, *, standing: Standing) -> int:
    """End every sign-in of this person but the one that asks; return how many rows that were."""
    others = _of_the_owner(standing) & (Session.sign_in_id != standing.sign_in_id)
    return _delete_all(work, delete(Session).where(others))


def name_sign_in(work: Work, *, standing: Standing, sign_in_id: str, name: str | None) -> int:
    """Give a name to what one sign-in of this person opened; return how many rows that were."""
    wanted = _of_the_owner(standing) & (Session.sign_in_id == sign_in_id)
    named = update(Session).where(wanted).values(device_name=name)
    return changed(work.db, named.execution_options(synchronize_session=False))


def _of_the_owner(standing: Standing) -> ColumnElement[bool]:
    """Whose a session is stands in the statement itself: no id of somebody else meets it."""
    if standing.user is not None:
        return Session.user_id == standing.user.id
    return Session.subject == standing.subject


def end_all_of_subject(work: Work, *, subject: str) -> int:
    """End every session of a person of whom only the host knows, by the host's id."""
    return _delete_all(work, delete(Session).where(Session.subject == subject))


def _delete_all(work: Work, statement: Delete) -> int:
    """Delete until nothing is left to delete; return how many rows were.

    A statement does not see a row that was added while it waited for another one, such as the
    session that a confirmation opens beside a remembered one. The next statement does.
    """
    total = 0
    while count := changed(work.db, statement):
        total += count
    return total


def count_open(db: DbSession, *, now: datetime) -> int:
    """Count sessions that have reached no limit."""
    alive = (Session.expires_at > now) & (Session.idle_expires_at > now)
    return (
        db.scalar(select(func.count()).select_from(Session).where(alive, Session.kind == BROWSER))
        or 0
    )


def idle_limit(house: House, kind: int) -> timedelta:
    """Return after how long without use a session of this kind is over."""
    settings = house.settings[SessionSettings]
    return settings.remember_idle_limit if kind == REMEMBERED else settings.idle_limit
