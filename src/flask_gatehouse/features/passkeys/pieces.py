"""What this feature puts on pages of others."""

from collections.abc import Callable, Mapping
from typing import ClassVar

from flask_gatehouse.core.house import House
from flask_gatehouse.features.login import doorkeeper
from flask_gatehouse.features.passkeys import making, offering, service
from flask_gatehouse.web.gate import Piece
from flask_gatehouse.web.work import unit_of_work, works


class SignIn(Piece):
    """The button on the page that asks for a password."""

    place: ClassVar[str] = "login"
    template: ClassVar[str] = "gatehouse/passkeys/_sign_in.html"

    def facts(self, house: House) -> Mapping[str, object] | None:
        """Return where a browser may be asked."""
        return _origins(house)


class Register(Piece):
    """The button in the form for a new account."""

    place: ClassVar[str] = "register"
    template: ClassVar[str] = "gatehouse/passkeys/_register.html"

    def facts(self, house: House) -> Mapping[str, object] | None:
        """Return where a browser may be asked."""
        return _origins(house) if making.may_sign_up(house) else None


class Confirm(Piece):
    """The button on the page that asks somebody who is signed in for a proof."""

    place: ClassVar[str] = "confirm"
    template: ClassVar[str] = "gatehouse/passkeys/_confirm.html"

    def facts(self, house: House) -> Mapping[str, object] | None:
        """Return where a browser may be asked, if the person has a passkey."""
        user = doorkeeper.current().account()
        if user is None:
            return None
        with works().reading() as db:
            return _origins(house) if service.has_any(db, user_id=user.id) else None


class Offer(Piece):
    """The card on pages of one's own."""

    place: ClassVar[str] = "account"
    template: ClassVar[str] = "gatehouse/passkeys/_card.html"

    def facts(self, house: House) -> Mapping[str, object] | None:
        """Return where a browser may be asked, if it is due."""
        standing = doorkeeper.current().standing()
        if standing is None:
            return None
        with unit_of_work() as work:
            return _origins(house) if offering.is_due(work, standing=standing) else None


class Signals(Piece):
    """What keepers of passkeys are told on pages of one's own."""

    place: ClassVar[str] = "account"
    template: ClassVar[str] = "gatehouse/passkeys/_signals.html"

    def facts(self, house: House) -> Mapping[str, object] | None:
        """Return what is still in use, of whoever has or had a passkey."""
        user, here = doorkeeper.current().account(), service.party(house)
        if user is None or here is None:
            return None
        with works().reading() as db:
            known = service.known_to_keepers(db, user_id=user.id)
        if known is None:
            return None
        return {"rp": here.id, "handle": known[0], "ids": known[1]}


class SignalsOfFactors(Signals):
    """The same on the page of one's factors, where they are removed."""

    place: ClassVar[str] = "factors"


def _origins(house: House) -> Mapping[str, object] | None:
    here = service.party(house)
    if here is None or not service.is_offered(house):
        return None
    return {"origins": here.origins, "rp": here.id}


def _made(kind: type[Piece]) -> Callable[[House], Piece]:
    """Return what makes a piece for an application."""

    def make(house: House) -> Piece:
        del house
        return kind()

    return make


sign_in = _made(SignIn)
register = _made(Register)
confirm = _made(Confirm)
offer = _made(Offer)
signals = _made(Signals)
signals_of_factors = _made(SignalsOfFactors)
