"""Docker Compose files: services with images, ports, environment and health checks (names of the Compose
specification)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from analyzers.documents import settings
from analyzers.documents.entries import Context, Handler, Item, Kind, Owner, brief, walk
from analyzers.model import Fact, FactKind, Value

_PORT = re.compile(
    r"^(?:(?P<host>\d+\.[\d.]+|\[[0-9a-f:]+\]):)?(?:(?P<published>\$\{[^}]*\}|[\d-]*):)?"
    r"(?P<target>\$\{[^}]*\}|[\d-]+)(?:/(?P<protocol>tcp|udp|sctp))?$"
)
_EVERYWHERE = "0.0.0.0"  # noqa: S104 - the default that Compose itself documents
_DEFAULT = re.compile(r"\$\{\w+:?-(\d+)\}")


def is_compose(root: Item, path: str) -> bool:
    """Whether a document is a Compose file: by name, or by ``services`` whose members have an image or a build."""
    services = root.get("services")
    if services is None or services.kind is not Kind.MAPPING:
        return False
    if re.search(r"(?:^|/)(?:docker-)?compose[^/]*\.ya?ml$|(?:^|/)docker-stack[^/]*\.ya?ml$", path):
        return True
    members = [child for child in services.children()[:8] if child.kind is Kind.MAPPING]
    return bool(members) and all(
        any(child.key in {"image", "build", "extends", "container_name"} for child in member.children()[:30])
        for member in members
    )


def read(root: Item, context: Context) -> Iterator[Fact]:
    """The facts of a Compose document."""
    handlers: tuple[Handler, ...] = (_silent, _service, _port, _list_as_text, *context.handlers)
    yield from walk(root, replace(context, base=root, handlers=handlers, leaf=_leaf))


def _silent(item: Item, context: Context) -> Iterable[Fact] | None:
    at_root = item.parent is context.base and context.owner is None
    return () if at_root and item.key in {"version", "name"} else None


def _service(item: Item, context: Context) -> Iterable[Fact] | None:
    services = item.parent
    if services is None or services.key != "services" or services.parent is not context.base or context.owner:
        return None
    owner = Owner(f"service/{item.key}", item)
    return walk(item, replace(context, owner=owner, base=item), skip_handlers=True)


def _leaf(item: Item, context: Context) -> Iterator[Fact]:
    key = context.key(item)
    text = brief(item.text)
    if not text and context.owner is not None:
        return
    yield item.fact(FactKind.WORKLOAD, key, settings.quantity(text, key), owner=context.owner, aliases=(item.key,))


def _list_as_text(item: Item, context: Context) -> Iterable[Fact] | None:
    """``healthcheck.test`` is one command, however it is written."""
    if item.key != "test" or item.kind is not Kind.SEQUENCE:
        return None
    words = [text for text in settings.texts(item) if text not in {"CMD", "CMD-SHELL"}]
    return (item.fact(FactKind.WORKLOAD, context.key(item), Value(brief(" ".join(words))), owner=context.owner),)


def _port(item: Item, context: Context) -> Iterable[Fact] | None:
    """``"8080:80"`` or its long form: the published port, and the container's where it differs."""
    parent = item.parent
    if parent is None or parent.key not in {"ports", "expose"} or context.owner is None:
        return None
    if item.kind is Kind.MAPPING:
        published, target = item.scalar("published"), item.scalar("target")
        protocol, host = item.scalar("protocol"), item.scalar("host_ip")
    else:
        found = _PORT.match(item.text)
        if found is None:
            return None
        published, target = found.group("published") or "", found.group("target")
        protocol, host = found.group("protocol") or "", found.group("host") or ""
    attributes = {"protocol": protocol if protocol != "tcp" else "", "host": host if host != _EVERYWHERE else ""}
    return _ports(item, published, target, attributes, context.owner)


def _ports(item: Item, published: str, target: str, attributes: dict[str, str], owner: Owner) -> Iterator[Fact]:
    key = f"services.{owner.name.removeprefix('service/')}.ports"
    shown = published or target
    default = _DEFAULT.fullmatch(shown)
    value = settings.quantity(default.group(1) if default else shown, "port")
    if default:
        attributes = {**attributes, "variable": shown}
    yield item.fact(FactKind.PORT, key, value, owner=owner, attributes=attributes)
    if published and target and target != published:
        yield item.fact(FactKind.PORT, f"{key} container", settings.quantity(target, "port"), owner=owner)
