"""What a password must be, and what hashing one may cost."""

from dataclasses import dataclass
from datetime import timedelta

from flask_gatehouse.core.settings import Size, setting


@dataclass(frozen=True)
class PasswordSettings:
    """Rules and costs of passwords."""

    minimum: int = setting(
        15,
        "Fewest characters of a new password. There are no rules about what kinds they are.",
        source="NIST SP 800-63B-4 3.1.1.2; OWASP ASVS 5.0 6.2.1",
        floor=8,
        cap=64,
        profiles={"asvs-l2": 15},
        more_is_safer=True,
    )
    maximum: int = setting(
        256,
        "Most characters of a new password.",
        source="OWASP ASVS 5.0 6.2.9",
        floor=64,
        cap=256,
    )
    context_words: tuple[str, ...] = setting(
        (),
        "Words that do not make a password by themselves, beside the site's name, the user name "
        "and the address.",
        source="OWASP ASVS 5.0 6.1.2, 6.2.11",
    )
    hash_time: int = setting(
        3, "Passes of argon2id over its memory.", source="RFC 9106 section 4", floor=1, cap=16
    )
    hash_memory: Size = setting(
        Size(64 * 1024**2),
        "Memory of one hash.",
        source="RFC 9106 section 4",
        cap=Size(256 * 1024**2),
    )
    hash_lanes: int = setting(
        1, "Threads of one hash; one core for each hash is easiest to plan.", floor=1, cap=16
    )
    hash_slots: int | None = setting(
        None,
        "Hashes that one process may compute at once; none is the number of cores, divided by "
        "WEB_CONCURRENCY if that says how many processes there are.",
        source="OWASP ASVS 5.0 15.2.2",
        floor=1,
        cap=256,
    )
    hash_places: int = setting(
        8,
        "Requests of one process that may hash or wait for a hash at once. Half of the threads "
        "that the server gives each process leaves the other half to everybody else. A fifth of "
        "the places, and at least one, is kept for people who are signed in.",
        source="OWASP ASVS 5.0 15.2.2",
        floor=2,
        cap=256,
    )
    hash_patience: timedelta = setting(
        timedelta(seconds=2),
        "A sign-in that would have to wait longer for a free slot is asked at once to come back.",
        floor=timedelta(seconds=0),
        cap=timedelta(seconds=30),
    )
    failures: int = setting(
        100,
        "Wrong passwords of one account in a row before the password is disabled; the last fifth "
        "of them is kept for browsers in which the owner signed in before.",
        source="NIST SP 800-63B-4 3.2.2",
        floor=5,
        cap=100,
        profiles={"asvs-l2": 50},
    )
    invitation_lifetime: timedelta = setting(
        timedelta(hours=24),
        "How long a link for choosing the first password is good.",
        source="OWASP ASVS 5.0 6.4.1; NIST SP 800-63B-4 4.2.1.2",
        floor=timedelta(minutes=5),
        cap=timedelta(hours=72),
    )
