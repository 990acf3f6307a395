"""How much of a person's activity stands on a page. Pure rules."""

from typing import Final

#: Entries on a page.
PAGE: Final = 25
