"""What may be done to the account of somebody else.

Each function holds administration and the account first, and asks after that whether whoever asks
may do it, by what the database has then. `by=None` is the command line.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from flask_gatehouse.db.work import Work
from flask_gatehouse.features.addresses import service as addressing
from flask_gatehouse.features.leaving import departing
from flask_gatehouse.features.leaving import service as leaving
from flask_gatehouse.features.login import notices
from flask_gatehouse.features.mail import service as mail
from flask_gatehouse.features.mfa import resetting
from flask_gatehouse.features.mfa.errors import OwnReset
from flask_gatehouse.features.names import service as naming
from flask_gatehouse.features.passwords import service as passwords
from flask_gatehouse.features.passwords.settings import PasswordSettings
from flask_gatehouse.features.people.errors import (
    AddressNeeded,
    NoSession,
    NotSuspended,
    RowsOfTheHost,
    WrongName,
)
from flask_gatehouse.features.people.events import PersonCopied, PersonInvited, SessionTaken
from flask_gatehouse.features.people.settings import PeopleSettings
from flask_gatehouse.features.recovery import service as recovery
from flask_gatehouse.features.roles import service as roles
from flask_gatehouse.features.roles.errors import BeyondOwnRights, OutOfReach
from flask_gatehouse.features.sessions import service as sessions
from flask_gatehouse.features.users import addresses
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.models import User
from flask_gatehouse.features.users.rules import mailing_address

#: Makes the address of a link from its secret.
LinkOf = Callable[[str], str]

READ: Final = "people.read"
CREATE: Final = "people.create"
EDIT: Final = "people.edit"
SUSPEND: Final = "people.suspend"
RECOVER: Final = "people.recover"
DELETE: Final = "people.delete"
EXPORT: Final = "people.export"


def reached(work: Work, *, user_id: UUID, by: User | None, permission: str) -> User:
    """Return the account of somebody else, held, if whoever asks may do this to it.

    Raises:
        UnknownUser: there is no such account.
        NotHere: they may not do it to anybody.
        OutOfReach: the other may do as much or more, or is they themselves.
    """
    users.hold_administration(work)
    held = users.hold(work, user_id=user_id)
    roles.demand_reach(work, by=by, user=held, permission=permission)
    return held


def create(
    work: Work,
    *,
    username: str,
    email: str,
    admin: bool = False,
    role: str | None = None,
    by: User | None,
    link_of: LinkOf,
) -> User:
    """Make an account, and send its owner a letter to choose a password. Nobody else sees the link.

    Raises:
        NameRefused, AddressRefused, NameTaken, AddressTaken: as for `users.create`.
        AddressNeeded: nobody could be told.
        NotHere: whoever asks may not make accounts, or not give roles.
        BeyondOwnRights: it would be an administrator, or have a role, beyond what they may do.
        UnknownRole: there is no such role.
    """
    if not email.strip():
        raise AddressNeeded
    users.hold_administration(work)
    mine = roles.demand(work, by=by, permission=CREATE)
    if admin and not mine.everything:
        raise BeyondOwnRights
    user = users.create(work, username=username, email=email, admin=admin)
    if role:
        roles.grant(work, user=user, role=role, by=by)
    invite(work, user=user, link_of=link_of)
    work.record(PersonInvited(user_id=user.id))
    return user


def invite(work: Work, *, user: User, link_of: LinkOf) -> str:
    """Return a new link to choose a password with, and send it where there is an address.

    Raises:
        Suspended: it would open nothing.
    """
    link = link_of(str(passwords.invite(work, user=user)))
    if user.email:
        lifetime = work.settings(PasswordSettings).invitation_lifetime
        facts = {"link": link, "hours": max(1, round(lifetime.total_seconds() / 3600))}
        mail.post(
            work,
            letter="invitation",
            recipient=mailing_address(user.email),
            facts=facts,
            user_id=user.id,
            # A link that is over opens nothing: nobody needs a letter with it.
            good_until=work.now + lifetime,
        )
    return link


def invite_again(work: Work, *, user_id: UUID, by: User | None, link_of: LinkOf) -> None:
    """Send somebody a new letter to choose a first password.

    Raises:
        Suspended, AddressNeeded: nothing would come of it.
    """
    user = reached(work, user_id=user_id, by=by, permission=RECOVER)
    if not user.email:
        raise AddressNeeded
    invite(work, user=user, link_of=link_of)


def suspend(
    work: Work, *, user_id: UUID, reason: str = "", until: datetime | None = None, by: User | None
) -> None:
    """Suspend somebody, and write to them.

    Raises:
        LastAdministrator, SuspensionRefused: as for `users.suspend`.
    """
    user = reached(work, user_id=user_id, by=by, permission=SUSPEND)
    users.suspend(work, user=user, reason=reason, until=until)
    told = user.suspended_reason if work.settings(PeopleSettings).tell_reason else None
    if not any(each.proven_at for each in addresses.of(work.db, user_id=user.id)):
        # What somebody typed goes to no mailbox that may be a stranger's.
        told = None
    ends = f"{until:%Y-%m-%d %H:%M} UTC" if until is not None else None
    notices.notify(work, user=user, letter="suspended", until=ends, reason=told)


def restore(work: Work, *, user_id: UUID, by: User | None) -> None:
    """Let a suspended account be used again, and write to them. Raises: NotSuspended."""
    user = reached(work, user_id=user_id, by=by, permission=SUSPEND)
    if user.active:
        raise NotSuspended
    users.restore(work, user=user)
    notices.notify(work, user=user, letter="restored")


def end_sessions(work: Work, *, user_id: UUID, by: User | None) -> None:
    """Sign somebody out everywhere."""
    user = reached(work, user_id=user_id, by=by, permission=SUSPEND)
    sessions.end_all(work, user_id=user.id)


def end_session(work: Work, *, user_id: UUID, public_id: str, by: User | None) -> None:
    """End one sign-in of somebody. Raises: NoSession: it is over, or never was theirs."""
    user = reached(work, user_id=user_id, by=by, permission=SUSPEND)
    if not sessions.end_one_of(work, user_id=user.id, public_id=public_id):
        raise NoSession
    work.record(SessionTaken(user_id=user.id))


def send_way_back(work: Work, *, user_id: UUID, by: User | None, link_of: LinkOf) -> None:
    """Send somebody a letter that sets a new password. Raises: RecoveryClosed, NoAddress."""
    user = reached(work, user_id=user_id, by=by, permission=RECOVER)
    recovery.send(work, user=user, link_of=link_of)


def reset_factors(work: Work, *, user_id: UUID, by: User | None) -> None:
    """Have somebody's factors taken away after the time to stop it.

    Raises:
        OwnReset, NothingToReset, ResetWaits: as for `resetting.ask`.
    """
    if by is not None and by.id == user_id:
        raise OwnReset
    user = reached(work, user_id=user_id, by=by, permission=RECOVER)
    resetting.ask(work, user=user, by=by)


def keep_factors(work: Work, *, user_id: UUID, by: User | None) -> None:
    """Stop that somebody's factors are taken away. Raises: NoReset."""
    user = reached(work, user_id=user_id, by=by, permission=RECOVER)
    resetting.stop(work, user_id=user.id)


def rename(work: Work, *, user_id: UUID, username: str, by: User | None) -> None:
    """Give somebody another user name. Raises: NameRefused, NameTaken."""
    user = reached(work, user_id=user_id, by=by, permission=EDIT)
    naming.rename(work, user=user, name=username)


def add_address(
    work: Work, *, user_id: UUID, address: str, by: User | None, link_of: LinkOf
) -> None:
    """Send a letter to an address, which adds it to the account of whoever opens it.

    Raises:
        AddressRefused, AddressTaken, AddressThereAlready, Suspended: as for `addresses.send`.
    """
    user = reached(work, user_id=user_id, by=by, permission=EDIT)
    addressing.send(work, user=user, address=address, link_of=link_of, by=by)


def make_primary(work: Work, *, user_id: UUID, address: str, by: User | None) -> None:
    """Let letters go to another address that was confirmed. Raises: as in `addresses`."""
    user = reached(work, user_id=user_id, by=by, permission=EDIT)
    addressing.make_primary(work, user=user, address=address, undo_link=None)


def remove_address(work: Work, *, user_id: UUID, address: str, by: User | None) -> None:
    """Take an address from somebody. Raises: as in `addresses`."""
    user = reached(work, user_id=user_id, by=by, permission=EDIT)
    addressing.remove(work, user=user, address=address, by_force=True)


def give_role(
    work: Work, *, user_id: UUID, role: str, until: datetime | None = None, by: User | None
) -> None:
    """Give somebody a role. Raises: as `roles.grant`."""
    users.hold_administration(work)
    roles.grant(work, user=users.hold(work, user_id=user_id), role=role, until=until, by=by)


def take_role(work: Work, *, user_id: UUID, role: str, by: User | None) -> None:
    """Take a role away from somebody. Raises: as `roles.revoke`."""
    users.hold_administration(work)
    roles.revoke(work, user=users.hold(work, user_id=user_id), role=role, by=by)


def promote(work: Work, *, user_id: UUID, by: User | None) -> None:
    """Make somebody an administrator, which only administrators do."""
    user = _reached_by_administrator(work, user_id=user_id, by=by)
    users.make_administrator(work, user=user)


def demote(work: Work, *, user_id: UUID, by: User | None) -> None:
    """Take administration away from somebody. Raises: LastAdministrator."""
    user = _reached_by_administrator(work, user_id=user_id, by=by)
    users.unmake_administrator(work, user=user)


def erase(work: Work, *, user_id: UUID, typed: str | None, by: User | None) -> None:
    """Delete somebody's account at once, with all that is kept of it.

    Args:
        typed: the user name, typed to confirm; None where it was confirmed otherwise.

    Raises:
        WrongName: it is another one.
        LastAdministrator: nobody else could administer the site.
        RowsOfTheHost: nothing was deleted.
    """
    user = reached(work, user_id=user_id, by=by, permission=DELETE)
    _refuse_wrong(user, typed)
    try:
        users.erase(work, user_id=user.id)
        work.db.flush()
    except IntegrityError as error:
        raise RowsOfTheHost from error


def close(
    work: Work, *, user_id: UUID, typed: str | None, by: User | None, link_of: LinkOf
) -> datetime:
    """Close somebody's account, which is deleted later; a letter holds their way back.

    Raises:
        WrongName, LastAdministrator: as for `erase`.
        NotAsItWas: it is not in use.
    """
    user = reached(work, user_id=user_id, by=by, permission=DELETE)
    _refuse_wrong(user, typed)
    return departing.ask(work, user=user, link=link_of)


def copy(work: Work, *, user_id: UUID, by: User | None) -> str:
    """Return all that is kept of somebody, as JSON. The record says who took it."""
    user = reached(work, user_id=user_id, by=by, permission=EXPORT)
    text = leaving.copy(work, user_id=user.id)
    work.record(PersonCopied(user_id=user.id))
    return text


def _reached_by_administrator(work: Work, *, user_id: UUID, by: User | None) -> User:
    user = reached(work, user_id=user_id, by=by, permission="roles.grant")
    if not roles.rights(work, by=by).everything:
        raise OutOfReach
    return user


def _refuse_wrong(user: User, typed: str | None) -> None:
    if typed is not None and typed.strip() != user.username:
        raise WrongName
