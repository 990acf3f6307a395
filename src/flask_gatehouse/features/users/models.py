"""Accounts, the names by which they are found, and the state of administration."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, SmallInteger, String
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from flask_gatehouse.db.base import Base, Digest, Exact, UtcDateTime, new_id
from flask_gatehouse.features.users import keeper, rights


class User(Base):
    """One account. Its names are rows of `Identifier`, the only place of uniqueness."""

    __tablename__ = "gatehouse_user"
    #: What lists of people are put in order and narrowed by.
    __table_args__ = (
        Index("ix_gatehouse_user_created_at_id", "created_at", "id"),
        Index("ix_gatehouse_user_signed_in_at_id", "signed_in_at", "id"),
        Index(
            "ix_gatehouse_user_active_id",
            "active",
            "id",
            # What lists of those who are not in use ask for is read without the rows.
            postgresql_include=[
                "created_at",
                "signed_in_at",
                "suspended_at",
                "deactivated_at",
                "epoch",
            ],
        ),
        Index("ix_gatehouse_user_is_admin_id", "is_admin", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    #: As shown; found by its canonical form.
    username: Mapped[str] = mapped_column(String(64))
    email: Mapped[str | None] = mapped_column(String(254))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    active: Mapped[bool] = mapped_column(default=True)
    #: Since when it is put aside by its owner, who may come back; None in use, or if somebody else
    #: suspended it.
    deactivated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    #: Since when it is suspended by somebody else; None also where that was before it was kept.
    suspended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    #: When the suspension is over by itself; None is never.
    suspended_until: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    #: Why, for whoever runs the site.
    suspended_reason: Mapped[str | None] = mapped_column(String(500))
    #: When somebody signed in last, exact to a day.
    signed_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    is_admin: Mapped[bool] = mapped_column(default=False)
    #: Copied into sessions and links; raising it ends all of them in one statement.
    epoch: Mapped[int] = mapped_column(default=1)

    def is_over_at(self, now: datetime) -> bool:
        """Whether it is suspended, and that had its end."""
        until = self.suspended_until
        return not self.active and until is not None and until <= now

    @property
    def is_active(self) -> bool:
        """Whether the account may be used."""
        return self.active

    @hybrid_property
    def open_to_owner(self) -> bool:
        """Whether its owner has a way in: it is in use, or they put it aside themselves."""
        return self.active or self.deactivated_at is not None

    @open_to_owner.inplace.expression
    @classmethod
    def _open_to_owner(cls) -> ColumnElement[bool]:
        return cls.active | cls.deactivated_at.is_not(None)

    @property
    def is_authenticated(self) -> bool:
        """True: an account that is handed to a view has been proven."""
        return True

    @property
    def is_anonymous(self) -> bool:
        """False."""
        return False

    def get_id(self) -> str:
        """Return the id as text."""
        return str(self.id)

    def set_password(self, password: str) -> None:
        """Hash and keep a new password; every session of before ends when it is committed.

        Raises:
            PasswordRefused: the password breaks a rule.
        """
        keeper.current().set_password(self, password)

    def check_password(self, password: str) -> bool:
        """Return whether this is the account's password. Counts no attempt: a view must."""
        return keeper.current().check_password(self, password)

    def can(self, permission: str, thing: object = rights.NOTHING) -> bool:
        """Return whether the account may do something at this moment.

        Args:
            permission: as it was declared, such as `reports.read`.
            thing: what it is to be done to, if that matters: the rule of the permission decides.

        Raises:
            UnknownPermission: nobody declared it, or it has no rule about single things.
        """
        kept = self.__dict__.get(rights.KEPT)
        if kept is not None and thing is rights.NOTHING and permission in kept:
            return kept[permission] is True
        return rights.current().can(self, permission, thing)

    def has_role(self, name: str) -> bool:
        """Return whether the account has a role. Administrators have every one."""
        granted = rights.current().granted(self)
        return granted.everything or name in granted.roles

    def __eq__(self, other: object) -> bool:
        """Two objects are equal if they are the same account."""
        return self.id == other.id if isinstance(other, User) else NotImplemented

    def __hash__(self) -> int:
        """Hash by the account's id."""
        return hash(self.id)

    def __repr__(self) -> str:
        """Name the account by its id only."""
        return f"<User {self.id}>"


class Identifier(Base):
    """A name by which one account is found: globally unique in its canonical form."""

    __tablename__ = "gatehouse_identifier"
    #: Beginnings of names are looked for, and whose they are is read without the row.
    __table_args__ = (
        Index(
            "ix_gatehouse_identifier_canonical",
            "canonical",
            "user_id",
            postgresql_ops={"canonical": "varchar_pattern_ops"},
        ),
    )

    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    canonical: Mapped[str] = mapped_column(Exact(254), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("gatehouse_user.id"), index=True)
    #: By which edition of the rules the canonical form was made.
    version: Mapped[int] = mapped_column(SmallInteger)
    #: An address as it was typed, to which letters go; None for a name, and in rows of before.
    shown: Mapped[str | None] = mapped_column(String(254))
    #: When the person proved that the address is theirs.
    proven_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    #: When the account got the address; None for a name, and in rows of before.
    added_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class KeptName(Base):
    """A user name that nobody may take for a while: its account was erased."""

    __tablename__ = "gatehouse_kept_name"

    #: Keyed hash of the canonical form.
    digest: Mapped[bytes] = mapped_column(Digest, primary_key=True)
    until: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class Administration(Base):
    """A single row: whether the first administrator was made, and the lock of all such changes."""

    __tablename__ = "gatehouse_administration"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    #: Raised by every change of administrators: two changes at once wait for one another here.
    changes: Mapped[int] = mapped_column(default=0)
    #: Of the set-up link handed out last; None when none is.
    setup_digest: Mapped[bytes | None] = mapped_column(Digest)
    #: Set when the first account was made, and never unset.
    setup_closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
