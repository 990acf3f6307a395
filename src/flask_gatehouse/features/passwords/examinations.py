"""What `doctor` asks about passwords."""

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from sqlalchemy import or_, select

from flask_gatehouse.cli.application import program
from flask_gatehouse.core.findings import Finding
from flask_gatehouse.core.settings import Size, key_of
from flask_gatehouse.db.work import Works
from flask_gatehouse.features.passwords import calibration
from flask_gatehouse.features.passwords.hashes import Hashes
from flask_gatehouse.features.passwords.models import Password
from flask_gatehouse.features.passwords.pool import cores

#: Seconds that a hash should take: below, an attacker pays too little; above, everybody waits.
_CHEAP, _DEAR = 0.03, 0.5

#: Where a container's limit of memory is found, by version of the control groups.
_LIMITS: Final = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def cost(works: Works) -> Iterator[Finding]:
    """Whether a hash takes about as long as it should. What is under the floors did not start."""
    seconds = calibration.timed(works.house.part(Hashes).cost)
    if _CHEAP <= seconds <= _DEAR:
        return
    cheap = seconds < _CHEAP
    yield Finding(
        "note",
        f"One password hash takes {seconds * 1000:.0f} ms here.",
        "This machine could afford more, and whoever steals the hashes pays as little."
        if cheap
        else "Few can sign in at once, and everybody waits.",
        f"{program()} passwords calibrate prints what fits this machine",
    )


def slots(works: Works) -> Iterator[Finding]:
    """Whether one process alone could take all cores or all memory for hashing."""
    hashes = works.house.part(Hashes)
    if hashes.pool.size > cores():
        yield Finding(
            "note",
            f"A process may compute {hashes.pool.size} hashes at once, on {cores()} cores.",
            "All take longer, and everything else waits.",
            f"{key_of('passwords', 'hash_slots')}={cores()}, divided by the number of processes",
        )
    needed, there = hashes.pool.size * hashes.cost.memory_kib * 1024, _memory()
    if there and needed > there / 2:
        yield Finding(
            "unsafe" if needed > there else "note",
            f"A process may need {Size(needed)} for hashing, of {Size(there)} in all.",
            "When memory runs out, the system ends processes: a burst of sign-ins stops the site.",
            f"{key_of('passwords', 'hash_slots')}=1, or less {key_of('passwords', 'hash_memory')}",
        )


def extras(works: Works) -> Iterator[Finding]:
    """Whether somebody's hash can be verified only by a package that is not here."""
    if find_spec("bcrypt") is not None:
        return
    theirs = or_(Password.encoded.startswith("$2"), Password.encoded.startswith("bcrypt"))
    with works.reading() as db:
        met = db.scalar(select(Password.user_id).where(theirs).limit(1))
    if met is not None:
        yield Finding(
            "unsafe",
            "There are passwords hashed by bcrypt, and bcrypt is not installed.",
            "Whoever has such a password cannot sign in.",
            "pip install 'flask-gatehouse[bcrypt]'",
        )


def _memory() -> int:
    """Return the bytes of memory of this machine or container; 0 if nobody can tell."""
    try:
        found = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return 0
    for path in _LIMITS:
        if path.exists() and (limit := path.read_text().strip()).isdecimal():
            found = min(found, int(limit))
    return found
