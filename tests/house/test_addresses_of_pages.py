"""Pages are named by text, which no linter follows: each name has to be one of a page."""

import re
from pathlib import Path

from flask import Flask

import flask_gatehouse

_HERE = Path(flask_gatehouse.__file__).parent

#: Names of pages as `url_for` takes them: in quotes, with the feature and the view.
_NAMED = re.compile(r"""url_for\(\s*["'](gatehouse\.[a-z_]+\.[a-z_]+)["']""")


def test_every_page_that_is_led_to_is_there(app: Flask) -> None:
    sources = [*_HERE.rglob("*.py"), *_HERE.rglob("*.html")]
    named = {(name, path.name) for path in sources for name in _NAMED.findall(path.read_text())}
    assert len({name for name, _ in named}) > 20
    assert [each for each in sorted(named) if each[0] not in app.view_functions] == []
