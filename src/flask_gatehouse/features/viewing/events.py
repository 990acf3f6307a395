"""Who saw the site as whom."""

from datetime import datetime

from flask_gatehouse.core.events import Event


class ViewingBegun(Event):
    """Somebody began to see the site as the person."""

    name = "viewing.begun"
    meaning = "Somebody began to see the site as somebody else."
    sentence = "An administrator looked at the site as you."
    of_whoever_runs_the_site = True
    #: Why, in the words of whoever looks.
    reason: str
    #: Public id of the session of the view.
    view: str
    #: When it is over at the latest.
    until: datetime


class ViewingEnded(Event):
    """It is over."""

    name = "viewing.ended"
    meaning = "Somebody does not see the site as somebody else any more."
    sentence = "The administrator does not look at the site as you any more."
    of_whoever_runs_the_site = True
    #: Who looked, as text: the row itself tells who ended it.
    viewer: str
    #: Why they looked.
    reason: str
    #: Public id of the session of the view.
    view: str
    #: `ended` by whoever looked, `stopped` by a command, `over` by itself, or `erased` with one of
    #: both accounts.
    how: str
