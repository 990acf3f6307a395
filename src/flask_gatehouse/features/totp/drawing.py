"""Draw what an app reads with the camera."""

from importlib.util import find_spec
from typing import Final

from markupsafe import Markup

#: Modules of white around the code. Source: ISO/IEC 18004, which asks for four.
_QUIET: Final = 4

#: How much may be unreadable: a screen has no scratches, and fewer modules are read more easily.
_REDUNDANCY: Final = "m"


def is_possible() -> bool:
    """Whether the package that does the work is installed."""
    return find_spec("segno") is not None


def drawn(text: str) -> Markup:
    """Return a picture to stand in a page: black on white whatever the page's colours are.

    It has no style of its own, which the page's policy would refuse; the page says what it is.
    """
    import segno  # noqa: PLC0415 - an extra, and only this page needs it

    code = segno.make_qr(text, error=_REDUNDANCY)
    picture = code.svg_inline(
        border=_QUIET,
        dark="#000",
        light="#fff",
        omitsize=True,
        svgclass="gh-code__picture",
        lineclass=None,
    )
    # What it draws are squares: nothing of the text stands in it.
    return Markup(picture)  # noqa: S704 - as said above
