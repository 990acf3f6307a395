"""Put a letter into the outbox; look at those there; try one again, or take it out."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from flask_gatehouse.core.house import House
from flask_gatehouse.core.site import CoreSettings
from flask_gatehouse.db.base import new_id
from flask_gatehouse.db.statements import changed, write
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.mail import rules
from flask_gatehouse.features.mail.errors import LetterNotDead, LetterNotThere, NoSuchLetter
from flask_gatehouse.features.mail.events import LetterDropped, LetterPosted, LetterRetried
from flask_gatehouse.features.mail.letters import Letters
from flask_gatehouse.features.mail.models import Letter


def post(
    work: Work,
    *,
    letter: str,
    recipient: str,
    facts: Mapping[str, object],
    user_id: UUID | None = None,
    good_until: datetime | None = None,
) -> None:
    """Write a letter in this transaction; it is sent after the commit, or never was.

    To an address that nobody has proven, give no fact that somebody typed.

    Args:
        letter: name of the letter: `features/<feature>/mail/<letter>/`.
        recipient: exactly one address, in ASCII.
        facts: what fills in the templates; `site_name` and `site_url` are there already.
        good_until: until when the letter is of use, such as the end of its link: it is not sent
            later, and what it says is wiped. None is a week.

    Raises:
        RecipientRefused: it is not one plain address.
        SubjectRefused: the facts do not make a subject of one line.
    """
    said = written(
        work,
        letter=letter,
        recipient=recipient,
        facts=facts,
        user_id=user_id,
        good_until=good_until,
    )
    write(work.db, said)
    work.record(LetterPosted(user_id=user_id, letter=letter))


def newest(db: Session, *, limit: int, dead: bool = False) -> Sequence[Letter]:
    """Return the letters that were written last, newest first; only those given up if asked."""
    found = select(Letter).where(Letter.dead_at.is_not(None)) if dead else select(Letter)
    order = found.order_by(Letter.created_at.desc(), Letter.id.desc())
    return db.scalars(order.limit(limit)).all()


def dead_ones(db: Session) -> Sequence[UUID]:
    """Return the letters that were given up and can still be sent."""
    still = Letter.dead_at.is_not(None) & (Letter.text != "")
    return db.scalars(select(Letter.id).where(still).order_by(Letter.id)).all()


def retry(work: Work, *, letter_id: UUID) -> None:
    """Have a letter that was given up tried again, as if it were new.

    Raises:
        LetterNotDead: it was not given up, or what it said is gone.
    """
    waits = {
        Letter.dead_at: None,
        Letter.next_try_at: work.now,
        Letter.leased_until: None,
        Letter.forgiven: Letter.attempts,
    }
    dead = (Letter.id == letter_id) & Letter.dead_at.is_not(None) & (Letter.text != "")
    of_use = or_(Letter.good_until.is_(None), Letter.good_until > work.now)
    if changed(work.db, update(Letter).where(dead, of_use).values(waits)) != 1:
        raise LetterNotDead
    user_id, kind = _about(work, letter_id)
    work.record(LetterRetried(user_id=user_id, letter=kind))


def drop(work: Work, *, letter_id: UUID) -> None:
    """Take a letter out of the outbox for good, unless it was sent or is on its way just now.

    Raises:
        LetterNotThere: there is none of this id that waits or was given up.
    """
    free = or_(Letter.leased_until.is_(None), Letter.leased_until <= work.now)
    there = (Letter.id == letter_id) & Letter.sent_at.is_(None) & free
    about = work.db.execute(select(Letter.user_id, Letter.kind).where(there)).first()
    if about is None or changed(work.db, delete(Letter).where(there)) != 1:
        raise LetterNotThere
    user_id, kind = about
    work.record(LetterDropped(user_id=user_id, letter=kind))


def _about(work: Work, letter_id: UUID) -> tuple[UUID | None, str]:
    about = select(Letter.user_id, Letter.kind).where(Letter.id == letter_id)
    user_id, kind = work.db.execute(about).one()
    return user_id, kind


def sample(house: House, *, letter: str) -> Letter:
    """Return a letter as it would look, filled in with the facts that lie beside it.

    Raises:
        NoSuchLetter: no letter has this name.
    """
    if letter not in house.part(Letters).names():
        raise NoSuchLetter(letter=letter)
    return _sample(house, letter)


def samples(house: House) -> list[Letter]:
    """Return every letter as it would look, in the order of their names."""
    return [_sample(house, letter) for letter in house.part(Letters).names()]


def _sample(house: House, letter: str) -> Letter:
    facts = house.part(Letters).sample(letter)
    return _written(house, letter=letter, recipient="you@example.org", facts=facts)


def written(
    work: Work,
    *,
    letter: str,
    recipient: str,
    facts: Mapping[str, object],
    user_id: UUID | None = None,
    good_until: datetime | None = None,
) -> Letter:
    """Return a letter that is in no outbox yet. Takes and raises what `post` does."""
    said = _written(work.house, letter=letter, recipient=recipient, facts=facts)
    said.user_id = user_id
    said.created_at = said.next_try_at = work.now
    said.good_until = good_until or work.now + rules.USEFUL_FOR
    return said


def _written(house: House, *, letter: str, recipient: str, facts: Mapping[str, object]) -> Letter:
    address = rules.recipient(recipient)
    core = house.settings[CoreSettings]
    known = {"site_name": core.site_name, "site_url": core.public_url}
    said = house.part(Letters).render(letter, known | dict(facts))
    now = house.clock.now()
    return Letter(
        id=new_id(),
        kind=letter,
        recipient=address.addr_spec,
        subject=said.subject,
        text=said.text,
        html=said.html,
        created_at=now,
        attempts=0,
        forgiven=0,
        next_try_at=now,
        good_until=now + rules.USEFUL_FOR,
    )
