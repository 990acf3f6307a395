"""What `metrics` offers to the house."""

from flask_gatehouse.feature import Check, Examination, Feature, Route
from flask_gatehouse.features.metrics.settings import MetricsSettings

_HERE = "flask_gatehouse.features.metrics"

FEATURE = Feature(
    name="metrics",
    settings=MetricsSettings,
    # A program has no session: what it has to show is asked for by the view.
    routes=(Route(rule="/metrics", access="public", view=f"{_HERE}.views:show"),),
    checks=(
        Check(
            keys=("GATEHOUSE_METRICS_TOKEN", "GATEHOUSE_METRICS_NETWORKS"),
            place=f"{_HERE}.checks:check",
        ),
    ),
    examinations=(Examination(place=f"{_HERE}.examinations:readers"),),
)
