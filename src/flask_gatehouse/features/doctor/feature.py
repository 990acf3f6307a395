"""What `doctor` offers to the house."""

from flask_gatehouse.feature import Examination, Feature, Route

_HERE = "flask_gatehouse.features.doctor"

FEATURE = Feature(
    name="doctor",
    routes=(
        Route(rule="/doctor/", access="public", view=f"{_HERE}.views:reflect"),
        Route(
            rule="/admin/settings/",
            access="permitted",
            needs="settings.read",
            view=f"{_HERE}.views:settings",
            console="Settings",
        ),
        Route(
            rule="/admin/health/",
            access="permitted",
            needs="health.read",
            view=f"{_HERE}.views:health",
            console="Health",
        ),
        Route(
            rule="/admin/health/look/",
            access="fresh permitted",
            needs="health.read",
            view=f"{_HERE}.views:look",
            methods=("POST",),
        ),
    ),
    permissions={
        "settings.read": "See which settings are in force, and where they come from",
        "health.read": "See how the site is doing, and what is to be mended",
    },
    commands={"doctor": f"{_HERE}.commands:doctor"},
    examinations=(
        Examination(place=f"{_HERE}.site:public_url"),
        Examination(place=f"{_HERE}.site:debug"),
        Examination(place=f"{_HERE}.site:secret_key"),
        Examination(place=f"{_HERE}.site:former_keys"),
        Examination(place=f"{_HERE}.site:cookies"),
        Examination(place=f"{_HERE}.site:files"),
        Examination(place=f"{_HERE}.database:tables", speaks_for_database=True, takes_long=True),
        Examination(place=f"{_HERE}.database:clock"),
        Examination(place=f"{_HERE}.database:rows_that_are_over"),
        Examination(place=f"{_HERE}.database:backup"),
        Examination(place=f"{_HERE}.wire:to_database"),
        Examination(place=f"{_HERE}.wire:snapshots"),
        Examination(place=f"{_HERE}.mirror:proxies", reaches_out=True),
        Examination(place=f"{_HERE}.profiles:weaker"),
        Examination(place=f"{_HERE}.profiles:proxies"),
        Examination(place=f"{_HERE}.profiles:secrets"),
        Examination(place=f"{_HERE}.profiles:missing"),
    ),
)
