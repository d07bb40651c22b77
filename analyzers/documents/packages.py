"""Small dialects: package manifests (scripts and engines), Helm charts, Kustomizations, Ansible playbooks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from analyzers.documents import settings
from analyzers.documents.entries import Context, Item, Kind, brief, walk
from analyzers.model import Fact, FactKind, Value

Reader = Callable[[Item, Context], Iterable[Fact]]


def reader(root: Item, path: str) -> Reader | None:
    """The reader for a manifest by its file name (each tool fixes its own), or None."""
    name = path.rsplit("/", 1)[-1]
    if name in {"package.json", "composer.json"}:
        return manifest
    if name in {"Chart.yaml", "Chart.yml", "requirements.yaml"}:
        return chart
    if name in {"kustomization.yaml", "kustomization.yml"} or root.scalar("kind") == "Kustomization":
        return kustomization
    return None


def manifest(root: Item, context: Context) -> Iterator[Fact]:
    """``scripts`` as targets and ``engines`` as settings; dependencies and metadata do not count."""
    tool = "npm run" if root.page.path.endswith("package.json") else "composer run"
    for section in root.touching(context.lines):
        if section.key == "scripts":
            for script in section.touching(context.lines):
                command = script.text if script.kind is Kind.SCALAR else "; ".join(settings.texts(script))
                aliases = (f"{tool} {script.key}", f"yarn {script.key}" if tool == "npm run" else "")
                yield script.fact(FactKind.TARGET, script.key, Value(brief(command)), scope="", aliases=aliases)
        elif section.key == "engines" and section.kind is Kind.MAPPING:
            for engine in section.touching(context.lines):
                yield engine.fact(FactKind.SETTING, f"engines.{engine.key}", Value(engine.text), scope="")


def chart(root: Item, context: Context) -> Iterator[Fact]:
    """A chart's application version and dependencies; the chart's own version moves with every change."""
    for part in root.touching(context.lines):
        if part.key in {"appVersion", "kubeVersion", "dependencies"}:
            yield from walk(part, context)


def kustomization(root: Item, context: Context) -> Iterator[Fact]:
    """Image overrides as images, the rest as settings."""
    yield from walk(root, replace(context, handlers=(_override, *context.handlers)), skip_handlers=True)


def _override(item: Item, context: Context) -> Iterable[Fact] | None:
    if item.kind is not Kind.MAPPING or item.parent is None or item.parent.key != "images":
        return None
    version = "@".join(text for text in (item.scalar("newTag"), item.scalar("digest")) if text)
    name = item.scalar("newName") or item.scalar("name")
    return (item.fact(FactKind.IMAGE, name, Value(version), scope=item.scalar("name")),)


def is_playbook(root: Item) -> bool:
    """Whether a list is an Ansible playbook: plays have ``hosts``, or import other playbooks."""
    plays = [child for child in root.children()[:5] if child.kind is Kind.MAPPING]
    return any(play.get("hosts") is not None or play.get("import_playbook") is not None for play in plays)


def playbook(root: Item, context: Context) -> Iterator[Fact]:
    """Ansible: arguments of modules, keyed by task; renaming a task says nothing."""
    yield from walk(root, replace(context, handlers=(_task, *context.handlers)), skip_handlers=True)


def _task(item: Item, context: Context) -> Iterable[Fact] | None:
    named = item.key == "name" and item.parent is not None and item.parent.parent is not None
    is_task = (
        named and item.parent is not None and re.search(r"task|block|handlers|rescue|always|^$", _list_key(item.parent))
    )
    return () if is_task else None


def _list_key(item: Item) -> str:
    return item.parent.key if item.parent is not None else ""
