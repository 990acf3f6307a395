"""Put a letter into the outbox."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from flask_gatehouse.core.site import CoreSettings
from flask_gatehouse.db.base import new_id
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.mail import rules
from flask_gatehouse.features.mail.events import LetterPosted
from flask_gatehouse.features.mail.letters import Letters
from flask_gatehouse.features.mail.models import Letter


def post(
    work: Work,
    *,
    letter: str,
    recipient: str,
    facts: Mapping[str, object],
    user_id: UUID | None = None,
) -> None:
    """Write a letter in this transaction; it is sent after the commit, or never was.

    To an address that nobody has proven, give no fact that somebody typed.

    Args:
        letter: name of the letter: `features/<feature>/mail/<letter>/`.
        recipient: exactly one address, in ASCII.
        facts: what fills in the templates; the site's name is there already, as `site_name`.

    Raises:
        RecipientRefused: it is not one plain address.
        SubjectRefused: the facts do not make a subject of one line.
    """
    work.db.add(written(work, letter=letter, recipient=recipient, facts=facts, user_id=user_id))
    work.record(LetterPosted(user_id=user_id, letter=letter))


def newest(db: Session, *, limit: int) -> Sequence[Letter]:
    """Return the letters that were written last, newest first."""
    order = select(Letter).order_by(Letter.created_at.desc(), Letter.id.desc())
    return db.scalars(order.limit(limit)).all()


def written(
    work: Work,
    *,
    letter: str,
    recipient: str,
    facts: Mapping[str, object],
    user_id: UUID | None = None,
) -> Letter:
    """Return a letter that is in no outbox yet. Takes and raises what `post` does."""
    address = rules.recipient(recipient)
    known = {"site_name": work.settings(CoreSettings).site_name}
    said = work.house.part(Letters).render(letter, known | dict(facts))
    return Letter(
        id=new_id(),
        kind=letter,
        user_id=user_id,
        recipient=address.addr_spec,
        subject=said.subject,
        text=said.text,
        html=said.html,
        created_at=work.now,
        attempts=0,
        next_try_at=work.now,
    )
