"""Put an account aside: nobody can use it, and nothing of it goes."""

from flask_gatehouse.db.work import Work
from flask_gatehouse.features.login import notices
from flask_gatehouse.features.sessions import service as sessions
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.models import User


def deactivate(work: Work, *, user: User, login: str) -> None:
    """Put an account aside at its owner's wish; a letter says how to come back.

    Args:
        user: as whoever asks found it: what changed since then refuses.
        login: the address of the page where one logs in, for the letter.

    Raises:
        LastAdministrator: nobody else could administer the site.
        NotAsItWas: it is not in use, or its password changed meanwhile.
    """
    users.deactivate(work, user_id=user.id, only_if=User.epoch == user.epoch)
    sessions.end_all(work, user_id=user.id)
    account = users.by_id(work.db, user.id)
    notices.notify(work, user=account, letter="deactivated", link=login)
