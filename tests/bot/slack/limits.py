"""Slack's published limits as a validator: of messages and views, and of what text in them may do.

Numbers are from docs.slack.dev (block and composition object references, "Formatting message text", surfaces). What
none of our builders uses is refused, so that using it needs a line here. The shape is checked against a JSON schema
that was generated from Slack's own types (see ``tests/tools/slack_schema.py``).
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator

SCHEMA = Path(__file__).parent / "slack-types.schema.json"
TEXT_LIMITS = {"header": 150, "section": 3000, "context": 3000}
ALLOWED_MARKUP = re.compile(
    r"<(?:https?://[^\s<>|\"'`]+\|[^<>|\n]+|@[UW][A-Z0-9]{2,20}|!subteam\^S[A-Z0-9]{2,20}|#[CG][A-Z0-9]{2,20})>"
)
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
BROADCAST = re.compile(r"@(?:here|channel|everyone|group)\b", re.IGNORECASE)


@cache
def _schema(kind: str) -> Draft7Validator:
    whole = json.loads(SCHEMA.read_text())
    return Draft7Validator({**whole, "$ref": f"#/definitions/{kind}"})


def check_message(message: Mapping[str, Any]) -> None:
    """A message that Slack takes: at most 50 blocks, fallback text, and every text within its limit."""
    _check_schema("Message", message)
    assert message["text"].strip(), "no plain-text fallback"
    assert units(message["text"]) <= 4000, "chat.update refuses more"
    check_text(message["text"])
    assert 1 <= len(message["blocks"]) <= 50
    _check_blocks(message["blocks"], {"header", "section", "context", "actions", "divider"})
    assert sum(units(text) for text in texts(message["blocks"])) <= 11_000, "msg_blocks_too_long"


def check_view(view: Mapping[str, Any]) -> None:
    """A modal or home tab that Slack takes."""
    _check_schema("ModalView" if view["type"] == "modal" else "HomeView", view)
    assert 1 <= len(view["blocks"]) <= 100
    assert units(view.get("private_metadata", "")) <= 3000
    assert 1 <= len(view["callback_id"]) <= 255
    for name in ("title", "submit", "close"):
        if name in view:
            _check_plain(view[name], 24)
    if any(block["type"] == "input" for block in view["blocks"]):
        assert view["type"] == "modal"
        assert "submit" in view, "inputs need a submit button"
    _check_blocks(view["blocks"], {"header", "section", "context", "actions", "divider", "input"})
    assert len(json.dumps(view).encode()) <= 250_000


def _check_schema(kind: str, value: Mapping[str, Any]) -> None:
    problem = next(iter(_schema(kind).iter_errors(value)), None)
    assert problem is None, f"{list(problem.absolute_path)}: {problem.message[:500]}"


def _check_blocks(blocks: list[dict[str, Any]], allowed: set[str]) -> None:
    names = [block["block_id"] for block in blocks if "block_id" in block]
    assert len(names) == len(set(names)), "block ids are not unique"
    assert all(1 <= len(name) <= 255 for name in names)
    actions = [element["action_id"] for block in blocks for element in _interactive(block)]
    assert len(actions) == len(set(actions)), "action ids are not unique"
    for block in blocks:
        assert block["type"] in allowed
        _check_block(block)


def _interactive(block: dict[str, Any]) -> list[dict[str, Any]]:
    if block["type"] == "actions":
        return list(block["elements"])
    return [block["element"]] if block["type"] == "input" else []


def _check_block(block: dict[str, Any]) -> None:
    kind = block["type"]
    if kind == "header":
        _check_plain(block["text"], TEXT_LIMITS[kind])
    elif kind == "section":
        _check_mrkdwn(block["text"], TEXT_LIMITS[kind])
    elif kind == "context":
        assert 1 <= len(block["elements"]) <= 10
        for element in block["elements"]:
            _check_mrkdwn(element, TEXT_LIMITS[kind])
    elif kind == "actions":
        assert 1 <= len(block["elements"]) <= 25
        for element in block["elements"]:
            _check_button(element)
    elif kind == "input":
        _check_plain(block["label"], 2000)
        if "hint" in block:
            _check_plain(block["hint"], 2000)
        _check_field(block["element"])


def _check_button(button: dict[str, Any]) -> None:
    assert button["type"] == "button"
    _check_plain(button["text"], 75)
    assert units(button.get("value", "-")) <= 2000
    assert button.get("value", "-")
    assert ("url" in button) != ("value" in button), "a button is a link or carries a value"
    assert len(button.get("url", "")) <= 3000
    assert re.fullmatch(r"https?://[!-~]+", button.get("url", "http://x"))
    assert 1 <= len(button["action_id"]) <= 255
    for name, limit in {"title": 100, "text": 300, "confirm": 30, "deny": 30}.items():
        if "confirm" in button:
            _check_plain(button["confirm"][name], limit)


def _check_field(element: dict[str, Any]) -> None:
    assert 1 <= len(element["action_id"]) <= 255
    if "placeholder" in element:
        _check_plain(element["placeholder"], 150)
    if element["type"] == "plain_text_input":
        assert 0 <= element.get("min_length", 0) <= element["max_length"] <= 3000
        given = element.get("initial_value")
        assert given is None or element["min_length"] <= units(given) <= element["max_length"]
    if element["type"] in {"checkboxes", "multi_static_select"}:
        options = element["options"]
        assert 1 <= len(options) <= (10 if element["type"] == "checkboxes" else 100)
        values = [option["value"] for option in options]
        assert len(values) == len(set(values))
        assert all(option in options for option in element.get("initial_options", []))
        for option in options:
            _check_plain(option["text"], 75)
            assert 1 <= units(option["value"]) <= 150
            if "description" in option:
                _check_plain(option["description"], 75)


def _check_plain(text: dict[str, Any], limit: int) -> None:
    assert text["type"] == "plain_text"
    assert 1 <= units(text["text"]) <= limit, f"{units(text['text'])} of {limit}: {text['text'][:200]}"
    check_text(text["text"])
    assert "<" not in text["text"]


def _check_mrkdwn(text: dict[str, Any], limit: int) -> None:
    assert text["type"] == "mrkdwn"
    assert text["verbatim"] is True, "Slack would look for mentions by itself"
    assert 1 <= units(text["text"]) <= limit, f"{units(text['text'])} of {limit}"
    check_text(text["text"])


def check_text(text: str) -> None:
    """Text in which only our own markup does anything: no broadcast, no stray bracket, nothing that hides."""
    rest = ALLOWED_MARKUP.sub("", text)
    assert "<" not in rest, rest
    assert ">" not in rest, rest
    assert not re.search(r"&(?!amp;|lt;|gt;)", text), text
    assert not BROADCAST.search(CODE.sub("", rest)), text
    assert CODE.sub("", rest).count("`") == 0, text
    hidden = [char for char in text if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}]
    assert set(hidden) <= {"\n", "\u2060"}, hidden


def units(text: str) -> int:
    """Length in UTF-16 units, as Slack's JavaScript counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def texts(value: object) -> Iterator[str]:
    """Every text, address and value in blocks."""
    if isinstance(value, dict):
        for name, part in value.items():
            if name in {"text", "url", "value"} and isinstance(part, str):
                yield part
            else:
                yield from texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts(part)
