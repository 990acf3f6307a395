"""Add, confirm and remove addresses, make one the primary address, and undo that."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from flask_gatehouse.db.work import Work
from flask_gatehouse.features.addresses import limits
from flask_gatehouse.features.addresses.errors import AddressHeld, AddressThereAlready
from flask_gatehouse.features.addresses.events import (
    AddressAsked,
    AddressWithdrawn,
    PrimaryAddressRestored,
)
from flask_gatehouse.features.addresses.rules import ADD, UNDO, may_come_back
from flask_gatehouse.features.addresses.settings import AddressSettings
from flask_gatehouse.features.login import notices
from flask_gatehouse.features.mail import service as mail
from flask_gatehouse.features.proofs import service as proofs
from flask_gatehouse.features.proofs.errors import ProofSpent
from flask_gatehouse.features.proofs.rules import shown_code
from flask_gatehouse.features.roles import service as roles
from flask_gatehouse.features.sessions import service as sessions
from flask_gatehouse.features.throttling import service as throttling
from flask_gatehouse.features.throttling.rules import network_of
from flask_gatehouse.features.users import addresses
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.errors import (
    AddressRefused,
    AddressTaken,
    Suspended,
    UnknownAddress,
)
from flask_gatehouse.features.users.models import Identifier, User
from flask_gatehouse.features.users.rules import canonical_address, mailing_address

#: Makes the address of a link from its secret.
LinkOf = Callable[[str], str]

_UNTIL: Final = "%Y-%m-%d %H:%M UTC"


@dataclass(frozen=True, kw_only=True)
class Listed:
    """An address as its owner sees it."""

    shown: str
    canonical: str
    primary: bool = False
    proven: bool = False
    #: Until when a letter is good that confirms it; None if none is.
    open_until: datetime | None = None
    #: Until when a letter can make it the primary one again; it stays as long.
    held_until: datetime | None = None


@dataclass(frozen=True)
class Offer:
    """What a link that adds an address would do."""

    user_id: UUID
    username: str
    address: str


def all_of(work: Work, db: Session, *, user: User) -> Sequence[Listed]:
    """Return the addresses of an account, the primary one first, those that wait last."""
    waiting = {
        each.address: each for each in proofs.open_ones(work, db, purpose=ADD, user_id=user.id)
    }
    back = {
        each.address: each for each in proofs.open_ones(work, db, purpose=UNDO, user_id=user.id)
    }
    first = addresses.primary(user)
    have = []
    for row in addresses.of(db, user_id=user.id):
        letter, undo = waiting.pop(row.canonical, None), back.get(row.canonical)
        have.append(
            Listed(
                shown=row.shown or row.canonical,
                canonical=row.canonical,
                primary=row.canonical == first,
                proven=row.proven_at is not None,
                open_until=letter.expires_at if letter is not None else None,
                held_until=undo.expires_at if undo is not None else None,
            )
        )
    have.sort(key=lambda each: not each.primary)
    return have + [
        Listed(shown=_shown(each), canonical=each.address, open_until=each.expires_at)
        for each in waiting.values()
    ]


def ask(work: Work, *, user: User, address: str, link_of: LinkOf) -> None:
    """Send a letter to an address that adds it to the account, or confirms it there.

    Where another account has the address, everything is the same but the letter: it holds no link
    and says to the owner of the address what was tried. So nobody learns who has an account.

    Args:
        user: as the session found it.
        address: as typed.
        link_of: makes the address of the link.

    Raises:
        AddressRefused: the form is not acceptable.
        Throttled: too many changes by this account or network, or letters to this address.
        NotAsItWas: the account was changed meanwhile.
        AddressThereAlready: it is the account's own, and proven.
    """
    canonical, shown = canonical_address(address), mailing_address(address)
    _count(work, user, canonical)
    account = users.held(work, user=user)
    _send(work, account, canonical, shown, link_of)


def send(work: Work, *, user: User, address: str, link_of: LinkOf, by: User | None = None) -> None:
    """Send such a letter at the wish of whoever runs the site, who may know who has an address.

    Args:
        by: who wishes it; the letter goes with their right to. None is the command line.

    Raises:
        AddressTaken: another account has it.
        Suspended: the link would open nothing.
        AddressRefused, AddressThereAlready: as for `ask`.
    """
    canonical, shown = canonical_address(address), mailing_address(address)
    account = users.held(work, user=user, in_any_state=True)
    if not account.active:
        raise Suspended(user_id=account.id)
    row = addresses.at(work.db, canonical=canonical)
    if row is not None and row.user_id != account.id:
        raise AddressTaken
    _send(work, account, canonical, shown, link_of, by=by)


def resend(work: Work, *, user: User, address: str, link_of: LinkOf) -> None:
    """Send the letter again to an address that waits for it; the one before is void.

    Raises:
        UnknownAddress: no address of this account waits by that name.
        Throttled, NotAsItWas, AddressThereAlready: as for `ask`.
    """
    with work.reading() as db:
        known = {each.canonical: each for each in all_of(work, db, user=user)}
    listed = known.get(_canonical(address))
    if listed is None:
        raise UnknownAddress
    ask(work, user=user, address=listed.shown, link_of=link_of)


def look(work: Work, *, secret: str) -> Offer:
    """Return what a link would do if it is good at the moment; looking uses nothing up.

    Raises:
        Throttled: too many links were tried from this network.
        ProofSpent: used, expired, replaced, taken back, or never was.
    """
    found = proofs.look(work, purpose=ADD, secret=secret)
    with work.reading() as db:
        user = users.by_id(db, _owner(found))
    return Offer(user_id=user.id, username=user.username, address=str(found.facts["shown"]))


def confirm(work: Work, *, secret: str) -> UUID:
    """Spend a link, and so add its address to the account that asked; return whose that is.

    Raises:
        Throttled, ProofSpent: as for `look`; of two at once one gets this.
        AddressTaken: another account has it by now.
    """
    return _keep(work, proofs.spend(work, purpose=ADD, secret=secret))


def confirm_code(work: Work, *, user: User, address: str, code: str) -> None:
    """Spend the code of the letter to an address of this account that waits.

    Raises:
        Throttled: too many codes were tried from this network.
        WrongCode: wrong, tried too often, or nothing waits for one.
        AddressTaken: another account has the address by now.
    """
    wanted = _canonical(address)
    with work.reading() as db:
        waiting = proofs.open_ones(work, db, purpose=ADD, user_id=user.id)
    tickets = [each.ticket for each in waiting if each.address == wanted]
    ticket = tickets[0] if tickets else proofs.new_ticket()
    _keep(work, proofs.spend_code(work, purpose=ADD, ticket=ticket, code=code))


def make_primary(work: Work, *, user: User, address: str, undo_link: LinkOf | None) -> None:
    """Let letters go to another address of the account; the owner of the former can undo it.

    All other links and codes that the account has open are void.

    Args:
        undo_link: makes the address of the way back; None gives none, because whoever runs the site
            decided.

    Raises:
        UnknownAddress, AddressUnproven: not an address of the account that was proven.
        Throttled: too many changes by this account or network.
        NotAsItWas: the account was changed meanwhile.
    """
    if undo_link is not None:
        _count(work, user)
    account = users.held(work, user=user, in_any_state=undo_link is None)
    rows = addresses.of(work.db, user_id=account.id)
    former = _row_of(rows, addresses.primary(account))
    if former is not None and former.canonical == _canonical(address):
        return
    everywhere = _mailboxes(account, rows)
    addresses.make_primary(work, user=account, address=address)
    proofs.void(work, user_id=account.id)
    if undo_link is not None and former is not None and _may_come_back(work, account, former):
        everywhere.remove(_mailbox(former))
        _offer_way_back(work, account, former, undo_link)
    _tell(work, account, "primary_address_changed", everywhere)


def remove(work: Work, *, user: User, address: str, by_force: bool = False) -> None:
    """Take an address from the account, or out of those that wait; whatever was sent to it is void.

    Args:
        by_force: for whoever runs the site: nobody counts, and an open way back is void too.

    Raises:
        UnknownAddress: the account has none such.
        PrimaryAddress, LastProvenAddress: it has to stay.
        AddressHeld: a letter can still make it the primary one again.
        Throttled, NotAsItWas: as for `make_primary`.
    """
    if not by_force:
        _count(work, user)
    account = users.held(work, user=user, in_any_state=by_force)
    wanted = _canonical(address)
    rows = addresses.of(work.db, user_id=account.id)
    if _row_of(rows, wanted) is None:
        if not proofs.void(work, user_id=account.id, address=wanted, outliving=True):
            raise UnknownAddress
        work.record(AddressWithdrawn(user_id=account.id))
        return
    held = [each for each in _ways_back(work, account) if each.address == wanted]
    if held and not by_force:
        raise AddressHeld(until=f"{held[0].expires_at:{_UNTIL}}")
    everywhere = _mailboxes(account, rows)
    addresses.remove(work, user=account, address=wanted)
    proofs.void(work, user_id=account.id, address=wanted, outliving=True)
    _tell(work, account, "address_removed", everywhere)


def look_at_undo(work: Work, *, secret: str) -> None:
    """Return if a way back is open; looking uses nothing up. Raises: Throttled, ProofSpent."""
    found = proofs.look(work, purpose=UNDO, secret=secret)
    with work.reading() as db:
        _coming_back(db, found)


def undo(work: Work, *, secret: str) -> None:
    """Put the former primary address back, and put out whoever replaced it. Does not sign in.

    Every session ends, and every open link and code is void. Addresses that were added lately, and
    the one that was the primary, go: by each of them somebody could come back in.

    Raises:
        Throttled: too many links were tried from this network.
        ProofSpent: used, expired, or never was, or the account is suspended or closed.
    """
    found = proofs.spend(work, purpose=UNDO, secret=secret)
    account, former = _coming_back(work.db, found)
    rows = addresses.of(work.db, user_id=account.id)
    everywhere = _mailboxes(account, rows)
    since = datetime.fromisoformat(str(found.facts["trusted_until"]))
    intruders = [row for row in rows if _is_intruder(account, row, since) and row is not former]
    addresses.prove(work, user=account, address=former.canonical)
    addresses.make_primary(work, user=account, address=former.canonical)
    for row in intruders:
        addresses.remove(work, user=account, address=row.canonical)
    sessions.end_all(work, user_id=account.id)
    proofs.void(work, user_id=account.id, outliving=True)
    work.record(PrimaryAddressRestored(user_id=account.id))
    _tell(work, account, "primary_address_restored", everywhere)


def _count(work: Work, user: User, canonical: str | None = None) -> None:
    settings = work.settings(AddressSettings)
    attempts = [
        (limits.PERSON.under(settings), user.id.hex),
        (limits.NETWORK.under(settings), network_of(work.origin.address)),
    ]
    if canonical is not None:
        attempts += [
            (limits.PAUSE.under(settings), canonical),
            (limits.ADDRESS.under(settings), canonical),
        ]
    throttling.count(work, attempts=attempts)


def _send(
    work: Work,
    account: User,
    canonical: str,
    shown: str,
    link_of: LinkOf,
    *,
    by: User | None = None,
) -> None:
    row = addresses.at(work.db, canonical=canonical)
    stranger = row is not None and row.user_id != account.id
    if row is not None and not stranger and row.proven_at is not None:
        raise AddressThereAlready
    lifetime = work.settings(AddressSettings).lifetime
    made = proofs.make(
        work,
        purpose=ADD,
        address=canonical,
        lifetime=lifetime,
        user=account,
        facts={"shown": shown} if by is None else {"shown": shown, "by": str(by.id)},
    )
    facts = {
        "link": link_of(str(made.secret)),
        "code": shown_code(str(made.code)),
        "minutes": max(1, round(lifetime.total_seconds() / 60)),
    }
    mail.post(
        work,
        letter="address_tried" if stranger else "address_proof",
        # In the spelling that is stored, where one is: it reaches whoever has the address.
        recipient=_mailbox(row) if row is not None else shown,
        facts={} if stranger else facts,
        # Not the asker's: the list of their letters would tell which of the two it was.
        user_id=row.user_id if row is not None and stranger else None,
        good_until=work.now + lifetime,
    )
    work.record(AddressAsked(user_id=account.id))


def _keep(work: Work, found: proofs.Found) -> UUID:
    account = users.by_id(work.db, _owner(found))
    asked = found.facts.get("by")
    by = None if asked is None else UUID(str(asked))
    if not roles.may_go_on(work, by=by, user=account, permission="people.edit"):
        raise ProofSpent
    everywhere = _mailboxes(account, addresses.of(work.db, user_id=account.id))
    shown = str(found.facts["shown"])
    addresses.claim(work, user=account, address=shown, proven=True)
    others = [each for each in everywhere if canonical_address(each) != found.address]
    _tell(work, account, "address_added", others)
    return account.id


def _owner(found: proofs.Found) -> UUID:
    if found.user_id is None:
        raise ProofSpent
    return found.user_id


def _may_come_back(work: Work, account: User, former: Identifier) -> bool:
    """Whether the former primary address gets a way back.

    One that is open already leads back to before all changes since; a later one would replace it.
    """
    if any(each.address != former.canonical for each in _ways_back(work, account)):
        return False
    return may_come_back(
        first=addresses.is_first(account, former),
        proven_at=former.proven_at,
        now=work.now,
        life=work.settings(AddressSettings).undo_lifetime,
    )


def _ways_back(work: Work, account: User) -> Sequence[proofs.Open]:
    return proofs.open_ones(work, work.db, purpose=UNDO, user_id=account.id)


def _offer_way_back(work: Work, account: User, former: Identifier, undo_link: LinkOf) -> None:
    life: timedelta = work.settings(AddressSettings).undo_lifetime
    made = proofs.make(
        work,
        purpose=UNDO,
        address=former.canonical,
        lifetime=life,
        user=account,
        facts={"trusted_until": (work.now - life).isoformat()},
    )
    notices.notify(
        work,
        user=account,
        letter="primary_address_replaced",
        to=_mailbox(former),
        link=undo_link(str(made.secret)),
        until=f"{work.now + life:{_UNTIL}}",
    )


def _coming_back(db: Session, found: proofs.Found) -> tuple[User, Identifier]:
    """Return the account and the address to put back. Raises: ProofSpent."""
    account = users.by_id(db, _owner(found))
    former = _row_of(addresses.of(db, user_id=account.id), found.address)
    if not account.active or former is None:
        raise ProofSpent
    return account, former


def _is_intruder(account: User, row: Identifier, since: datetime) -> bool:
    """Whether an address goes with the change: added after `since`, or the primary one now."""
    if addresses.is_first(account, row):
        return False
    added_at = row.added_at or account.created_at
    return added_at > since or row.canonical == addresses.primary(account)


def _tell(work: Work, account: User, letter: str, everywhere: Iterable[str]) -> None:
    for mailbox in everywhere:
        notices.notify(work, user=account, letter=letter, to=mailbox)


def _mailboxes(account: User, rows: Sequence[Identifier]) -> list[str]:
    """Return where the owner is told of a change: the primary address and all that are proven."""
    first = addresses.primary(account)
    told = [_mailbox(row) for row in rows if row.proven_at is not None or row.canonical == first]
    if account.email and _row_of(rows, first) is None:
        # A host wrote it into the table itself.
        told.append(account.email)
    return told


def _mailbox(row: Identifier) -> str:
    return mailing_address(row.shown or row.canonical)


def _row_of(rows: Sequence[Identifier], canonical: str | None) -> Identifier | None:
    return next((row for row in rows if row.canonical == canonical), None)


def _canonical(address: str) -> str:
    """Return the canonical form; what has none is no address of anybody."""
    try:
        return canonical_address(address)
    except AddressRefused as error:
        raise UnknownAddress from error


def _shown(waiting: proofs.Open) -> str:
    return str(waiting.facts["shown"])
