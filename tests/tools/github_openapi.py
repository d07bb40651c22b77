"""Cut GitHub's description of its REST API down to the operations that this project calls.

The committed ``tests/bot/forges/github-openapi.json`` was made in an empty folder with

    npm install @octokit/openapi@23.0.2
    python tests/tools/github_openapi.py node_modules/@octokit/openapi > tests/bot/forges/github-openapi.json

``@octokit/openapi`` is GitHub's own description (https://github.com/github/rest-api-description), published by Octokit
under the MIT licence. What stays is OpenAPI still: parameters, request bodies, which statuses are answered, and the
schemas of the successful ones. Descriptions, titles, examples and the schemas of errors are left out. An operation that
is not in the list below is one that a test refuses until it is added here.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

REPO = "/repos/{owner}/{repo}"
OPERATIONS = (
    "GET /app",
    "GET /app/hook/deliveries",
    "POST /app/hook/deliveries/{delivery_id}/attempts",
    "GET /app/installations",
    "POST /app/installations/{installation_id}/access_tokens",
    "GET /user",
    "GET /orgs/{org}/teams/{team_slug}/memberships/{username}",
    f"GET {REPO}",
    f"GET {REPO}/installation",
    f"GET {REPO}/branches/{{branch}}",
    f"GET {REPO}/branches/{{branch}}/protection",
    f"GET {REPO}/rules/branches/{{branch}}",
    f"GET {REPO}/collaborators/{{username}}/permission",
    f"GET {REPO}/compare/{{basehead}}",
    f"GET {REPO}/pulls",
    f"GET {REPO}/pulls/{{pull_number}}",
    f"GET {REPO}/pulls/{{pull_number}}/commits",
    f"GET {REPO}/pulls/{{pull_number}}/reviews",
    f"GET {REPO}/commits/{{ref}}/check-runs",
    f"POST {REPO}/check-runs",
    f"PATCH {REPO}/check-runs/{{check_run_id}}",
    f"GET {REPO}/check-suites/{{check_suite_id}}",
    f"GET {REPO}/commits/{{ref}}/status",
    f"POST {REPO}/statuses/{{sha}}",
    f"GET {REPO}/issues/{{issue_number}}/comments",
    f"POST {REPO}/issues/{{issue_number}}/comments",
    f"PATCH {REPO}/issues/comments/{{comment_id}}",
)
DROPPED = frozenset({"description", "title", "example", "examples", "default", "deprecated", "externalDocs"})


def cut(schema: Any) -> Any:
    """A schema without what is for people to read. Names of properties are no keywords and stay whatever they are."""
    if isinstance(schema, list):
        return [cut(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        word: {name: cut(part) for name, part in value.items()} if word == "properties" else cut(value)
        for word, value in schema.items()
        if word not in DROPPED and not word.startswith("x-")
    }


def json_schema(holder: dict[str, Any]) -> Any:
    """The schema of a body, or None where it has none."""
    found = holder.get("content", {}).get("application/json", {}).get("schema")
    return None if found is None else cut(found)


def operation(whole: dict[str, Any], verb: str, path: str) -> dict[str, Any]:
    """One operation as it stays: its parameters in full, everything else by reference."""
    item = whole["paths"][path]
    found = item[verb.lower()]
    told = [resolved(whole, part) for part in [*item.get("parameters", ()), *found.get("parameters", ())]]
    kept: dict[str, Any] = {
        "parameters": [
            {"name": part["name"], "in": part["in"], "required": part.get("required", False),
             "schema": cut(part["schema"])} for part in told
        ],
        "responses": {},
    }  # fmt: skip
    if "requestBody" in found:
        body = resolved(whole, found["requestBody"])
        kept["requestBody"] = {
            "required": body.get("required", False), "content": {"application/json": {"schema": json_schema(body)}},
        }  # fmt: skip
    for status, response in found["responses"].items():
        schema = json_schema(resolved(whole, response)) if status.startswith("2") else None
        kept["responses"][status] = {} if schema is None else {"content": {"application/json": {"schema": schema}}}
    return kept


def resolved(whole: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """What a reference stands for, or the part itself."""
    if "$ref" not in part:
        return part
    found: Any = whole
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return dict(found)


def main() -> None:
    """Read the whole description, write the small one: one line for each operation and schema."""
    package = Path(sys.argv[1])
    whole = json.loads((package / "generated" / "api.github.com.json").read_text(encoding="utf-8"))
    version = json.loads((package / "package.json").read_text(encoding="utf-8"))["version"]
    paths: dict[str, dict[str, Any]] = {}
    for line in OPERATIONS:
        verb, path = line.split()
        paths.setdefault(path, {})[verb.lower()] = operation(whole, verb, path)
    schemas: dict[str, Any] = {}
    while missing := set(re.findall(r"#/components/schemas/([\w.-]+)", json.dumps([paths, schemas]))) - set(schemas):
        schemas |= {name: cut(whole["components"]["schemas"][name]) for name in missing}

    def lines(parts: dict[str, Any]) -> str:
        told = (f"{json.dumps(name)}: {json.dumps(parts[name], sort_keys=True)}" for name in sorted(parts))
        return "{\n" + ",\n".join(told) + "\n}"

    sys.stdout.write(
        f'{{"openapi": {json.dumps(whole["openapi"])},\n'
        f'"info": {json.dumps({"title": "@octokit/openapi, cut", "version": version})},\n'
        f'"paths": {lines(paths)},\n"components": {{"schemas": {lines(schemas)}}}}}\n'
    )


if __name__ == "__main__":
    main()
