"""Attributes of form fields are, letter by letter, what WTForms would write."""

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from wtforms import BooleanField, PasswordField, StringField
from wtforms.widgets import TextInput, html_params

from flask_gatehouse.web.forms import SiteForm, attributes
from tests.properties.thorough import thorough

#: What ends an attribute or begins another one, if it is not escaped.
PIECES = ('"', "'", "<", ">", "&", "&quot;", "=", " ", "x", "\x00", "\u00e4")

texts = st.lists(st.sampled_from(PIECES), max_size=6).map("".join)
names = st.one_of(
    st.sampled_from(("class_", "for_", "id", "data_x_y", "aria_invalid", "_x__", "data_", "a_b")),
    texts,
)
values = st.one_of(
    texts, texts.map(Markup), st.booleans(), st.none(), st.integers(), st.floats(allow_nan=False)
)


@thorough
@given(st.dictionaries(names, values, max_size=6))
def test_attributes_are_those_of_wtforms(given_ones: dict[str, object]) -> None:
    assert attributes(**given_ones) == html_params(**given_ones)
    assert isinstance(attributes(**given_ones), Markup)


class _Form(SiteForm):
    name = StringField(render_kw={"data_said": 'a "b"', "class_": "other"})
    secret = PasswordField()
    box = BooleanField(default=True)
    own = StringField(widget=TextInput())


@pytest.mark.parametrize("name", ["name", "secret", "box", "own"])
def test_a_field_is_written_as_wtforms_writes_it(name: str) -> None:
    app = Flask(__name__)
    app.secret_key = "for sessions"
    given_ones = {"class_": "gh-input", "aria_describedby": 'x"<', "autofocus": True}
    with app.test_request_context():
        field = _Form(data={"name": 'al"<i>ce', "own": "&"})[name]
        usual = field.widget(field, **{**(field.render_kw or {}), **given_ones})
        assert field(**given_ones) == usual.replace("data_said", "data-said")
