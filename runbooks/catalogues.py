"""Service catalogues that teams keep in their repositories: Backstage, Datadog, OpsLevel, Cortex.

One function a format: from the documents of a file to services. A file that cannot be read, or a description without a
name, becomes a problem in words; the rest still counts. The formats, by their own documentation:

- Backstage, ``catalog-info.yaml``: "Descriptor Format of Catalog Entities"; components, ``spec.owner``.
- Datadog, ``service.datadog.yaml`` and ``entity.datadog.yaml``: service definitions v2 to v2.2 and v3.
- OpsLevel, ``opslevel.yml``: version 1, ``service.owner`` and ``service.repositories``.
- Cortex, ``cortex.yaml``: OpenAPI with ``x-cortex-`` keys.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from runbooks.handles import as_owner
from runbooks.model import Owner, Service

MAX_CATALOGUE = 256_000
"""Characters of one catalogue file that are read."""

_BLOB = re.compile(r"/(?:-/)?blob/[^/]{1,200}/([^?#]{1,500}\.(?:md|mdx|markdown))(?:[?#]|$)", re.IGNORECASE)
_CHANNEL = re.compile(r"(?:/archives/|/app_redirect\?channel=)([A-Z0-9]{3,20})\b|^#?([a-z0-9][\w-]{0,79})$")

Document = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a catalogue file, or one description in it, does not count."""

    path: str
    text: str


def described(path: str, data: bytes) -> Iterator[Service | Problem]:
    """The services that one catalogue file describes, and what is wrong with it."""
    reader = FORMATS[posixpath.basename(path)]
    from runbooks.boundedyaml import load_all  # PyYAML costs 15 ms: only where a catalogue is kept

    if len(data) > MAX_CATALOGUE:
        yield Problem(path, f"larger than {MAX_CATALOGUE // 1000} kB: not read")
        return
    try:
        documents = [document for document in load_all(data.decode("utf-8-sig", "replace")) if document is not None]
    except ValueError as problem:
        yield Problem(path, f"cannot be read as YAML: {' '.join(str(problem).split())[:200]}")
        return
    if not documents:
        yield Problem(path, "empty: it describes no service")
    for document in documents:
        if not isinstance(document, dict):
            yield Problem(path, "describes no service: a mapping is expected")
            continue
        # A file that describes several things says of none which directory is its own.
        directory = posixpath.dirname(path) if _alone(document, documents) else None
        found = reader(document, directory)
        if isinstance(found, str):
            yield Problem(path, found)
        elif found is not None:
            yield found


def _alone(document: Document, documents: Sequence[object]) -> bool:
    kinds = [other.get("kind") for other in documents if isinstance(other, dict)]
    return kinds.count(document.get("kind")) == 1


def _backstage(document: Document, directory: str | None) -> Service | str | None:
    if document.get("kind") != "Component":
        return None
    metadata, spec = _table(document, "metadata"), _table(document, "spec")
    name = _text(metadata.get("name"))
    if not name:
        return "a component without metadata.name"
    owners = _owners([spec.get("owner")], "Backstage")
    links = _links(metadata, "links")
    return Service(name, _own(directory), links, owners, "", "Backstage")


def _datadog(document: Document, directory: str | None) -> Service | str | None:
    if _text(document.get("apiVersion")).startswith("v3"):
        return _datadog_entity(document, directory)
    name = _text(document.get("dd-service"))
    if not name:
        return "a service definition without dd-service"
    channel = _channel(
        _table(c).get("contact") for c in _list(document, "contacts") if _table(c).get("type") == "slack"
    )
    links = _links(document, "links")
    return Service(
        name, _own(directory), links, _owners([document.get("team")], "Datadog"), channel, "Datadog"
    )  # fmt: skip


def _datadog_entity(document: Document, directory: str | None) -> Service | str | None:
    if document.get("kind") != "service":
        return None
    metadata = _table(document, "metadata")
    name = _text(metadata.get("name"))
    if not name:
        return "an entity without metadata.name"
    more = [_table(owner).get("name") for owner in _list(metadata, "additionalOwners")]
    places = [_table(place) for place in _list(_table(document, "datadog"), "codeLocations")]
    paths = tuple(path for place in places for path in map(_text, _list(place, "paths")) if path)
    links = _links(metadata, "links")
    channel = _channel(
        _table(c).get("contact") for c in _list(metadata, "contacts") if _table(c).get("type") == "slack"
    )
    owners = _owners([metadata.get("owner"), *more], "Datadog")
    return Service(name, paths or _own(directory), links, owners, channel, "Datadog")


def _opslevel(document: Document, directory: str | None) -> Service | str | None:
    service = _table(document, "service")
    name = _text(service.get("name"))
    if not name:
        return "no service.name" if "service" in document else None
    places = [_text(_table(repository).get("path")) for repository in _list(service, "repositories")]
    paths = tuple(f"/{place.strip('/')}/" for place in places if place.strip("/"))
    tools = _links(service, "tools")
    return Service(
        name, paths or _own(directory), tools, _owners([service.get("owner")], "OpsLevel"), "", "OpsLevel"
    )  # fmt: skip


def _cortex(document: Document, directory: str | None) -> Service | str | None:
    info = _table(document, "info")
    name = _text(info.get("x-cortex-tag"))
    if not name:
        return "no info.x-cortex-tag"
    if _text(info.get("x-cortex-type")) not in {"", "service"}:
        return None
    people = [_table(owner) for owner in _list(info, "x-cortex-owners")]
    owners = _owners([owner.get("email") or owner.get("name") for owner in people], "Cortex")
    base = _text(_table(_table(info, "x-cortex-git"), "github").get("basepath")).strip("/")
    channels = _list(_table(info, "x-cortex-slack"), "channels")
    links = _links(info, "x-cortex-link")
    return Service(
        name, (f"/{base}/",) if base else _own(directory), links, owners,
        _channel(_table(channel).get("name") for channel in channels), "Cortex",
    )  # fmt: skip


# -- reading what may be anything ----------------------------------------------------------------------------------


def _table(value: object, key: str | None = None) -> Document:
    if key is not None:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _list(table: Document, key: str) -> list[object]:
    value = table.get(key)
    return value[:100] if isinstance(value, list) else []


def _text(value: object) -> str:
    return " ".join(value.split())[:200] if isinstance(value, str) else ""


def _owners(values: Sequence[object], source: str) -> tuple[Owner, ...]:
    return tuple(as_owner(handle, source) for handle in map(_text, values) if handle)


def _links(table: Document, key: str) -> tuple[str, ...]:
    """The Markdown files of a repository that links of type runbook name, by their pages on a forge."""
    from urllib.parse import unquote  # only where a catalogue is kept

    found = []
    for link in map(_table, _list(table, key)):
        if any("runbook" in _text(link.get(word)).lower() for word in ("type", "name", "title", "category")):
            match = _BLOB.search(_text(link.get("url")))
            if match:
                found.append(f"/{_escaped(unquote(match.group(1)))}")
    return tuple(found)


def _slack(table: Document) -> str:
    contacts = map(_table, _list(table, "contacts"))
    return _channel(contact.get("contact") for contact in contacts if contact.get("type") == "slack")


def _channel(contacts: Iterator[object]) -> str:
    for contact in map(_text, contacts):
        found = _CHANNEL.search(contact)
        if found:
            return found.group(1) or f"#{found.group(2)}"
    return ""


def _own(directory: str | None) -> tuple[str, ...]:
    """The directory of a description is its service's; the one at the top claims what no more exact pattern does."""
    if directory is None:
        return ()
    return (f"/{_escaped(directory)}/",) if directory else ("/*",)


def _escaped(path: str) -> str:
    return "".join(f"\\{c}" if c in "*?[]!#\\ " else c for c in path)


Reader = Callable[[Document, str | None], Service | str | None]

FORMATS: Mapping[str, Reader] = {
    "catalog-info.yaml": _backstage,
    "catalog-info.yml": _backstage,
    "service.datadog.yaml": _datadog,
    "service.datadog.yml": _datadog,
    "entity.datadog.yaml": _datadog,
    "entity.datadog.yml": _datadog,
    "opslevel.yml": _opslevel,
    "opslevel.yaml": _opslevel,
    "cortex.yaml": _cortex,
    "cortex.yml": _cortex,
}
"""File names and their readers, in order of precedence (design section 6)."""
