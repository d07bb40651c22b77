"""The shop: a small repository with a runbook, and what is pushed to it in these tests."""

from __future__ import annotations

CONFIG = """\
fail_on = "contradicted"

[runbooks]
include = ["docs/runbooks/**"]

[services.shop]
paths = ["shop/**"]
runbooks = ["docs/runbooks/**"]
owners = ["@ann"]
"""

RUNBOOK = "docs/runbooks/shop.md"
SETTINGS = "shop/settings.py"


def runbook(minutes: int) -> str:
    """The runbook, with the lifetime that it tells."""
    return f"""\
# Shop

## Sessions

`SESSION_TTL_SECONDS` is {minutes} minutes.
"""


def settings(seconds: int) -> str:
    """The code, with the lifetime that holds."""
    return f"SESSION_TTL_SECONDS = {seconds}\nLISTEN_PORT = 8080\n"


BASE = {".runbook-drift.toml": CONFIG, RUNBOOK: runbook(60), SETTINGS: settings(3600)}
