"""Make, find, list, suspend and restore accounts; keep at least one administrator."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, get_args
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from flask_gatehouse.core import tokens
from flask_gatehouse.core.text import one_line
from flask_gatehouse.db.statements import changed
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.users import addresses, names, rules
from flask_gatehouse.features.users.belongings import Belongings
from flask_gatehouse.features.users.errors import (
    LastAdministrator,
    NotAsItWas,
    NotDeactivated,
    SetupClosed,
    SuspensionRefused,
    UnknownUser,
)
from flask_gatehouse.features.users.events import (
    AdministratorMade,
    AdministratorUnmade,
    UserCreated,
    UserDeactivated,
    UserErased,
    UserReactivated,
    UserRenamed,
    UserRestored,
    UserSuspended,
)
from flask_gatehouse.features.users.models import Administration, Identifier, User

#: What an account that is in use again has.
_IN_USE: Final[dict[str, object]] = {
    "active": True,
    "deactivated_at": None,
    "suspended_at": None,
    "suspended_until": None,
    "suspended_reason": None,
}

#: Rows that are read at once where all are read.
_AT_ONCE = 1000

#: How exactly it is known when somebody signed in last.
_NOTED_EVERY = timedelta(days=1)

#: Purpose of the key under which a set-up link is stored.
SETUP_PURPOSE = "users.setup"


#: The account that has a name; asked with `named_as`.
BY_NAME: Final = (
    select(User)
    .join(Identifier, Identifier.user_id == User.id)
    .where(Identifier.kind == bindparam("kind"), Identifier.canonical == bindparam("canonical"))
)

#: Not against rows that refer to it: those of other sign-ins wait here anyway.
_HOLD: Final = select(User).where(User.id == bindparam("whose")).with_for_update(key_share=True)


def create(work: Work, *, username: str, email: str | None = None, admin: bool = False) -> User:
    """Make an account without a password.

    Raises:
        NameRefused, AddressRefused: the form is not acceptable.
        NameTaken, AddressTaken: somebody has it, in this or another spelling.
    """
    canonical = rules.canonical_name(username)
    address = rules.canonical_address(email) if email else None
    user = User(
        username=rules.shown_name(username),
        email=email.strip() if email else None,
        created_at=work.now,
        updated_at=work.now,
        active=True,
        is_admin=admin,
        epoch=1,
    )
    _close_setup(work)
    work.db.add(user)
    work.db.flush()
    names.claim(work, user=user, canonical=canonical)
    if address and email:
        addresses.claim(work, user=user, address=email, proven=False)
    work.record(UserCreated(user_id=user.id, administrator=admin))
    return user


def find(db: Session, text: str) -> User | None:
    """Return the account that somebody means by a user name or an address, in any spelling."""
    return db.scalar(BY_NAME, named_as(text))


def named_as(text: str) -> dict[str, str]:
    """Return what `BY_NAME` is asked with; for what cannot be a name, what nobody is called."""
    kind, canonical = rules.identify(text) or ("username", "")
    return {"kind": kind, "canonical": canonical}


def named(db: Session, text: str) -> User:
    """Return the account with this name or address. Raises: UnknownUser."""
    user = find(db, text)
    if user is None:
        raise UnknownUser(name=text)
    return user


def by_id(db: Session, user_id: UUID) -> User:
    """Return the account with this id. Raises: UnknownUser."""
    user = db.get(User, user_id)
    if user is None:
        raise UnknownUser(id=str(user_id))
    return user


def state(db: Session, *, user_id: UUID) -> tuple[int, bool]:
    """Return epoch and activity as the database has them, whatever an object in hand remembers.

    Raises:
        UnknownUser: there is no such account.
    """
    row = db.execute(select(User.epoch, User.active).where(User.id == user_id)).one_or_none()
    if row is None:
        raise UnknownUser(id=str(user_id))
    return row.epoch, row.active


def counted_names(
    db: Session, *, user_ids: Sequence[UUID]
) -> dict[UUID, tuple[int, frozenset[str]]]:
    """Return the epoch of each account, and its names in the form in which attempts are counted."""
    found = select(User.id, User.epoch, Identifier.kind, Identifier.canonical)
    found = found.join(Identifier, Identifier.user_id == User.id).where(User.id.in_(user_ids))
    told: dict[UUID, tuple[int, frozenset[str]]] = {}
    for row in db.execute(found):
        _, names = told.get(row.id, (row.epoch, frozenset()))
        told[row.id] = (row.epoch, names | {f"{row.kind}:{row.canonical}"})
    return told


def all_counted_names(db: Session) -> Iterator[str]:
    """Yield every name of every account in the form in which attempts are counted."""
    for kind in get_args(rules.Kind):
        last = ""
        while True:
            mine = (Identifier.kind == kind) & (Identifier.canonical > last)
            found = select(Identifier.canonical).where(mine).order_by(Identifier.canonical)
            names = db.scalars(found.limit(_AT_ONCE)).all()
            yield from (f"{kind}:{name}" for name in names)
            if len(names) < _AT_ONCE:
                break
            last = names[-1]


@dataclass(frozen=True)
class Census:
    """How many there are."""

    people: int
    administrators: int


def census(db: Session) -> Census:
    """Count accounts and active administrators."""
    people = db.scalar(select(func.count()).select_from(User)) or 0
    administrators = db.scalar(
        select(func.count()).select_from(User).where(User.is_admin, User.active)
    )
    return Census(people, administrators or 0)


def states(db: Session) -> dict[str, int]:
    """Count accounts by what became of them; as `census`, a moment's work at a million."""
    put_aside = User.deactivated_at.is_not(None)
    by_state = select(User.active, put_aside, func.count()).group_by(User.active, put_aside)
    found = {"in use": 0, "suspended": 0, "put aside": 0}
    for active, aside, number in db.execute(by_state):
        found["in use" if active else "put aside" if aside else "suspended"] += number
    return found


def suspend(work: Work, *, user: User, reason: str = "", until: datetime | None = None) -> None:
    """Suspend an account; every session and link of it ends at once.

    Whoever suspends one that is suspended gives it another reason and end.

    Args:
        reason: for whoever runs the site; the owner does not see it.
        until: when it is over by itself; None is never.

    Raises:
        LastAdministrator: nobody else could administer the site.
        SuspensionRefused: that end has passed, or the reason is too long.
    """
    said = fitting_reason(reason, until=until, now=work.now)
    # Whoever is no administrator in hand may have become one since: the lock and SQL decide.
    hold_administration(work)
    _refuse_last(work, user)
    # One that its owner closed as well: from now on no link of theirs opens it.
    values = {
        "active": False,
        "deactivated_at": None,
        "suspended_at": work.now,
        "suspended_until": until,
        "suspended_reason": said or None,
        "epoch": User.epoch + 1,
    }
    if _change(work, user, User.id == user.id, **values):
        work.record(UserSuspended(user_id=user.id, until=until))


def fitting_reason(reason: str, *, until: datetime | None, now: datetime) -> str:
    """Return the reason of a suspension in one line.

    Raises:
        SuspensionRefused: its end has passed, or the reason is too long.
    """
    said = one_line(reason).strip()
    if len(said) > rules.LONGEST_REASON:
        raise SuspensionRefused(reason="too_long")
    if until is not None and until <= now:
        raise SuspensionRefused(reason="over")
    return said


def restore(work: Work, *, user: User) -> None:
    """Let a suspended account be used again; what was ended stays ended."""
    if _change(work, user, User.active.is_(False), **_IN_USE):
        work.record(UserRestored(user_id=user.id))


def lift(work: Work, *, user: User) -> bool:
    """Restore an account whose suspension is over; return whether it was this that did it.

    Of two at once, and of this and a second suspension, the database lets one through.
    """
    over = User.active.is_(False) & (User.suspended_until <= work.now)
    if not _change(work, user, over, **_IN_USE):
        return False
    work.record(UserRestored(user_id=user.id))
    return True


def awake(work: Work, *, user: User | None) -> User | None:
    """Return an account as it is once a suspension that is over is lifted: nobody waits for that.

    Call it before the first write of the work.
    """
    if user is None or not user.is_over_at(work.now):
        return user
    with work.apart() as own:
        lift(own, user=by_id(own.db, user.id))
    with work.reading() as db:
        return db.get(User, user.id, populate_existing=True)


def make_administrator(work: Work, *, user: User) -> None:
    """Make somebody an administrator."""
    hold_administration(work)
    if _change(work, user, User.is_admin.is_(False), is_admin=True):
        work.record(AdministratorMade(user_id=user.id))


def unmake_administrator(work: Work, *, user: User) -> None:
    """Take administration away from somebody.

    Raises:
        LastAdministrator: nobody else could administer the site.
    """
    hold_administration(work)
    _refuse_last(work, user)
    if _change(work, user, User.is_admin.is_(True), is_admin=False):
        work.record(AdministratorUnmade(user_id=user.id))


def end_everything(work: Work, *, user_id: UUID) -> None:
    """Raise the epoch: every session and link of the account is over with the commit."""
    work.db.execute(update(User).where(User.id == user_id).values(epoch=User.epoch + 1))


def hold(work: Work, *, user_id: UUID) -> User:
    """Wait for whoever else changes this account or signs in to it, and return it as it is then.

    Nobody else changes it until the commit, so whoever holds it already is not asked again.

    Raises:
        UnknownUser: there is no such account.
    """
    held: User | None = work.held.get(user_id)
    if held is None:
        # An object of the host may remember what is no longer true, or what is not written yet.
        work.db.flush()
        held = work.db.scalar(
            _HOLD, {"whose": user_id}, execution_options={"populate_existing": True}
        )
        if held is None:
            raise UnknownUser(id=str(user_id))
        work.held[user_id] = held
    return held


def hold_for_erasing(work: Work, *, user_id: UUID) -> None:
    """Hold an account, after what `erase` holds before it, so that nobody waits in a circle."""
    hold_administration(work)
    hold(work, user_id=user_id)


def note_sign_in(work: Work, *, user: User) -> None:
    """Note that somebody signed in, once a day: more often would cost each sign-in a write."""
    if user.signed_in_at is None or user.signed_in_at <= work.now - _NOTED_EVERY:
        user.signed_in_at = work.now
        work.db.flush()


def held(work: Work, *, user: User, in_any_state: bool = False) -> User:
    """Return an account as it is now, held until the commit.

    Args:
        user: as the session found it: what changed since then refuses.
        in_any_state: for whoever runs the site: also a suspended one, whatever changed.

    Raises:
        NotAsItWas: it was suspended or deleted, or what was proven was changed meanwhile.
    """
    user_id, epoch = user.id, user.epoch
    try:
        hold(work, user_id=user_id)
    except UnknownUser as error:
        raise NotAsItWas from error
    account = work.db.get_one(User, user_id, populate_existing=True)
    if not in_any_state and (not account.active or account.epoch != epoch):
        raise NotAsItWas
    return account


def rename(work: Work, *, user: User, username: str) -> bool:
    """Give an account another user name; return whether that changed anything.

    Hold the account before. The name of before is free at once; sessions stay.

    Raises:
        NameRefused: the form is not acceptable.
        NameTaken: somebody else has it, in this or another spelling.
    """
    canonical, shown = rules.canonical_name(username), rules.shown_name(username)
    if shown == user.username:
        return False
    mine = (Identifier.kind == "username") & (Identifier.user_id == user.id)
    if work.db.scalar(select(Identifier.canonical).where(mine)) != canonical:
        names.claim(work, user=user, canonical=canonical)
        former = delete(Identifier).where(mine, Identifier.canonical != canonical)
        work.db.execute(former.execution_options(synchronize_session=False))
    user.username, user.updated_at = shown, work.now
    work.db.flush()
    work.record(UserRenamed(user_id=user.id))
    return True


def close(work: Work, *, user_id: UUID, epoch: int) -> None:
    """Close an account for its owner; every session and link of it ends at once.

    Args:
        epoch: of the account as its owner was let in.

    Raises:
        LastAdministrator: nobody else could administer the site.
        NotAsItWas: it is suspended, or what was proven was changed meanwhile.
    """
    hold_administration(work)
    user = by_id(work.db, user_id)
    _refuse_last(work, user)
    open_still = User.active.is_(True) & (User.epoch == epoch)
    if not _change(work, user, open_still, active=False, epoch=User.epoch + 1):
        raise NotAsItWas


def deactivate(
    work: Work, *, user_id: UUID, only_if: ColumnElement[bool], idle: bool = False
) -> None:
    """Put an account aside until its owner comes back; every session and link of it ends at once.

    Args:
        only_if: what has to hold for it at this moment, besides that it is in use.
        idle: whether nobody used it, rather than that its owner wished it.

    Raises:
        LastAdministrator: nobody else could administer the site.
        NotAsItWas: it is not in use, or not as it has to be.
    """
    hold_administration(work)
    user = by_id(work.db, user_id)
    _refuse_last(work, user)
    values = {"active": False, "deactivated_at": work.now, "epoch": User.epoch + 1}
    if not _change(work, user, User.active.is_(True) & only_if, **values):
        raise NotAsItWas
    work.record(UserDeactivated(user_id=user_id, idle=idle))


def reactivate(work: Work, *, user_id: UUID) -> None:
    """Take an account that was put aside into use again. What was ended stays ended.

    Of two at once, and of this and suspending, the database lets one through.

    Raises:
        NotDeactivated: it is in use, or somebody else suspended it.
        UnknownUser: there is no such account.
    """
    user = by_id(work.db, user_id)
    aside = User.active.is_(False) & User.deactivated_at.is_not(None)
    values = {"active": True, "deactivated_at": None, "epoch": User.epoch + 1}
    if not _change(work, user, aside, **values):
        raise NotDeactivated
    work.record(UserReactivated(user_id=user_id))


def take_closed(work: Work, *, user_id: UUID, epoch: int, active: bool) -> None:
    """Open or keep closed an account that is as its owner left it, for one taker only.

    Of opening and erasing at once the database lets one through: both raise the epoch.

    Raises:
        NotAsItWas: somebody else was first, or an administrator changed it.
    """
    as_left = (User.id == user_id) & (User.epoch == epoch) & User.active.is_(False)
    values = {"active": active, "epoch": epoch + 1, "updated_at": work.now}
    taking = update(User).where(as_left).values(**values)
    if changed(work.db, taking.execution_options(synchronize_session=False)) != 1:
        raise NotAsItWas


def erase(work: Work, *, user_id: UUID, closed_at: int | None = None) -> None:
    """Delete an account and everything that features keep of it. The record keeps its id.

    Args:
        closed_at: the epoch at which its owner left it; None erases it however it is.

    Raises:
        NotAsItWas: it is not as its owner left it.
        LastAdministrator: nobody else could administer the site.
        UnknownUser: there is no such account.
    """
    hold_administration(work)
    user = by_id(work.db, user_id)
    _refuse_last(work, user)
    if closed_at is not None:
        take_closed(work, user_id=user_id, epoch=closed_at, active=False)
    end_everything(work, user_id=user_id)
    for belongings in work.house.plugs(Belongings):
        belongings.erase(work, user_id)
    work.record(UserErased(user_id=user_id))
    names = delete(Identifier).where(Identifier.user_id == user_id)
    work.db.execute(names.execution_options(synchronize_session=False))
    account = delete(User).where(User.id == user_id)
    work.db.execute(account.execution_options(synchronize_session=False))
    work.db.expunge(user)


def hold_administration(work: Work) -> None:
    """Wait for whoever else changes who may do what: the row is locked until the commit."""
    work.db.execute(update(Administration).values(changes=Administration.changes + 1))


def open_setup(work: Work) -> str | None:
    """Return the secret of a new set-up link, which voids the one before.

    None if the first account was made, now or at any time before.
    """
    hold_administration(work)
    if work.db.scalar(select(User.id).limit(1)):
        _close_setup(work)
        return None
    secret = tokens.new_secret()
    kept = tokens.digest(secret, work.house.keys.newest(SETUP_PURPOSE).value)
    opened = update(Administration).where(Administration.setup_closed_at.is_(None))
    return secret if changed(work.db, opened.values(setup_digest=kept)) == 1 else None


def setup_is_open(db: Session) -> bool:
    """Whether a first administrator can still be made through a link."""
    state = db.get(Administration, 1)
    return (
        state is not None
        and state.setup_closed_at is None
        and not db.scalar(select(User.id).limit(1))
    )


def is_setup_link(work: Work, db: Session, secret: str) -> bool:
    """Whether this is the set-up link that is good at the moment."""
    state = db.get(Administration, 1)
    if state is None or state.setup_digest is None or not setup_is_open(db):
        return False
    kept = state.setup_digest
    return any(tokens.same(kept, each) for each in work.house.keys.digests(SETUP_PURPOSE, secret))


def spend_setup_link(work: Work, *, secret: str) -> None:
    """Use up the set-up link. Of two requests at once the database lets one through.

    Raises:
        SetupClosed: not the link handed out last, or the first account exists.
    """
    digests = list(work.house.keys.digests(SETUP_PURPOSE, secret))
    good = Administration.setup_closed_at.is_(None) & Administration.setup_digest.in_(digests)
    spend = update(Administration).where(good)
    spent = changed(work.db, spend.values(setup_closed_at=work.now, setup_digest=None))
    if spent != 1 or work.db.scalar(select(User.id).limit(1)):
        raise SetupClosed


def _close_setup(work: Work) -> None:
    still_open = update(Administration).where(Administration.setup_closed_at.is_(None))
    work.db.execute(still_open.values(setup_closed_at=work.now, setup_digest=None))


def _change(work: Work, user: User, expected: ColumnElement[bool], **values: object) -> bool:
    """Change an account that is still as expected, and the object in hand with it."""
    statement = update(User).where(User.id == user.id, expected)
    statement = statement.values(updated_at=work.now, **values)
    done = changed(work.db, statement.execution_options(synchronize_session=False)) == 1
    if user in work.db:
        work.db.refresh(user)
    return done


def _refuse_last(work: Work, user: User) -> None:
    others = select(User.id).where(User.is_admin, User.active, User.id != user.id)
    current = select(User.id).where(User.is_admin, User.active, User.id == user.id)
    if work.db.scalar(current.with_for_update()) and not work.db.scalar(
        others.limit(1).with_for_update()
    ):
        raise LastAdministrator
