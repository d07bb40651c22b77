"""No secret reaches a log line, whichever way it comes."""

from __future__ import annotations

import json
import logging

import pytest
import structlog

from bot import observe
from bot.ports import Gone, Refused, Unavailable

# Made up here, in the shape of the real thing.
CANARIES = [
    "xoxb-" + "1234567890-abcdefghij", "xapp-" + "1-A012-345-abcdef0123", "ghp_" + "a1b2" * 9, "ghs_" + "A" * 36,
    "github_pat_" + "11AAAAAA0" * 4, "Bearer " + "abc.def.ghi", "eyJhbGciOiJSUzI1NiJ9" + ".eyJpc3MiOiIxIn0.c2ln",
    "Basic " + "eC1hY2Nlc3M6dG9rZW4=",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _restored() -> object:
    root = logging.getLogger()
    before = (root.level, list(root.handlers))
    yield
    root.setLevel(before[0])
    root.handlers[:] = before[1]
    structlog.reset_defaults()  # else later tests would log into this test's stream, which is closed


@pytest.mark.parametrize("canary", CANARIES)
def test_redaction(capsys: pytest.CaptureFixture[str], canary: str) -> None:
    observe.set_up("debug")
    observe.log.info("spoke", reason=f"said {canary} again", nested={"deep": [canary]}, other=ValueError(canary))
    logging.getLogger("elsewhere").error("it failed with %s", canary)
    try:
        raise RuntimeError(canary)
    except RuntimeError:
        logging.getLogger("elsewhere").exception("it broke")
    written = capsys.readouterr().err
    assert canary.split()[-1] not in written
    assert "RuntimeError" in written


def test_telling_keys_are_redacted_whatever_they_hold(capsys: pytest.CaptureFixture[str]) -> None:
    observe.set_up()
    observe.log.warning("x", slack_bot_token="plain", payload={"a": 1}, user="ann")
    line = json.loads(capsys.readouterr().err)
    assert (line["slack_bot_token"], line["payload"], line["user"]) == ("[redacted]", "[redacted]", "ann")


def test_passwords_in_addresses_are_redacted() -> None:
    assert observe.redacted("no route to postgresql://bot:hunter2@db/x") == "no route to postgresql://[redacted]@db/x"


def test_what_libraries_say_is_a_json_line_too(capsys: pytest.CaptureFixture[str]) -> None:
    observe.set_up()
    logging.getLogger("elsewhere").warning('a "quoted" word\nand a line')
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["level"], line["logger"]) == ('a "quoted" word\nand a line', "warning", "elsewhere")


def test_errors_of_other_services_are_counted_by_their_word() -> None:
    def count(code: str) -> float:
        return observe.REGISTRY.get_sample_value("runbook_drift_errors_total", {"service": "x", "code": code}) or 0.0

    for problem in (Unavailable("away"), Refused("no", "not_in_channel"), Gone("no", "not_found")):
        with pytest.raises(type(problem)), observe.counted("x"):
            raise problem
    assert (count("unavailable"), count("not_in_channel"), count("not_found")) == (1, 1, 0)
