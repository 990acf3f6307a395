"""What `doctor` asks about authenticator apps."""

from collections.abc import Iterator

from sqlalchemy import and_, func, or_, select

from flask_gatehouse.core import sealing
from flask_gatehouse.core.findings import Finding
from flask_gatehouse.core.settings import key_of
from flask_gatehouse.db.work import Works
from flask_gatehouse.features.totp.models import Totp

_FALLBACKS = key_of("", "secret_key_fallbacks")


def keys(works: Works) -> Iterator[Finding]:
    """Whether each seed can be opened, and by which key."""
    newest, *former = sealing.beginnings(works.house.keys, Totp.__tablename__)
    counted = select(func.count()).select_from(Totp)
    by_former = or_(*(Totp.seed.startswith(each) for each in former)) if former else None
    lost = and_(*(~Totp.seed.startswith(each) for each in (newest, *former)))
    with works.reading() as db:
        gone = db.scalar(counted.where(lost)) or 0
        waiting = 0 if by_former is None else db.scalar(counted.where(by_former)) or 0
    if gone:
        yield Finding(
            "unsafe",
            f"{gone:,} seed(s) of authenticator apps are sealed with a key that is not in force.",
            "Their codes are refused, so their owners cannot sign in by them.",
            f"Name the former secret key in {_FALLBACKS}",
        )
    if waiting:
        yield Finding(
            "note",
            f"{waiting:,} seed(s) of authenticator apps are still sealed with a former key.",
            "Without it their codes would be refused. Processes that serve seal them anew.",
            f"Leave the former key in {_FALLBACKS} until this is gone",
        )


def extras(works: Works) -> Iterator[Finding]:
    """Whether somebody's codes can be verified only by a package that is not here."""
    if sealing.is_possible():
        return
    with works.reading() as db:
        met = db.scalar(select(Totp.factor_id).limit(1))
    if met is not None:
        yield Finding(
            "unsafe",
            "There are authenticator apps, and the package cryptography is not installed.",
            "Their codes are refused, so their owners cannot sign in by them.",
            "pip install 'flask-gatehouse[totp]'",
        )
