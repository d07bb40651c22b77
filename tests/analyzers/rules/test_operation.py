from __future__ import annotations

import pytest

from analyzers.model import Fact, FactKind, Span, Symbol, Value
from analyzers.rules.operation import difference, is_aside, is_data, is_knob


def fact(path: str, key: str = "mode", *, scope: str = "", symbol: str = "", aliases: tuple[str, ...] = ()) -> Fact:
    span = Span("after", path, 1, 1)
    around = Symbol(symbol, "method", span) if symbol else None
    return Fact(FactKind.SETTING, key, Value("x"), span, "mode = x", around, scope, aliases)


@pytest.mark.parametrize(
    "path",
    [
        "examples/app/values.yaml", "docs/conf.py", "website/app.py", "tools/dev/compose.yaml", ".env.test",
        "docker-compose.dev.yml", ".github/labels.yml", "grafana/dashboards/api.json", "api/openapi.yaml",
        ".golangci.yml",
    ],
)  # fmt: skip
def test_nothing_is_operated_there(path: str) -> None:
    assert is_aside(fact(path))


@pytest.mark.parametrize(
    "path",
    ["charts/api/values.yaml", "docker-compose.yml", ".env.example", ".github/workflows/deploy.yml", "app/settings.py"],
)
def test_something_may_be_operated_there(path: str) -> None:
    assert not is_data(fact(path))


@pytest.mark.parametrize("path", ["src/trees/kinds.yaml", "lib/content/page.json"])
def test_yaml_and_json_elsewhere_are_data(path: str) -> None:
    assert is_data(fact(path))
    assert is_data(fact("config/page.json", "a.b.c.d.e.f.g.h.i.j"))


@pytest.mark.parametrize(
    "knob",
    [
        fact("app/service.py", "Config.mode", scope="Config"),
        fact("app/service.py", "ServerOptions.mode"),
        fact("app/settings.py"),
        fact("app/service.py", aliases=("--mode",)),
        fact("app/service.py", aliases=("APP_MODE",)),
        fact("app/mail.py", scope="MailConfig.read", symbol="MailConfig.read"),
        fact("deploy/nginx.conf"),
    ],
)
def test_knobs(knob: Fact) -> None:
    assert is_knob(knob)


@pytest.mark.parametrize(
    "other",
    [
        fact("app/service.py"),
        fact("app/service.py", "Book.mode", scope="Book"),
        fact("app/service.py", "GREETING", aliases=("GREETING",)),
        fact("app/service.py", scope="render", symbol="render"),
        fact("app/settings.py", "TOOL_VERSION"),
    ],
)
def test_what_is_no_knob(other: Fact) -> None:
    assert not is_knob(other)


def test_the_difference_of_two_texts_has_a_word_of_context() -> None:
    assert difference("rate(a[5m]) > 5", "rate(a[5m]) > 10") == ("> 5", "> 10")
    assert difference("a b c", "a c") == ("a b", "a")
    assert difference("a", "a b") == ("a", "a b")
    assert difference("", "a") == ("", "a")
