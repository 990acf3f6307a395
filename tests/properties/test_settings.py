"""Whatever a setting is set to, it is taken as it was meant, or a sentence stops the start."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from flask_gatehouse import Misconfigured
from flask_gatehouse.core.settings import Rate, Secret, Size, read, setting, written
from tests.properties.thorough import thorough


@dataclass(frozen=True)
class Shape:
    """One setting of each kind."""

    size: Size = setting(Size(1), "A size.", floor=Size(1), cap=Size(1024**4))
    time: timedelta = setting(timedelta(1), "A time.", floor=timedelta(0), cap=timedelta(36500))
    rate: Rate = setting(Rate(1, timedelta(1)), "A rate.")
    number: int = setting(1, "A number.", floor=-5, cap=5)
    switch: bool = setting(default=False, meaning="A switch.")
    text: str = setting("x", "A text.")
    word: Literal["one", "two"] = setting("one", "A word.")
    names: tuple[str, ...] = setting((), "Names.")
    secret: Secret | None = setting(None, "A secret.")


KEYS = {name: f"GATEHOUSE_SHAPE_{name.upper()}" for name in Shape.__dataclass_fields__}


def taken(name: str, given_value: object) -> object:
    """Return what is made of a value in `app.config`."""
    found = read({"shape": Shape}, config={KEYS[name]: given_value}, environment={})
    return getattr(found[Shape], name)


# Twelve digits are the most that are read.
sizes = st.integers(1, 10**12 - 1).map(Size)
# Nine digits are the most that are read; more would be thirty years of seconds.
moments = st.integers(0, 10**9 - 1).map(lambda seconds: timedelta(seconds=seconds))
rates = st.builds(Rate, st.integers(1, 10**9 - 1), moments.filter(bool))

VALUES = st.one_of(
    st.tuples(st.just("size"), sizes),
    st.tuples(st.just("time"), moments),
    st.tuples(st.just("rate"), rates),
)


@thorough
@given(VALUES)
def test_what_is_written_is_read_again_as_the_same(value: tuple[str, object]) -> None:
    name, wanted = value
    assert taken(name, wanted) == wanted
    assert taken(name, written(wanted)) == wanted


odd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=30),
    st.text("0123456789smhdkKMGiB/ +-_.e\u0661\u00b2", max_size=14),
    st.binary(max_size=5),
    st.lists(st.one_of(st.text(max_size=5), st.integers()), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
    st.timedeltas(),
    moments,
)


@thorough
@given(st.sampled_from(sorted(KEYS)), odd)
def test_anything_is_taken_or_refused_by_a_sentence_that_names_it(
    name: str, given_value: object
) -> None:
    try:
        value = taken(name, given_value)
    except Misconfigured as error:
        said = str(error)
        assert said.startswith(KEYS[name])
        assert said.endswith(".")
        if name == "secret" and isinstance(given_value, str) and len(given_value) > 20:
            assert given_value not in said
        return
    limits = Shape.__dataclass_fields__[name].metadata
    for bound in ("floor", "cap"):
        if limits[bound] is not None:
            wrong = value < limits[bound] if bound == "floor" else value > limits[bound]
            assert not wrong
    if name == "rate":
        assert isinstance(value, Rate)
        assert value.times >= 1
        assert value.window > timedelta(0)


@thorough
@given(st.sampled_from(sorted(KEYS)), st.text(max_size=30))
def test_the_environment_and_the_configuration_are_read_alike(name: str, text: str) -> None:
    def outcome(**places: dict[str, object]) -> str:
        try:
            found = read({"shape": Shape}, **{"config": {}, "environment": {}, **places})  # type: ignore[arg-type]
        except Misconfigured as error:
            return str(error)
        return repr(found[Shape])

    assert outcome(config={KEYS[name]: text}) == outcome(environment={KEYS[name]: text})
