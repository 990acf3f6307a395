"""What `record` refuses."""

from flask_gatehouse.core.errors import NotValid


class NoMoment(NotValid):
    """What was typed is no time. Facts: `field`."""

    code = "record.no_moment"


class TooMuch(NotValid):
    """More events are wanted than are handed out at once. Facts: `most`."""

    code = "record.too_much"
