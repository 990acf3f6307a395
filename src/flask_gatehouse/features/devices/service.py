"""List, name and end the sign-ins of one person. Whose they are stands in each statement."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from itertools import groupby
from operator import attrgetter
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from flask_gatehouse.core.house import House
from flask_gatehouse.core.places import Places
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.devices import rules
from flask_gatehouse.features.devices.errors import UnknownDevice
from flask_gatehouse.features.devices.events import DeviceEnded, DeviceNamed, OtherDevicesEnded
from flask_gatehouse.features.mfa import trusting
from flask_gatehouse.features.mfa.errors import UnknownTrustedDevice
from flask_gatehouse.features.mfa.settings import MfaSettings
from flask_gatehouse.features.sessions import service as sessions
from flask_gatehouse.features.sessions.finding import Standing
from flask_gatehouse.features.sessions.models import Session
from flask_gatehouse.features.sessions.rules import REMEMBERED


@dataclass(frozen=True, kw_only=True)
class Device:
    """One sign-in: the session of a browser, and the remembered one beside it."""

    #: Names the sign-in, and opens nothing.
    id: str
    #: What the person calls it.
    name: str | None
    #: What the browser said it is.
    described: str
    address: str | None
    first_seen: datetime
    last_seen: datetime
    proven_by: str
    remembered: bool
    #: Whether it is the one that asks.
    here: bool
    #: Whether somebody who runs the site sees it as this person.
    viewed: bool = False
    #: Where the address is, if the host knows.
    place: str | None = None

    @property
    def title(self) -> str:
        """What to call it in a list."""
        return self.name or self.described


@dataclass(frozen=True, kw_only=True)
class Trusted:
    """A browser in which the person is not asked for the second step."""

    #: Names it, and opens nothing.
    id: str
    described: str
    address: str | None
    since: datetime
    until: datetime
    last_used: datetime | None
    #: Whether it is the one that asks.
    here: bool


def all_of(work: Work, db: DbSession, *, standing: Standing) -> list[Device]:
    """Return every device of a person: the one that asks first, then by its last use."""
    rows = sorted(
        sessions.open_rows(db, standing=standing, now=work.now), key=attrgetter("sign_in_id")
    )
    together = groupby(rows, key=attrgetter("sign_in_id"))
    devices = [_device(each, list(of_it), standing) for each, of_it in together]
    return sorted(devices, key=lambda device: (device.here, device.last_seen), reverse=True)


def located(house: House, devices: Iterable[Device]) -> list[Device]:
    """Return devices with the places of their addresses.

    The host may ask anybody for them, so no connection to the database is held meanwhile.
    """
    # Each address is asked for once, however many devices share it.
    place = cache(house.part(Places).of)
    return [replace(each, place=place(each.address)) for each in devices]


def end(work: Work, *, standing: Standing, device: str) -> None:
    """End one device of a person.

    Raises:
        UnknownDevice: the person has none with this id.
    """
    _refuse_no_id(device)
    if not sessions.end_sign_in(work, standing=standing, sign_in_id=device):
        raise UnknownDevice
    work.record(DeviceEnded(user_id=_user_id(standing), device=device))


def trusted(work: Work, db: DbSession, *, standing: Standing, here: str) -> list[Trusted]:
    """Return the browsers in which a person is not asked for the second step.

    Args:
        here: what the browser that asks was given for that; empty if nothing.
    """
    if standing.user is None:
        return []
    lasting = bool(work.settings(MfaSettings).trust_for)
    found = trusting.of(db, user=standing.user, now=work.now, lasting=lasting)
    return [
        Trusted(
            id=each.public_id,
            described=rules.described(each.agent),
            address=each.address,
            since=each.created_at,
            until=each.expires_at,
            last_used=each.last_used_at,
            here=trusting.is_here(work.house, each, here),
        )
        for each in found
    ]


def end_trust(work: Work, *, standing: Standing, device: str) -> None:
    """Have a browser asked for the second step again.

    Raises:
        UnknownDevice: the person has none with this id.
    """
    _refuse_no_id(device)
    if standing.user is None:
        raise UnknownDevice
    try:
        trusting.end(work, user_id=standing.user.id, device=device)
    except UnknownTrustedDevice as error:
        raise UnknownDevice from error


def end_others(work: Work, *, standing: Standing, here: str) -> None:
    """End every device of a person but the one that asks, and what others are let off.

    Args:
        here: what the browser that asks was given to be let off the second step; or empty.
    """
    if standing.user is not None:
        trusting.end_others(work, user_id=standing.user.id, value=here)
    if sessions.end_other_sign_ins(work, standing=standing):
        work.record(OtherDevicesEnded(user_id=_user_id(standing)))


def rename(work: Work, *, standing: Standing, device: str, name: str) -> None:
    """Call a device something, or, with nothing, what its browser says it is.

    Raises:
        NameRefused: it cannot be called so.
        UnknownDevice: the person has none with this id.
    """
    wanted = rules.acceptable_name(name)
    _refuse_no_id(device)
    if not sessions.name_sign_in(work, standing=standing, sign_in_id=device, name=wanted):
        raise UnknownDevice
    work.record(DeviceNamed(user_id=_user_id(standing), device=device))


def _refuse_no_id(text: str) -> None:
    """Ask the database for nothing that cannot be there."""
    if not rules.is_an_id(text):
        raise UnknownDevice


def _device(sign_in_id: str, rows: list[Session], standing: Standing) -> Device:
    newest = max(rows, key=attrgetter("created_at"))
    if newest.actor_id is not None:
        # It is told that somebody looks, and not from where.
        return Device(
            id=sign_in_id,
            name=None,
            described="Whoever runs this site",
            address=None,
            first_seen=newest.created_at,
            last_seen=newest.last_seen_at,
            proven_by="",
            remembered=False,
            here=sign_in_id == standing.sign_in_id,
            viewed=True,
        )
    return Device(
        id=sign_in_id,
        name=_name(rows),
        described=rules.described(newest.agent),
        address=newest.address,
        first_seen=min(row.created_at for row in rows),
        last_seen=max(row.last_seen_at for row in rows),
        proven_by=rules.proven_by(newest.methods),
        remembered=any(row.kind == REMEMBERED for row in rows),
        here=sign_in_id == standing.sign_in_id,
    )


def _name(rows: Iterable[Session]) -> str | None:
    return next((row.device_name for row in rows if row.device_name), None)


def _user_id(standing: Standing) -> UUID | None:
    return standing.user.id if standing.user is not None else None
