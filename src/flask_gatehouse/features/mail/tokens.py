"""The site's style tokens for letters, in which no style sheet of the site can be loaded.

They are read from the sheet itself, so that a colour is written down once.
"""

import re
from functools import cache
from pathlib import Path
from typing import Final

from flask_gatehouse import web

_SHEET: Final = Path(web.__file__).parent / "static" / "tokens.css"
_TOKEN: Final = re.compile(r"--gh-([a-z0-9-]+):\s*(#[0-9a-f]{6});")
_FONT: Final = re.compile(r"--gh-font:\s*([^;]+);")
_DARK: Final = "prefers-color-scheme: dark"


@cache
def of_site() -> dict[str, object]:
    """Return what the layout of letters uses: `light`, `dark` and `font`."""
    sheet = _SHEET.read_text("utf-8")
    before, _, after = sheet.partition(_DARK)
    light = _colours(before)
    font = _FONT.search(sheet)
    # Without double quotes, so that it reads well in an attribute.
    written = " ".join(font[1].split()).replace('"', "'") if font else "sans-serif"
    return {"light": light, "dark": light | _colours(after), "font": written}


def _colours(sheet: str) -> dict[str, str]:
    return {name.replace("-", "_"): colour for name, colour in _TOKEN.findall(sheet)}
