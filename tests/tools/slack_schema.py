"""Cut the JSON schema of Slack's views down to the blocks that this project sends.

The committed ``tests/bot/slack/slack-types.schema.json`` was made in an empty folder with

    npm install @slack/types@3.2.0 ts-json-schema-generator@2.4.0
    npx ts-json-schema-generator --no-type-check -o view.json --type View \
        --path node_modules/@slack/types/dist/views.d.ts
    python tests/tools/slack_schema.py view.json > tests/bot/slack/slack-types.schema.json

``@slack/types`` is published by Slack under the MIT licence. Descriptions are left out; what a block may hold but none
of ours does (accessories, images, rich text, …) is left out too, so that using it fails until it is added here.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

BLOCKS = ("HeaderBlock", "SectionBlock", "ContextBlock", "ActionsBlock", "InputBlock", "DividerBlock")
KEPT = frozenset({
    *BLOCKS, "ModalView", "HomeView", "Button", "Checkboxes", "Datepicker", "MultiStaticSelect", "PlainTextInput",
    "UsersSelect", "PlainTextElement", "MrkdwnElement",
})  # fmt: skip
DROPPED = frozenset({"accessory", "fields"})


def cut(value: object, foreign: frozenset[str]) -> object:
    """A part of the schema without descriptions, and without what refers to something foreign."""
    if isinstance(value, list):
        return [cut(entry, foreign) for entry in value if not (isinstance(entry, dict) and refers(entry) in foreign)]
    if not isinstance(value, dict):
        return value
    return {
        name: cut(part, foreign)
        for name, part in value.items()
        if name not in DROPPED and not (name == "description" and isinstance(part, str))
    }


def refers(value: dict[str, object]) -> str:
    """The name of the definition that a part refers to, or an empty string."""
    return str(value.get("$ref", "")).rpartition("/")[2]


def main() -> None:
    """Read the whole schema, write the small one."""
    whole = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["definitions"]
    typed = {name for name, part in whole.items() if "const" in part.get("properties", {}).get("type", {})}
    foreign = frozenset(typed - KEPT)
    any_block = {"anyOf": [{"$ref": f"#/definitions/{name}"} for name in BLOCKS]}
    parts: dict[str, object] = {
        "AnyBlock": any_block,
        **{view: cut(whole[view], foreign) for view in ("ModalView", "HomeView")},
        "Message": {
            "type": "object", "required": ["text", "blocks"], "additionalProperties": False,
            "properties": {"text": {"type": "string"}, "blocks": {"type": "array", "items": any_block}},
        },
    }  # fmt: skip
    while missing := set(re.findall(r"#/definitions/(\w+)", json.dumps(parts))) - set(parts):
        parts |= {name: cut(whole[name], foreign) for name in missing}
    json.dump({"definitions": parts}, sys.stdout, indent=1, sort_keys=True)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
