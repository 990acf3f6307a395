"""What a feature declares by name is there, and what is there is declared."""

import dataclasses
from importlib import import_module
from pathlib import Path

import pytest
from flask import Flask

import flask_gatehouse
from flask_gatehouse.core.settings import Rate
from flask_gatehouse.db.base import Base
from flask_gatehouse.feature import Feature, load
from flask_gatehouse.features.throttling.limits import Limiter
from flask_gatehouse.shipped import FEATURES
from flask_gatehouse.web.access import MARK

FOLDER = Path(flask_gatehouse.__file__).parent / "features"


def _places(feature: Feature) -> list[str]:
    return [
        *(route.view for route in feature.routes),
        *(route.listed_if for route in feature.routes if route.listed_if is not None),
        *feature.commands.values(),
        *feature.plugs,
        *(check.place for check in feature.checks),
        *(examination.place for examination in feature.examinations),
        *([feature.sentences] if feature.sentences else []),
    ]


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_everything_that_a_feature_names_can_be_loaded(feature: Feature) -> None:
    assert all(load(place) is not None for place in _places(feature))


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_a_feature_names_every_module_that_nobody_else_would_load(feature: Feature) -> None:
    folder = FOLDER / feature.name
    here = f"flask_gatehouse.features.{feature.name}"
    for kind, named in (("models", feature.tables), ("events", feature.events)):
        assert named == (f"{here}.{kind}" if (folder / f"{kind}.py").exists() else None)
    assert (feature.sentences is not None) == (folder / "sentences.py").exists()
    assert bool(feature.commands) == (folder / "commands.py").exists()
    assert bool(feature.routes) == (folder / "views.py").exists()
    if (folder / "examinations.py").exists():
        own = {each.place for each in feature.examinations}
        assert own == {f"{here}.examinations:{name}" for name in _functions(f"{here}.examinations")}


def _functions(module: str) -> set[str]:
    """Return the public functions that a module defines."""
    return {
        name
        for name, thing in vars(import_module(module)).items()
        if callable(thing) and not name.startswith("_") and thing.__module__ == module
    }


def test_every_public_function_of_a_views_module_is_a_page() -> None:
    for feature in FEATURES:
        if not feature.routes:
            continue
        module = import_module(f"flask_gatehouse.features.{feature.name}.views")
        own = {
            name
            for name, thing in vars(module).items()
            if callable(thing) and not name.startswith("_") and thing.__module__ == module.__name__
        }
        assert own == {route.endpoint for route in feature.routes}


def test_every_table_belongs_to_a_feature() -> None:
    owners = [each.class_.__module__ for each in Base.registry.mappers]
    assert set(owners) == {feature.tables for feature in FEATURES if feature.tables}


def test_a_page_says_who_may_enter_as_it_was_declared(app: Flask) -> None:
    for feature in FEATURES:
        for route in feature.routes:
            view = app.view_functions[f"gatehouse.{feature.name}.{route.endpoint}"]
            assert getattr(view, MARK) == route.access


def test_everything_that_limits_attempts_is_on_the_page_of_limits() -> None:
    declared = {
        (feature.name, limiter.field)
        for feature in FEATURES
        if feature.limits
        for limiter in load(feature.limits)
    }
    written = [
        limiter
        for path in FOLDER.rglob("*.py")
        for limiter in vars(import_module(_module(path))).values()
        if isinstance(limiter, Limiter)
    ]
    assert {limiter.name for limiter in written} == {each.name for each in _all_limiters()}
    rates = {
        (feature.name, field.name)
        for feature in FEATURES
        if feature.settings is not None
        for field in dataclasses.fields(feature.settings)
        if isinstance(field.default, Rate)
    }
    assert rates
    assert rates <= declared


def test_no_two_limits_have_one_name() -> None:
    names = [each.name for each in _all_limiters()]
    assert len(set(names)) == len(names)


def _all_limiters() -> list[Limiter]:
    return [each for feature in FEATURES if feature.limits for each in load(feature.limits)]


def _module(path: Path) -> str:
    inside = path.relative_to(FOLDER.parent.parent).with_suffix("")
    return ".".join(inside.parts).removesuffix(".__init__")
