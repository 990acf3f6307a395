"""Look at what is asked of people, before the start."""

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.core.house import House
from flask_gatehouse.features.mfa import kinds
from flask_gatehouse.features.mfa.settings import MfaSettings


def check(house: House) -> None:
    """Refuse a start that requires what nobody could set up. Raises: Misconfigured."""
    if not house.settings[MfaSettings].may_require:
        return
    if not any(kind.add and kind.counts and kind.is_offered(house) for kind in kinds.all_of(house)):
        msg = (
            "A second factor is required (GATEHOUSE_MFA_EVERYONE, GATEHOUSE_MFA_ADMINISTRATORS), "
            "and no kind of factor is switched on and installed: "
            "pip install 'flask-gatehouse[totp,passkeys]'."
        )
        raise Misconfigured(msg)
