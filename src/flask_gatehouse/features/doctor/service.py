"""Look at a deployment: what is unsafe or worth knowing."""

from collections.abc import Iterator, Sequence

from sqlalchemy.exc import SQLAlchemyError

from flask_gatehouse.core.errors import Unavailable
from flask_gatehouse.core.findings import Finding
from flask_gatehouse.db.work import Works
from flask_gatehouse.feature import Examination, Feature, load


def examine(
    works: Works, features: Sequence[Feature], *, offline: bool = False, in_passing: bool = False
) -> Iterator[Finding]:
    """Yield what is to be mended, or worth knowing.

    Args:
        offline: leave out what reaches beyond the database.
        in_passing: leave that out, and what takes long.
    """
    unanswered = 0
    known_to_be_away = False
    for each in (each for feature in features for each in feature.examinations):
        if (each.reaches_out and (offline or in_passing)) or (each.takes_long and in_passing):
            continue
        try:
            found = _found(each, works)
        except (SQLAlchemyError, Unavailable):
            unanswered += 1
            continue
        # The examination of the tables says why, and better.
        known_to_be_away |= each.speaks_for_database and bool(found)
        yield from found
    if unanswered and not known_to_be_away:
        yield Finding(
            "unsafe",
            f"The database did not answer {unanswered} of the questions.",
            "What was not looked at may be anything.",
            "Run this again; look at the log of the database.",
        )


def _found(examination: Examination, works: Works) -> list[Finding]:
    return list(load(examination.place)(works))
