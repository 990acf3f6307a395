"""How long doors stay open."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.core.settings import setting, written
from flask_gatehouse.features.sessions import rules
from flask_gatehouse.features.sessions.rules import BROWSER, REMEMBERED, VIEWING


@dataclass(frozen=True)
class SessionSettings:
    """Limits of sessions, all decided on the server."""

    idle_limit: timedelta = setting(
        timedelta(minutes=60),
        "A session that nobody used for so long is over.",
        source="NIST SP 800-63B-4 2.2.3",
        floor=timedelta(minutes=1),
        cap=timedelta(hours=24),
        profiles={"asvs-l2": timedelta(minutes=30)},
    )
    absolute_limit: timedelta = setting(
        timedelta(hours=24),
        "A session is over so long after it was opened, whatever happens in it.",
        source="NIST SP 800-63B-4 2.2.3",
        floor=timedelta(minutes=5),
        cap=timedelta(days=30),
        profiles={"asvs-l2": timedelta(hours=12)},
    )
    remember: bool = setting(
        default=True,
        meaning="Whether people may ask a browser to remember them; without it the box is not "
        "shown, and what browsers remember from before is not believed.",
        source="NIST SP 800-63B-4 2.1.3",
        profiles={"asvs-l2": False},
    )
    remember_limit: timedelta = setting(
        timedelta(days=30),
        "A browser that was told to remember does so for at most so long.",
        source="NIST SP 800-63B-4 2.1.3",
        floor=timedelta(hours=1),
        cap=timedelta(days=30),
    )
    remember_idle_limit: timedelta = setting(
        timedelta(days=14),
        "A remembering browser that did not come back for so long has forgotten.",
        floor=timedelta(hours=1),
        cap=timedelta(days=30),
    )
    fresh_for: timedelta = setting(
        timedelta(minutes=5),
        "How long a proof is recent enough for what matters most; then the person is asked again. "
        "A minute is as much as asking each time: the proof, and what it is for, are two requests.",
        source="OWASP ASVS 5.0 7.5.1, 7.5.3",
        floor=timedelta(minutes=1),
        cap=timedelta(minutes=30),
        profiles={"asvs-l2": timedelta(minutes=1)},
    )
    per_user: int = setting(
        20,
        "Sign-ins of one account at the same time; one more ends the oldest.",
        source="OWASP ASVS 5.0 7.1.2",
        floor=1,
        cap=1000,
        profiles={"asvs-l2": 5},
    )

    cache_for: timedelta = setting(
        timedelta(0),
        "How long pages that only show something may believe what was read of a session; what was "
        "ended elsewhere meanwhile still sees them. 0s asks the database each time.",
        floor=timedelta(0),
        cap=timedelta(seconds=60),
        profiles={"asvs-l2": timedelta(0)},
    )

    @cached_property
    def until_written(self) -> tuple[Mapping[int, timedelta], Mapping[int, timedelta]]:
        """How long a session of each kind may still be idle when its use is written down.

        First for everybody, then for those who are followed closely.
        """
        limits = {
            BROWSER: self.idle_limit,
            REMEMBERED: self.remember_idle_limit,
            VIEWING: rules.VIEWING_IDLE,
        }

        def margins(*, closely: bool) -> dict[int, timedelta]:
            steps = {
                kind: rules.last_seen_step(limit, closely=closely) for kind, limit in limits.items()
            }
            steps[BROWSER] = min(steps[BROWSER], rules.LONGEST_STEP)
            return {kind: limits[kind] - step for kind, step in steps.items()}

        return margins(closely=False), margins(closely=True)

    def __post_init__(self) -> None:
        """Refuse limits that contradict one another. Raises: Misconfigured."""
        for idle, absolute, name in (
            (self.idle_limit, self.absolute_limit, "ABSOLUTE_LIMIT"),
            (self.remember_idle_limit, self.remember_limit, "REMEMBER_LIMIT"),
        ):
            if idle > absolute:
                msg = (
                    f"GATEHOUSE_SESSIONS_{name} is {written(absolute)}, but the idle limit beside "
                    f"it is {written(idle)}: a session cannot be idle for longer than it lasts."
                )
                raise Misconfigured(msg)
        # A use is written down once a sixth of the limit has passed; what nobody asks for until
        # then is not written, and somebody who is there all the time would be gone.
        if self.cache_for > self.idle_limit / 2:
            msg = (
                f"GATEHOUSE_SESSIONS_CACHE_FOR is {written(self.cache_for)}, but the idle limit is "
                f"{written(self.idle_limit)}: it may be half of it at most, or people who are "
                "there would be signed out."
            )
            raise Misconfigured(msg)
