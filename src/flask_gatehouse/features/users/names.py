"""User names: whether one is free, and taking it.

The only place that decides so. The name of an account that was erased may be kept back for a while,
as a keyed hash: nobody then takes on what others still believe of its owner.
"""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from flask_gatehouse.core import tokens
from flask_gatehouse.db.statements import added, changed
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.users import rules
from flask_gatehouse.features.users.errors import NameRefused, NameTaken
from flask_gatehouse.features.users.models import Identifier, KeptName, User
from flask_gatehouse.features.users.reserved import is_reserved
from flask_gatehouse.features.users.settings import UsersSettings

_PURPOSE = "users.kept_name"


def check_choice(work: Work, *, username: str) -> None:
    """Return if somebody may choose a user name for themselves, as far as a look can tell.

    Raises:
        NameRefused: the form is not acceptable, or the name is reserved.
        NameTaken: somebody has it, in this or another spelling, or it is kept back.
    """
    refuse_reserved(work, username=username)
    canonical = rules.canonical_name(username)
    mine = (Identifier.kind == "username") & (Identifier.canonical == canonical)
    with work.reading() as db:
        taken = db.scalar(select(Identifier.user_id).where(mine)) is not None
        if taken or _is_kept_back(work, db, canonical):
            raise NameTaken


def refuse_reserved(work: Work, *, username: str) -> None:
    """Return if a user name is none that nobody may choose. Raises: NameRefused."""
    if is_reserved(username, work.settings(UsersSettings).reserved_names):
        raise NameRefused(reason="reserved")


def claim(work: Work, *, user: User, canonical: str) -> None:
    """Give an account a user name. The primary key decides between two who take it at once.

    Args:
        canonical: as `rules.canonical_name` returns it.

    Raises:
        NameTaken: somebody has it, or it is kept back.
    """
    is_new = added(
        work.db,
        Identifier,
        kind="username",
        canonical=canonical,
        user_id=user.id,
        version=rules.CANONICAL_VERSION,
    )
    # Only now: of whoever gave it up until this moment the name is kept back by now.
    if not is_new or _is_kept_back(work, work.db, canonical):
        raise NameTaken


def keep_back(work: Work, *, canonical: str, until: datetime) -> None:
    """Let nobody take a name that is given up in this transaction."""
    digest = tokens.digest(canonical, work.house.keys.newest(_PURPOSE).value)
    work.db.execute(delete(KeptName).where(KeptName.digest == digest))
    added(work.db, KeptName, digest=digest, until=until)


def release(work: Work, *, canonical: str) -> bool:
    """Let a name be taken again, and return whether it was kept back."""
    return changed(work.db, delete(KeptName).where(KeptName.digest.in_(_all(work, canonical)))) > 0


def _is_kept_back(work: Work, db: Session, canonical: str) -> bool:
    kept = KeptName.digest.in_(_all(work, canonical)) & (KeptName.until > work.now)
    return db.scalar(select(KeptName.until).where(kept).limit(1)) is not None


def _all(work: Work, canonical: str) -> list[bytes]:
    return list(work.house.keys.digests(_PURPOSE, canonical))
