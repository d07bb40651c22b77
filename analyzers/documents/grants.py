"""Kubernetes RBAC: what a role may do, and who has it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzers.documents.entries import Context, Item, Kind
from analyzers.documents.settings import texts
from analyzers.model import Fact, FactKind, Value


def grants(item: Item, context: Context) -> Iterable[Fact] | None:
    """A rule of a Role or ClusterRole: one grant per resource (``deployments.apps``) or URL, its value the verbs."""
    if item.kind is not Kind.MAPPING or item.parent is None or item.parent.key != "rules":
        return None
    return _grants(item, context)


def _grants(item: Item, context: Context) -> Iterator[Fact]:
    verbs = Value(", ".join(sorted(set(texts(item.get("verbs"))))))
    groups = texts(item.get("apiGroups")) or [""]
    owner = context.owner
    name = owner.name if owner else "Role"
    attributes = {"names": ", ".join(sorted(texts(item.get("resourceNames"))))}
    for url in texts(item.get("nonResourceURLs")):
        yield item.fact(FactKind.ROLE_GRANT, f"{name} {url}", verbs, owner=owner)
    for resource in texts(item.get("resources")):
        for group in groups:
            key = f"{name} {resource}.{group}" if group else f"{name} {resource}"
            yield item.fact(FactKind.ROLE_GRANT, key, verbs, owner=owner, attributes=attributes)


def bindings(item: Item, context: Context) -> Iterable[Fact] | None:
    """The subjects of a binding: who gets which role."""
    root = context.base
    if root is None or item.parent is not root or item.key not in {"subjects", "roleRef"}:
        return None
    if item.key == "roleRef":
        return _subjects(root.get("subjects"), root, context, everything=True)
    role = root.get("roleRef")
    # a changed role reference speaks for all subjects already
    return () if role is not None and role.on(context.lines) else _subjects(item, root, context, everything=False)


def _subjects(subjects: Item | None, root: Item, context: Context, *, everything: bool) -> Iterator[Fact]:
    role = f"{root.scalar('roleRef', 'kind')}/{root.scalar('roleRef', 'name')}"
    owner = context.owner
    name = owner.name if owner else "RoleBinding"
    for subject in subjects.children() if subjects is not None else ():
        if everything or subject.on(context.lines):
            where = subject.scalar("namespace")
            who = f"{subject.scalar('kind')} {where + '/' if where else ''}{subject.scalar('name')}"
            yield subject.fact(FactKind.ROLE_GRANT, f"{name} {who}", Value(role), owner=owner)
