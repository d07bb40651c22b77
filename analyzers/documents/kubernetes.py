"""Kubernetes objects: workloads, services, configuration, access rules. Field names are those of the API reference.

An object is a mapping with ``kind`` and ``apiVersion`` (or ``metadata``), wherever it stands: a file, a ``List``, a
Helm template, extra manifests in a values file, a jsonnet object.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from analyzers.documents import settings
from analyzers.documents.entries import Context, Handler, Item, Kind, Owner, brief, walk
from analyzers.documents.grants import bindings, grants
from analyzers.documents.templates import nameable
from analyzers.model import NO_VALUE, Fact, FactKind, Value
from analyzers.vocabulary import setting_kind

_CONTAINERS = frozenset({"containers", "initContainers", "ephemeralContainers"})
_POLICY_KINDS = frozenset(
    "NetworkPolicy CiliumNetworkPolicy CiliumClusterwideNetworkPolicy PodSecurityPolicy AuthorizationPolicy "
    "PeerAuthentication RequestAuthentication ValidatingAdmissionPolicy SecurityContextConstraints".split()
)
_NATIVE = frozenset(
    "Deployment StatefulSet DaemonSet ReplicaSet Job CronJob Pod Service Ingress HorizontalPodAutoscaler "
    "PodDisruptionBudget PersistentVolumeClaim PersistentVolume StorageClass ResourceQuota LimitRange Namespace "
    "ServiceAccount PriorityClass VerticalPodAutoscaler Rollout".split()
)
"""Kinds whose fields are ``workload`` facts; fields of other kinds are settings of their object."""

_SILENT_KINDS = frozenset({"CustomResourceDefinition"})
"""Schemas: written by generators, about shapes and not about behaviour."""

_SILENT_FIELDS = frozenset(
    "apiVersion kind status creationTimestamp managedFields generateName ownerReferences resourceVersion uid".split()
)
_OPERATIONAL_ANNOTATIONS = re.compile(
    r"^(?:prometheus\.io|[\w.-]*ingress[\w.-]*|eks\.amazonaws\.com|iam\.gke\.io|cert-manager\.io|external-dns[\w.]*"
    r"|service\.beta\.kubernetes\.io|service\.kubernetes\.io|[\w.]*linkerd\.io|[\w.]*istio\.io|vault\.hashicorp\.com"
    r"|cloud\.google\.com|networking\.gke\.io|alb\.[\w.]+|reloader\.stakater\.com|scheduler\.alpha\.kubernetes\.io"
    r"|cluster-autoscaler\.kubernetes\.io|argocd\.argoproj\.io|helm\.sh/hook[\w-]*|storageclass\.kubernetes\.io"
    r"|konghq\.com|traefik[\w.]*|volume\.beta\.kubernetes\.io)(?:/|$)"
)
"""Annotations that controllers act upon; all others describe or checksum."""

_CIPHERTEXT = frozenset({"Secret", "SealedSecret"})


def objects(item: Item, context: Context) -> Iterable[Fact] | None:
    """A Kubernetes object with everything in it."""
    if item.kind is not Kind.MAPPING:
        return None
    kind = item.get("kind")
    if kind is None or not re.match(r"^[A-Z][A-Za-z0-9]+$", kind.text):
        return None
    version, metadata = item.get("apiVersion"), item.get("metadata")
    if version is None and (metadata is None or metadata.get("name") is None):
        return None
    if kind.text in _SILENT_KINDS:
        return ()
    if kind.text == "List" or (kind.text.endswith("List") and item.get("items") is not None):
        return None
    if metadata is None and kind.text not in _NATIVE:
        return None  # Kustomization and other configuration files that look like objects
    return _object(item, kind.text, context)


def _object(item: Item, kind: str, context: Context) -> Iterator[Fact]:
    name = nameable(item.scalar("metadata", "name") or item.scalar("metadata", "generateName") or "*")
    owner = Owner(f"{kind}/{name}", item)
    handlers: tuple[Handler, ...] = (_metadata, _by_kind(kind), *_FIELD_HANDLERS, *context.handlers)
    inner = replace(context, owner=owner, base=item, handlers=handlers, leaf=_leaf_of(kind))
    named = item.get("metadata", "name")
    heads = [one for one in (item.get("kind"), named) if one is not None]
    if any(head.on(context.lines) for head in heads):
        yield item.fact(FactKind.WORKLOAD, owner.name, NO_VALUE, owner=owner, scope="", quote=heads[0].quote)
    yield from walk(item, inner, skip_handlers=True)


def _leaf_of(kind: str) -> Callable[[Item, Context], Iterator[Fact]]:
    if kind in _POLICY_KINDS:
        return _policy_leaf
    return _workload_leaf if kind in _NATIVE else settings.leaf


def _workload_leaf(item: Item, context: Context) -> Iterator[Fact]:
    """A field of a native object: ports, schedules and security contexts by their own kinds, the rest ``workload``."""
    key = context.key(item)
    text = brief(item.text)
    named = item.key == "name" and item.parent is context.base
    if not key or not text or named:
        return
    value = settings.quantity(text, key)
    kind = FactKind.WORKLOAD
    if item.key and setting_kind(item.key, value) is FactKind.PORT and settings.is_port(value):
        kind = FactKind.PORT
    elif item.key == "schedule":
        kind = FactKind.SCHEDULE
    elif "securityContext." in key:
        kind = FactKind.ACCESS_POLICY
    yield item.fact(kind, key, value, owner=context.owner, aliases=(item.key,))


def _policy_leaf(item: Item, context: Context) -> Iterator[Fact]:
    text = brief(item.text)
    if text:
        key = context.key(item)
        yield item.fact(FactKind.ACCESS_POLICY, key, settings.quantity(text, key), owner=context.owner)


# -- handlers inside an object -----------------------------------------------------------------------------------------


def _metadata(item: Item, context: Context) -> Iterable[Fact] | None:
    """Labels say nothing, annotations only when a controller acts upon them; names are the object's own."""
    parent = item.parent
    if item.key in _SILENT_FIELDS and (parent is context.base or (parent is not None and parent.key == "metadata")):
        return ()
    if parent is None or parent.key != "metadata":
        return None
    if item.key in {"labels", "name"}:
        return ()
    if item.key == "annotations":
        return _annotations(item, context)
    return None


def _annotations(item: Item, context: Context) -> Iterator[Fact]:
    for child in item.touching(context.lines):
        if _OPERATIONAL_ANNOTATIONS.match(child.key) and child.text:
            value = settings.quantity(child.text, child.key)
            yield child.fact(FactKind.WORKLOAD, f"annotation {child.key}", value, owner=context.owner)


def _container(item: Item, context: Context) -> Iterable[Fact] | None:
    """A container: its facts belong to ``Kind/name/container`` and their keys start at the container."""
    parent = item.parent
    if item.kind is not Kind.MAPPING or parent is None or parent.key not in _CONTAINERS or context.owner is None:
        return None
    owner = Owner(f"{context.owner.name}/{nameable(item.scalar('name') or '*')}", item)
    return walk(item, context.within(owner, item), skip_handlers=True)


def _port(item: Item, context: Context) -> Iterable[Fact] | None:
    """An item of a ``ports`` list: ``Service/api http`` = 80; a target port that differs is a fact of its own."""
    parent = item.parent
    if item.kind is not Kind.MAPPING or parent is None or parent.key != "ports" or context.owner is None:
        return None
    if item.get("containerPort") is None and item.get("port") is None:
        return None
    return port_facts(item, context.owner)


def port_facts(item: Item, owner: Owner) -> Iterator[Fact]:
    """The ports of one ``ports`` item of a container or a service."""
    name = f"{owner.name} {nameable(item.scalar('name'))}".strip()
    protocol = item.scalar("protocol")
    attributes = {"protocol": protocol if protocol != "TCP" else ""}
    number = item.get("containerPort") or item.get("port")
    if number is None:
        return
    value = settings.quantity(number.text, "port")
    yield number.fact(FactKind.PORT, name, value, owner=owner, attributes=attributes, aliases=(item.scalar("name"),))
    for extra in ("targetPort", "nodePort", "hostPort"):
        other = item.get(extra)
        if other is not None and other.text and other.text != number.text:
            yield other.fact(FactKind.PORT, f"{name} {extra}", settings.quantity(other.text, "port"), owner=owner)


def _data(item: Item, context: Context) -> Iterable[Fact] | None:
    """Keys of a Secret, without content."""
    if item.parent is None or item.parent.key not in {"data", "stringData", "encryptedData"}:
        return None
    owner = context.owner
    if owner is None or owner.name.split("/")[0] not in _CIPHERTEXT:
        return None
    return (item.fact(FactKind.SECRET, f"{owner.name} {item.key}", owner=owner, quote=f"{item.key} (not shown)"),)


def _configuration(item: Item, context: Context) -> Iterable[Fact] | None:
    """Keys of a ConfigMap: upper-case names become environment variables, the rest are settings or embedded files."""
    parent = item.parent
    if parent is None or parent.key != "data" or parent.parent is not context.base or item.kind is not Kind.SCALAR:
        return None
    if re.match(r"^[A-Z][A-Z0-9_]+$", item.key):
        return (item.fact(FactKind.ENV_VAR, item.key, settings.quantity(item.text, item.key), scope=""),)
    return None


def _ingress_rule(item: Item, context: Context) -> Iterable[Fact] | None:
    """A rule of an Ingress: one route per host and path, its value the service behind it."""
    if item.kind is not Kind.MAPPING or item.parent is None or item.parent.key != "rules":
        return None
    paths = item.get("http", "paths")
    if paths is None:
        return None
    return _ingress_routes(item, paths, context)


def _ingress_routes(item: Item, paths: Item, context: Context) -> Iterator[Fact]:
    host = item.scalar("host")
    host_item = item.get("host")
    everything = host_item is not None and host_item.on(context.lines)
    for entry in paths.children():
        if not everything and not entry.on(context.lines):
            continue
        backend = entry.get("backend")
        service = ""
        if backend is not None:
            name = backend.scalar("service", "name") or backend.scalar("serviceName")
            port = backend.scalar("service", "port", "number") or backend.scalar("service", "port", "name")
            service = f"{name}:{port or backend.scalar('servicePort')}".strip(":")
        key = f"ANY {host}{entry.scalar('path') or '/'}"
        yield entry.fact(FactKind.ROUTE, key, Value(service), owner=context.owner, scope="")


def _nothing(item: Item, context: Context) -> Iterable[Fact] | None:
    return None


def _by_kind(kind: str) -> Handler:
    if kind in {"Role", "ClusterRole"}:
        return grants
    if kind in {"RoleBinding", "ClusterRoleBinding"}:
        return bindings
    if kind in _CIPHERTEXT:
        return _data
    if kind == "ConfigMap":
        return _configuration
    return _ingress_rule if kind == "Ingress" else _nothing


_FIELD_HANDLERS: tuple[Handler, ...] = (_container, _port)
