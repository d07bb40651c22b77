"""Whose port a line speaks of: the host before it, the pod in which a command runs, the subject of its sentence.

A port is only a number: nginx and the service behind it both listen on 8080. So what stands around it has to be the
service's own, this machine or a placeholder, and a sentence has to hold nothing that may be another component.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from analyzers.patterns import regex
from analyzers.vocabulary import words
from runbooks.lines import Line
from runbooks.phrases import HARMLESS, WORD
from runbooks.terms import singular

_LOCAL = frozenset({"localhost", "127.0.0.1", "0.0.0.0", "::1"})  # noqa: S104 - compared, nothing is bound
_FILLER = frozenset(
    "svc service server http https grpc host hostname node pod deploy deployment statefulset daemonset container app "
    "headless internal prod production api web ip address your my the example www com local cluster default main live "
    "primary domain machine url target endpoint".split()
)
"""Words of host and pod names that name no component."""
_SPOKEN = HARMLESS | frozenset(
    singular(word)
    for word in (
        "port ports listen listens listening serve serves serving expose exposes exposed exposing bind binds "
        "bound open opens opened run runs running accept accepts answer answers available reachable found offer "
        "offers provide provides handle handles receive receives on at by from under via through with for in http "
        "https grpc tcp udp tls rest api web ui server endpoint endpoints health healthz ready readiness liveness "
        "metrics metric status admin debug traffic connection connections client clients plain public private "
        "internal external container containers pod pods host hosts node machine deployment network interface "
        "address url see check checks curl forward forwarded probe probes page dashboard application app "
        "component also up its their as or external"
    ).split()
)
"""Words of sentences about a port that bring no other component in."""
COMPONENTS = frozenset(
    "nginx envoy proxy sidecar haproxy traefik caddy apache ingress gateway istio linkerd redis memcached postgres "
    "postgresql mysql mariadb mongo mongodb kafka rabbitmq nats zookeeper etcd consul vault grafana prometheus loki "
    "tempo jaeger kibana elasticsearch bastion jump jumphost balancer broker database db cache exporter agent "
    "collector frontend backend".split()
)
"""Components that stand beside services everywhere."""
_ROLE = regex(
    r"([A-Za-z][\w-]*)[`'\"*_]*\s+(?:pod|container|host|node|machine|vm|box|instance|replica|deployment|server)s?\b",
    re.I,
)
_INTO = regex(
    r"\b(?:kubectl|oc|docker|podman|nerdctl|compose|crictl|k)\s[^|;&`\n]{0,120}?\b(?:exec|attach|debug|rsh|run|port-forward)\s"
    r"(?P<into>[^|;&`\n]{0,200})|(?<![\w.-])(?:ssh|mosh)\s(?P<ssh>[^|;&`\n]{0,200})"
)
_VALUED = frozenset(
    "-n --namespace -c --container -u --user -l -p -i -w -e --context -o --image --name -f --file".split()
)
_OPEN = regex(r"[<${\[]")
_SENTENCE = regex(r"[.!?;][`'\")*_]*\s")
_SPAN = regex(r"`[^`]*`")
_NEAREST = 10
"""Lines of a fence above a line that may have entered another pod."""


def own_words(told: Iterable[str]) -> frozenset[str]:
    """The words, in the singular, of what the changed port is the port of."""
    return frozenset(singular(word) for text in told for word in words(text))


def of_another(line: Line, use: re.Match[str], own: frozenset[str]) -> bool:
    """Whether the port that a line uses may be another component's; ``own`` are the words of the changed one."""
    host = re.search(r"(?:://(?:[^\s/@]*@)?)?([^\s/@]*):\Z", use.group()[: use.start(1) - use.start()])
    if host is None:
        forward = use.group().lower().startswith(("port-f", "port f", "portf"))
        named = [word for word in use.group().split()[1:-1] if not word.startswith("-")] if forward else []
        if named:
            return not all(is_own(word, own) or word in {"to", "from"} for word in named)
        return _brings_in(line, use, own)
    name = host[1].lower()
    if name not in _LOCAL:
        return not is_own(host[1], own)
    return _entered(line, own) or _beside(line, own)


def is_own(name: str, own: frozenset[str]) -> bool:
    """Whether a host, a pod or a resource is the service itself or a placeholder."""
    name = name.rpartition("/")[2].rpartition("@")[2]
    if _OPEN.match(name) or (name.isupper() and len(name) > 1):
        return True
    label = name.split(".", 1)[0]
    if label.isdigit():  # an address of some machine
        return False
    telling = [part for part in map(singular, words(label)) if part not in _FILLER and not part.isdigit()]
    return own.issuperset(telling)


def _entered(line: Line, own: frozenset[str]) -> bool:
    """Whether a command runs in a pod, a container or on a machine that is not the service's."""
    texts = (line.text, *line.above[-_NEAREST:]) if line.kind == "fence" else (line.text,)
    for text in texts:
        for found in _INTO.finditer(text):
            if not all(is_own(target, own) for target in _targets(found["into"] or found["ssh"] or "")):
                return True
    return False


def _targets(arguments: str) -> Iterable[str]:
    """What a command enters: the first argument that is no flag, and the container that it names."""
    valued = ""
    for word in arguments.split():
        if valued:
            if valued in {"-c", "--container"}:
                yield word
            valued = ""
        elif word in _VALUED:
            valued = word
        elif word == "--":
            return
        elif not word.startswith("-"):
            yield word.strip("'\"")
            return
        elif word.startswith("--container="):
            yield word.partition("=")[2]


def _beside(line: Line, own: frozenset[str]) -> bool:
    """Whether a line with an address of its own machine, or what leads to its fence, names another component."""
    text = (
        f"{line.around or line.text} {line.lead} {line.governs}" if line.kind == "fence" else line.around or line.text
    )
    for found in WORD.findall(_SPAN.sub(" ", text) if line.kind != "fence" else text):
        if {singular(word) for word in words(found)} & COMPONENTS - own:
            return True
    known = own | _SPOKEN | _FILLER
    return any(not known.issuperset(map(singular, words(found[1]))) for found in _ROLE.finditer(text))


def _brings_in(line: Line, use: re.Match[str], own: frozenset[str]) -> bool:
    """Whether the sentence of a port holds a word that may be another component."""
    text = line.text
    start = max((found.end() for found in _SENTENCE.finditer(text, 0, use.start())), default=0)
    stop = _SENTENCE.search(text, use.end())
    sentence = text[start : stop.start() if stop else len(text)]
    if start == 0 and line.around:
        before, _, _ = line.around.partition(text.strip())
        sentence = f"{before} {sentence}"
    known = own | _SPOKEN
    return any(
        not known.issuperset(p for p in map(singular, words(w)) if not p.isdigit()) for w in WORD.findall(sentence)
    )
