"""Whatever is sent, nothing breaks: requests made up from the studio's own OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import schemathesis
import schemathesis.openapi
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from lookalike.studio.http.app import build
from lookalike.studio.http.guard import Rules
from lookalike.studio.jobs.worker import Workers
from lookalike.studio.records import Job
from lookalike.studio.sessions import Sessions
from lookalike.studio.studio import Bounds, Studio

CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


async def _at_once(studio: Studio, job: Job, seconds: float) -> Job:
    return job


@pytest.fixture(scope="module")
def studio(sessions: Sessions, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A studio that accepts jobs and does none, or a made-up request would take for ever."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Workers, "wake", lambda self, model: None)
        for module in ("asking", "compat"):
            patch.setattr(f"lookalike.studio.http.{module}.ended", _at_once)
        bounds = Bounds(each=50)
        with Studio(tmp_path_factory.mktemp("fuzz"), sessions, bounds=bounds) as made:
            yield made


@pytest.fixture(scope="module")
def api(studio: Studio) -> schemathesis.BaseSchema:
    app = build(studio, Rules(requests=10**6, names=("testserver",)))
    return schemathesis.openapi.from_asgi("/openapi.json", app)


def fuzzed(api: schemathesis.BaseSchema, examples: int) -> int:
    """Send `examples` requests to each address; how many there were."""
    return sum(_sent(found.ok(), examples) for found in api.get_all_operations())


def _sent(operation: schemathesis.APIOperation, examples: int) -> int:
    sent = [0]

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def check(case: schemathesis.Case) -> None:
        sent[0] += 1
        case.call_and_validate(checks=CHECKS)

    check()
    return sent[0]


@pytest.mark.slow
def test_a_thousand_made_up_requests_get_documented_answers(
    api: schemathesis.BaseSchema, studio: Studio
) -> None:
    before = sorted(studio.data.root.parent.iterdir())
    assert fuzzed(api, 35) >= 1000
    assert sorted(studio.data.root.parent.iterdir()) == before
