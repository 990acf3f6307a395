"""Roles, what they allow, and who has them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from flask_gatehouse.core.permissions import LONGEST_NAME
from flask_gatehouse.db.base import Base, Exact, UtcDateTime, new_id
from flask_gatehouse.features.roles.rules import LONGEST_ABOUT, LONGEST_ROLE


class Role(Base):
    """A bundle of permissions that people can be given."""

    __tablename__ = "gatehouse_role"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    #: By which code, commands and pages call it.
    name: Mapped[str] = mapped_column(Exact(LONGEST_ROLE), unique=True)
    #: What it is for, in a few words.
    about: Mapped[str] = mapped_column(String(LONGEST_ABOUT))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RolePermission(Base):
    """One permission that a role allows. A name that nobody declares any more allows nothing."""

    __tablename__ = "gatehouse_role_permission"

    role_id: Mapped[UUID] = mapped_column(ForeignKey("gatehouse_role.id"), primary_key=True)
    permission: Mapped[str] = mapped_column(Exact(LONGEST_NAME), primary_key=True)


class UserRole(Base):
    """One role of one account."""

    __tablename__ = "gatehouse_user_role"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("gatehouse_user.id"), primary_key=True)
    role_id: Mapped[UUID] = mapped_column(
        ForeignKey("gatehouse_role.id"), primary_key=True, index=True
    )
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)
    #: When it is over by itself; None is never.
    until: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
