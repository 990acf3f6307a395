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
