"""Spans for an application that uses OpenTelemetry, by its real SDK, and nothing for others."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from flask_gatehouse.testing import PASSWORD, GatehouseTester
from tests import forms


@pytest.fixture(scope="module")
def provider() -> TracerProvider:
    made = TracerProvider()
    # A process has one for good.
    trace.set_tracer_provider(made)
    return made


@pytest.fixture
def spans(provider: TracerProvider) -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    processor = SimpleSpanProcessor(exporter)
    provider.add_span_processor(processor)
    yield exporter
    processor.shutdown()


def names(spans: InMemorySpanExporter) -> list[str]:
    return [each.name for each in spans.get_finished_spans()]


def test_a_sign_in_is_a_span_with_what_it_takes_inside(
    site: GatehouseTester, spans: InMemorySpanExporter
) -> None:
    site.add_user("alice", email="alice@example.org")
    spans.clear()
    client = site.client()
    assert forms.sign_in(client, "alice", PASSWORD).status_code == 303
    finished = {each.name: each for each in spans.get_finished_spans()}
    assert {"gatehouse.sign_in", "gatehouse.hash"} <= finished.keys()
    client.get("/account/")
    assert "gatehouse.session" in names(spans)


def test_a_letter_is_a_span(site: GatehouseTester, spans: InMemorySpanExporter) -> None:
    site.add_user("alice", email="alice@example.org")
    forms.sign_in(site.client(), "alice", PASSWORD)
    forms.sign_in(site.client(), "alice", PASSWORD)
    spans.clear()
    assert site.mails()
    assert "gatehouse.letter" in names(spans)


def test_no_span_tells_anything_about_anybody(
    site: GatehouseTester, spans: InMemorySpanExporter
) -> None:
    site.add_user("alice", email="alice@example.org")
    forms.sign_in(site.client(), "alice", "marker and long enough")
    forms.sign_in(site.client(), "alice", PASSWORD)
    for each in spans.get_finished_spans():
        assert not each.attributes
        assert not each.events
        assert each.status.description is None


def test_whoever_does_not_trace_loads_nothing_of_it() -> None:
    code = (
        "import sys, flask, flask_gatehouse\n"
        "from flask_gatehouse.core.tracing import span\n"
        "with span('x') as nothing: assert nothing is None\n"
        "assert not [name for name in sys.modules if name.startswith('opentelemetry')]\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
