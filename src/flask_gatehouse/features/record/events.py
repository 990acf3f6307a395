"""What is done with the record on its pages."""

from flask_gatehouse.core.events import Event


class RecordExported(Event):
    """Somebody carried a part of the record away."""

    name = "record.exported"
    meaning = "Somebody took events of the record out of the site, as a file."
    #: It is about nobody.
    sentence = None
    #: How it is written: "json" or "csv".
    form: str
    rows: int
    #: By what the events were chosen; never for what, which may be a person.
    filters: tuple[str, ...]
