"""Find, keep alive and end sessions. Opening one is `opening`, which only `login` may use."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Delete, Select, delete, func, select, update
from sqlalchemy.orm import Session as DbSession

from flask_gatehouse.core import tokens
from flask_gatehouse.core.house import House
from flask_gatehouse.core.keys import Key
from flask_gatehouse.db.statements import changed
from flask_gatehouse.db.work import Work, Works
from flask_gatehouse.features.sessions import last_seen, rules
from flask_gatehouse.features.sessions.events import AllSessionsEnded, SessionsEnded
from flask_gatehouse.features.sessions.finding import PURPOSE, Standing
from flask_gatehouse.features.sessions.last_seen import LastSeen, Use
from flask_gatehouse.features.sessions.models import Session
from flask_gatehouse.features.sessions.rules import BROWSER, REMEMBERED, VIEWING
from flask_gatehouse.features.sessions.settings import SessionSettings
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.models import User


def keep_alive(works: Works, standing: Standing) -> None:
    """See to it that it is written down that a session is in use, if that was not done lately.

    Where upkeep runs in this process the write waits for many others, unless the session would be
    over meanwhile. Elsewhere it is one conditional statement in a transaction of its own. Either
    way a request that ends late can neither revive a session that was ended meanwhile nor turn the
    clock back.
    """
    now, row = standing.at, standing.row
    closely = standing.user is not None and standing.user.is_admin
    settings = works.house.settings[SessionSettings]
    if row.idle_expires_at > now + settings.until_written[closely][row.kind] or works.is_single:
        return
    use = Use(standing.digest, at=now, idle_expires_at=now + idle_limit(works.house, row.kind))
    later = works.house.part(LastSeen)
    if row.idle_expires_at <= now + later.margin or not later.take(use):
        last_seen.write(works, use)


def forget_proof(works: Works, standing: Standing) -> None:
    """Have a session be as if nobody had proven anything in it, in a transaction of its own.

    A proof of just now, which another request brought meanwhile, stays: it gave another handle.
    """
    if works.is_single:
        # Of the host's only connection nothing is committed here: its next request comes here too.
        return
    proven = update(Session).where(Session.digest == standing.digest)
    with DbSession(works.engine) as session, session.begin():
        session.execute(proven.values(proven_at=None, assurance=1))


def end(work: Work, *, digests: list[bytes]) -> int:
    """End the sessions that these handles opened, and what was opened in the same sign-in."""
    return end_these(work, sign_ins_of(work.db, digests=digests))


@dataclass(frozen=True)
class SignIns:
    """Sign-ins, and whose they are."""

    ids: tuple[str, ...] = ()
    #: Accounts in the order in which they are held: first who acts, then whom they are seen as.
    accounts: tuple[UUID, ...] = ()


def sign_ins_of(db: DbSession, *, digests: list[bytes]) -> SignIns:
    """Return in which sign-ins these handles were opened."""
    if not digests:
        return SignIns()
    named = select(Session.sign_in_id).where(Session.digest.in_(digests))
    found = select(Session.sign_in_id, Session.actor_id, Session.user_id)
    rows = db.execute(found.where(Session.sign_in_id.in_(named))).all()
    acting = (row.actor_id or row.user_id for row in rows)
    accounts = dict.fromkeys((*acting, *(row.user_id for row in rows)))
    return SignIns(
        tuple({row.sign_in_id for row in rows}), tuple(each for each in accounts if each)
    )


def end_these(work: Work, sign_ins: SignIns) -> int:
    """End what was opened in these sign-ins; return how many rows that were."""
    if not sign_ins.ids:
        return 0
    return _delete_all(work, delete(Session).where(Session.sign_in_id.in_(sign_ins.ids)))


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


def methods_of(db: DbSession, *, public_id: str) -> tuple[str, ...] | None:
    """Return how a session was proven last; None if it was ended."""
    found = db.scalar(select(Session.methods).where(Session.public_id == public_id))
    return None if found is None else tuple(found.split())


def end_all_but(work: Work, *, user_id: UUID, public_id: str | None) -> int:
    """End every sign-in of an account but that of one session; return how many rows that were.

    Args:
        public_id: of that session; None ends all.
    """
    kept = select(Session.sign_in_id).where(
        Session.user_id == user_id, Session.public_id == (public_id or "")
    )
    staying = work.db.scalar(kept) or ""
    others = (Session.user_id == user_id) & (Session.sign_in_id != staying)
    return _delete_all(work, delete(Session).where(others))


def end_one_of(work: Work, *, user_id: UUID, public_id: str) -> int:
    """End what one sign-in of an account opened; return how many rows that were.

    Args:
        public_id: of one of its sessions.
    """
    named = (Session.user_id == user_id) & (Session.public_id == public_id)
    sign_in = work.db.scalar(select(Session.sign_in_id).where(named))
    if sign_in is None:
        return 0
    own = (Session.user_id == user_id) & (Session.sign_in_id == sign_in)
    return _delete_all(work, delete(Session).where(own))


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


def end_view(work: Work, *, public_id: str) -> int:
    """End the session of a view; return how many rows that were. No other session is met."""
    view = (Session.public_id == public_id) & (Session.kind == VIEWING)
    return _delete_all(work, delete(Session).where(view))


def views_that_stand(db: DbSession, *, among: Collection[str], now: datetime) -> set[str]:
    """Return which of these views have reached no limit, by their public ids."""
    good = (Session.expires_at > now) & (Session.idle_expires_at > now)
    found = select(Session.public_id).where(Session.public_id.in_(among), good)
    return set(db.scalars(found))


def count_open(db: DbSession, *, now: datetime) -> int:
    """Count sessions that have reached no limit."""
    return db.scalar(select(func.count()).select_from(that_are_open(now=now).subquery())) or 0


def that_are_open(*, now: datetime) -> Select[bytes]:
    """Return the question for sessions that have reached no limit."""
    alive = (Session.expires_at > now) & (Session.idle_expires_at > now)
    return select(Session.digest).where(alive, Session.kind == BROWSER)


def idle_limit(house: House, kind: int) -> timedelta:
    """Return after how long without use a session of this kind is over."""
    if kind == VIEWING:
        return rules.VIEWING_IDLE
    settings = house.settings[SessionSettings]
    return settings.remember_idle_limit if kind == REMEMBERED else settings.idle_limit
