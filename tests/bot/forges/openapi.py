"""GitHub's published description of its REST API as a judge: of requests, of answers, of what is read from them.

``github-openapi.json`` is the description cut to our operations (see ``tests/tools/github_openapi.py``). It is taken at
its strictest: a name that it does not mention is refused, in queries, in bodies and in answers. Answers may be partial,
as those of a stand-in are: nothing is required of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from jsonschema import Draft202012Validator

FILE = Path(__file__).parent / "github-openapi.json"
WHOLE: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
OPERATIONS = frozenset(f"{verb.upper()} {path}" for path, item in WHOLE["paths"].items() for verb in item)
COMBINED = ("allOf", "anyOf", "oneOf")
_REF = "#/components/schemas/"


def operation(verb: str, path: str) -> str:
    """The described operation of a request as ``VERB /template``, or nothing."""
    parts = path.split("/")
    found = [line for line in OPERATIONS if line.startswith(f"{verb} ") and _fits(line.split()[1].split("/"), parts)]
    return min(found, key=lambda line: line.count("{"), default="")


def _fits(template: list[str], parts: list[str]) -> bool:
    return len(template) == len(parts) and all(
        part and (name == part or name[0] == "{") for name, part in zip(template[1:], parts[1:], strict=True)
    )


def request_problems(verb: str, path: str, query: Mapping[str, str], body: Any) -> Iterator[str]:
    """What is wrong with a request."""
    line = operation(verb, path)
    if not line:
        yield f"{verb} {path}: no such operation in {FILE.name}"
        return
    described, template = _described(line), line.split()[1]
    values = {
        name[1:-1]: unquote(part) for name, part in zip(template.split("/"), path.split("/"), strict=True)
        if name.startswith("{")
    }  # fmt: skip
    known = {(part["in"], part["name"]): part for part in described["parameters"]}
    for place, told in (("path", values), ("query", query)):
        for name in sorted(set(told) - {name for where, name in known if where == place}):
            yield f"{line}: unknown {place} parameter {name}"
        for (where, name), part in known.items():
            if where == place and name in told:
                value = _typed(told[name], part["schema"])
                for problem in _validator(json.dumps(part["schema"]), False).iter_errors(value):
                    yield f"{line}: {name}: {problem.message}"
            elif where == place and part["required"]:
                yield f"{line}: {place} parameter {name} is missing"
    yield from _body_problems(line, described.get("requestBody"), body)


def _body_problems(line: str, described: Any, body: Any) -> Iterator[str]:
    if body is None:
        if described is not None and described["required"]:
            yield f"{line}: a body is missing"
    elif described is None:
        yield f"{line}: a body where none is described"
    else:
        schema = described["content"]["application/json"]["schema"]
        for problem in _validator(json.dumps(schema), False).iter_errors(body):
            yield f"{line}: body: {problem.json_path}: {problem.message}"


def answer_problems(verb: str, path: str, status: int, data: Any) -> Iterator[str]:
    """What of a successful answer GitHub would not say; other statuses are not looked at."""
    line = operation(verb, path)
    if not line or not 200 <= status < 300:
        return
    described = _described(line)["responses"].get(str(status))
    if described is None:
        yield f"{line}: answered with status {status}, which is none of its own"
    elif "content" in described:
        schema = described["content"]["application/json"]["schema"]
        for problem in _validator(json.dumps(schema), True).iter_errors(data):
            yield f"{line}: answer: {problem.json_path}: {problem.message}"


def _described(line: str) -> Any:
    verb, path = line.split()
    return WHOLE["paths"][path][verb.lower()]


def _typed(text: str, schema: Mapping[str, Any]) -> Any:
    """A parameter as the schema types it: in an address everything is text."""
    return int(text) if schema.get("type") == "integer" and re.fullmatch(r"0|-?[1-9][0-9]{0,18}", text) else text


# -- OpenAPI 3.0 to JSON Schema ---------------------------------------------------------------------------------------


@cache
def _components(relaxed: bool) -> dict[str, Any]:
    return {name: strict(schema, relaxed) for name, schema in WHOLE["components"]["schemas"].items()}


@cache
def _validator(schema: str, relaxed: bool) -> Draft202012Validator:
    whole = {"components": {"schemas": _components(relaxed)}, **strict(json.loads(schema), relaxed)}
    Draft202012Validator.check_schema(whole)
    return Draft202012Validator(whole)


def strict(schema: Any, relaxed: bool, *, closed: bool = True) -> Any:
    """A schema of OpenAPI 3.0 as JSON Schema 2020-12 in which an object has no properties but those named. ``relaxed``:
    none is required, so several of ``oneOf`` may fit. ``closed`` is False for a part of a whole that is closed."""
    if "$ref" in schema:
        return {"$ref": schema["$ref"]}
    if "allOf" in schema:
        schema = _merged(schema)
    kept = {word: value for word, value in schema.items() if word not in {"nullable", "discriminator", "format"}}
    mixed = "properties" in kept and any(word in kept for word in COMBINED)
    for word in ("oneOf", "anyOf"):
        if word in kept:
            kept["anyOf" if relaxed else word] = [strict(part, relaxed, closed=not mixed) for part in kept.pop(word)]
    if "properties" in kept:
        kept["properties"] = {name: strict(part, relaxed) for name, part in kept["properties"].items()}
        if not closed:
            kept.pop("additionalProperties", None)
        elif mixed:
            kept["unevaluatedProperties"] = False
        else:
            kept.setdefault("additionalProperties", False)
    if isinstance(kept.get("items"), dict):
        kept["items"] = strict(kept["items"], relaxed)
    if isinstance(kept.get("additionalProperties"), dict):
        kept["additionalProperties"] = strict(kept["additionalProperties"], relaxed)
    if relaxed:
        kept.pop("required", None)
    return {"anyOf": [kept, {"type": "null"}]} if schema.get("nullable") else kept


def _merged(schema: dict[str, Any]) -> dict[str, Any]:
    """All parts of ``allOf`` as one: as several, each would refuse the others' properties."""
    whole = {word: value for word, value in schema.items() if word != "allOf"}
    for part in schema["allOf"]:
        found = _target(part)
        found = _merged(found) if "allOf" in found else found
        for word, value in found.items():
            if word == "properties":
                whole[word] = {**whole.get(word, {}), **value}
            elif word == "required":
                whole[word] = [*whole.get(word, ()), *value]
            else:
                whole.setdefault(word, value)
    return whole


def _target(schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = WHOLE["components"]["schemas"][schema["$ref"].removeprefix(_REF)]
    return schema


# -- what is read -----------------------------------------------------------------------------------------------------


class Watched(dict[str, Any]):
    """An object of an answer that notes which names are asked of it and which of those GitHub never says."""

    def __init__(self, data: Mapping[str, Any], schemas: list[Any], where: str, unknown: set[str]) -> None:
        self._schemas, self._where, self._unknown = schemas, where, unknown
        super().__init__((name, watched(part, self._part(name), f"{where}.{name}", unknown))
                         for name, part in data.items())  # fmt: skip

    def _part(self, name: str) -> list[Any]:
        parts = [schema.get("properties", {}).get(name, schema.get("additionalProperties")) for schema in self._schemas]
        parts = [{} if part is True else part for part in parts if part is not None and part is not False]
        return [variant for part in parts for variant in _variants(part)]

    def get(self, name: str, default: Any = None) -> Any:
        if not self._part(name):
            self._unknown.add(f"{self._where}.{name}")
        return super().get(name, default)


def watched(data: Any, schemas: list[Any], where: str, unknown: set[str]) -> Any:
    """A part of an answer whose readers are watched; ``unknown`` receives the names that GitHub never says."""
    if isinstance(data, dict):
        return Watched(data, schemas, where, unknown)
    if isinstance(data, list):
        parts = [variant for schema in schemas for variant in _variants(schema.get("items", {}))]
        return [watched(part, parts, f"{where}[]", unknown) for part in data]
    return data


def watched_answer(verb: str, path: str, status: int, data: Any, unknown: set[str]) -> Any:
    """The body of an answer whose readers are watched; as it is where nothing is described."""
    line = operation(verb, path)
    described = _described(line)["responses"].get(str(status), {}) if line else {}
    if "content" not in described:
        return data
    return watched(data, _variants(described["content"]["application/json"]["schema"]), line, unknown)


def _variants(schema: Any) -> list[Any]:
    """What a schema may turn out to be."""
    schema = _target(schema)
    schema = _merged(schema) if "allOf" in schema else schema
    return [schema, *(variant for word in ("anyOf", "oneOf") for part in schema.get(word, ())
                      for variant in _variants(part))]  # fmt: skip
