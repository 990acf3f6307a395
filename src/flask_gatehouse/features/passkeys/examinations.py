"""What `doctor` asks about passkeys."""

from collections.abc import Iterator

from sqlalchemy import func, select

from flask_gatehouse.core.findings import Finding
from flask_gatehouse.core.site import CoreSettings
from flask_gatehouse.db.work import Works
from flask_gatehouse.features.passkeys import ceremony, service
from flask_gatehouse.features.passkeys.models import Passkey


def usable(works: Works) -> Iterator[Finding]:
    """Whether the passkeys that people have can be used here."""
    house = works.house
    with works.reading() as db:
        people = db.scalar(select(func.count(Passkey.user_id.distinct()))) or 0
    if not people:
        return
    why = f"They are asked for, and {people:,} account(s) cannot answer."
    if not ceremony.is_installed():
        mend = "pip install 'flask-gatehouse[passkeys]'"
        yield Finding("unsafe", "There are passkeys, and nothing that verifies them.", why, mend)
    if service.party(house) is None:
        here = house.settings[CoreSettings].public_url
        yield Finding(
            "unsafe",
            f"There are passkeys, and no browser uses one at {here}.",
            why,
            "GATEHOUSE_PUBLIC_URL=https:// and the host for which they were made",
        )
