"""What `doctor` asks about factors."""

from collections.abc import Iterator

from flask_gatehouse.core.findings import Finding
from flask_gatehouse.db.work import Works
from flask_gatehouse.features.mfa import policy
from flask_gatehouse.features.mfa.settings import MfaSettings


def without(works: Works) -> Iterator[Finding]:
    """Whether people of whom a factor is required, or administrators, have none yet."""
    settings = works.house.settings[MfaSettings]
    with works.reading() as db:
        found = policy.census(works.house, db)
    needed = settings.asked_of(administrator=False) == "required"
    people = found.people_without if needed else 0
    if people:
        yield Finding(
            "note",
            f"{people:,} account(s) of whom a second factor is required have none yet.",
            "They are asked to set one up when their days of grace are over.",
            "gatehouse mfa status",
        )
    if found.administrators_without:
        yield Finding(
            "note",
            f"{found.administrators_without:,} administrator(s) have no second factor.",
            "Whoever learns such a password administers the site.",
            "Let them add one under 'Passkeys and second steps', or set "
            "GATEHOUSE_MFA_ADMINISTRATORS=required",
        )
