"""The methods `set_password` and `check_password` of the user model."""

from collections.abc import Callable

from sqlalchemy import inspect
from sqlalchemy.orm import object_session

from flask_gatehouse.core.settings import Secret
from flask_gatehouse.db.work import Work, Works
from flask_gatehouse.features.login import notices
from flask_gatehouse.features.passwords import guesses, service
from flask_gatehouse.features.passwords.events import PasswordSet
from flask_gatehouse.features.passwords.hashes import Hashes
from flask_gatehouse.features.passwords.models import Password
from flask_gatehouse.features.users import service as users
from flask_gatehouse.features.users.keeper import PasswordKeeper
from flask_gatehouse.features.users.models import User
from flask_gatehouse.web.work import origin


class Keeper(PasswordKeeper):
    """Keeps passwords in the object's own session; for one without a session, at once."""

    def __init__(self, works: Callable[[], Works]) -> None:
        """Args: works: how to begin work, once the house is put together."""
        self._works = works

    def set_password(self, user: User, password: str) -> None:
        """Judge, hash and keep. See `User.set_password`."""
        works = self._works()
        with works.begin(origin(), joined=False) as apart:
            sealed = service.seal(apart, password=password, about=(user.username, user.email))
        if inspect(user).detached:
            with works.begin(origin()) as work:
                service.keep(work, user=users.by_id(work.db, user.id), sealed=sealed)
        else:
            self._attach(user, sealed.encoded)

    def check_password(self, user: User, password: str) -> bool:
        """Hash once, whether or not there is a password. See `User.check_password`."""
        works = self._works()
        if inspect(user).detached:
            with works.reading() as db:
                row = db.get(Password, user.id)
                stored = row.encoded if row else None
        else:
            stored = user.password_row.encoded if user.password_row else None  # type: ignore[attr-defined] # the backref of Password
        return works.house.part(Hashes).check(stored, password)

    def _attach(self, user: User, encoded: Secret) -> None:
        now = self._works().house.clock.now()
        row: Password | None = user.password_row  # type: ignore[attr-defined] # the backref of Password
        if row is None:
            user.password_row = Password(encoded=str(encoded), changed_at=now)  # type: ignore[attr-defined]
        else:
            row.encoded, row.changed_at = str(encoded), now
            guesses.begin_anew(row)
        user.updated_at = now
        session = object_session(user)
        if session is not None and inspect(user).persistent:
            # In SQL, so that two changes at once both count.
            user.epoch = User.epoch + 1
            work = Work(self._works(), origin(), lambda: session)
            work.record(PasswordSet(user_id=user.id))
            if row is not None:
                notices.notify(work, user=user, letter="password_changed")
