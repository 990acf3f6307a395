"""What is done to the record itself."""

from flask_gatehouse.core.events import Event


class RecordPruned(Event):
    """Old rows of the record were deleted."""

    name = "audit.pruned"
    meaning = "Rows of the record that were kept for long enough were deleted."
    #: It is about nobody.
    sentence = None
    rows: int


class RecordAdopted(Event):
    """Rows that were not chained, or no longer verified, were chained as they are."""

    name = "audit.adopted"
    meaning = "Rows that were not chained, or no longer verified, were chained as they are."
    #: It is about nobody.
    sentence = None
    rows: int
    #: Lanes that were damaged, and begin anew.
    lanes: tuple[int, ...]


class RecordVerified(Event):
    """The whole record was looked through, and is as it was written."""

    name = "audit.verified"
    meaning = "The whole record was looked through, and nothing in it was changed."
    #: It is about nobody.
    sentence = None
    rows: int


class DamageFound(Event):
    """The whole record was looked through, and something was changed past this program."""

    name = "audit.damage_found"
    meaning = "The whole record was looked through, and some of it was changed past this program."
    #: It is about nobody.
    sentence = None
    rows: int
    damages: int
    #: Which kinds of damage there are.
    kinds: tuple[str, ...]
    #: Lanes that are not as they were written; what stands in no lane is of none.
    lanes: tuple[int, ...]
