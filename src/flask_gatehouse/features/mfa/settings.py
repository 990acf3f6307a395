"""How many factors, for whom, and what may stand in for one."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal, get_args

from flask_gatehouse.core.settings import setting

#: What is asked of people, from nothing to everything.
Policy = Literal["off", "optional", "once-enrolled", "required"]

_ORDER: Final[tuple[Policy, ...]] = get_args(Policy)


@dataclass(frozen=True)
class MfaSettings:
    """Second factors."""

    everyone: Policy = setting(
        "optional",
        "What is asked of everybody: off (nobody can add a factor), optional, once-enrolled "
        "(whoever has one keeps one), or required.",
        source="OWASP ASVS 5.0 6.3.3",
        profiles={"asvs-l2": "required"},
        # As it happens the words stand in this order in the alphabet too, before "required".
        more_is_safer=True,
    )
    administrators: Policy = setting(
        "once-enrolled",
        "What is asked of administrators, and of whoever has any permission of the console, if it "
        "is stricter than what is asked of everybody.",
        source="OWASP ASVS 5.0 6.3.3",
    )
    grace: timedelta = setting(
        timedelta(days=7),
        "How long somebody without a factor is let in once one is required, from their first "
        "sign-in or request on; 0s asks at once.",
        floor=timedelta(0),
        cap=timedelta(days=90),
        profiles={"asvs-l2": timedelta(0)},
    )
    trust_for: timedelta = setting(
        timedelta(0),
        "How long a browser can be let off the second step by whoever passed it there; 0s never.",
        source="NIST SP 800-63B-4 5.1",
        floor=timedelta(0),
        cap=timedelta(days=30),
        profiles={"asvs-l2": timedelta(0)},
    )
    reset_after: timedelta = setting(
        timedelta(hours=24),
        "How long the owner of an account can stop an administrator who takes its factors away.",
        source="OWASP ASVS 5.0 6.4.4",
        floor=timedelta(hours=1),
        cap=timedelta(days=30),
        more_is_safer=True,
    )
    per_user: int = setting(
        25,
        "Factors that one account may have, of all kinds together.",
        floor=2,
        cap=100,
    )

    def asked_of(self, *, administrator: bool) -> Policy:
        """Return what is asked of somebody: of two words the stricter one."""
        words = (self.everyone, self.administrators) if administrator else (self.everyone,)
        return max(words, key=_ORDER.index)

    @property
    def may_require(self) -> bool:
        """Whether a factor is required of anybody."""
        return "required" in {self.everyone, self.administrators}
