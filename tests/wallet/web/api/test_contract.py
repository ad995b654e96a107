"""Requests made up from the API's own document: every answer is one that the document promises."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.wallet.web.api.conftest import Shop
from tests.wallet.web.api.test_documents import CALLS

EXAMPLES = 15  # of each call, right ones and wrong ones; hundreds were run by hand


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_answer_is_as_described(app: Flask, shop: Shop, mode: GenerationMode) -> None:
    said = {"Authorization": f"Bearer {shop.key}"}  # and with another or none every call is refused
    document = schemathesis.openapi.from_wsgi("/api/openapi.json", app)
    for method, path in CALLS:
        operation = document[path][method]

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def check(case: Any) -> None:
            answer = case.call(headers=said)
            # The form cannot say everything: whether an e-mail is one, a control character, a second
            # use of an id, a member who is not there. What is refused must still be as described.
            case.validate_response(answer, headers=said, excluded_checks=[positive_data_acceptance])

        check()
