"""Folders, registries, pages and cases agree, in both directions; a new rule or language that forgets one fails."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache
from importlib import import_module

import pytest

from analyzers import languages, rules
from analyzers.findings import Rule
from analyzers.model import Area, FactKind
from tests.cases import ROOT, RULE_CASES, Case, all_cases
from tests.rule_pages import PAGES

RULES = rules.all_rules()
LANGUAGES = ROOT / "analyzers" / "languages"

_LEAST_CASES = 2
"""Cases a rule needs in each language whose own module states its kind of fact."""


def _cases_by_rule() -> dict[str, list[Case]]:
    found: dict[str, list[Case]] = defaultdict(list)
    for case in all_cases():
        found[case.rule].append(case)
    return found


BY_RULE = _cases_by_rule()


_MAKES = re.compile(r"\b_?[fF]act\(\s*(?:\w+,\s*)?FactKind\.([A-Z_]+)")
_EVERYWHERE = frozenset({FactKind.SETTING, FactKind.ENV_VAR, FactKind.CLI_FLAG})
"""Kinds of named values. What they are about is judged by the name, the same way in every language."""


_CANNOT_SPEAK = frozenset({("auth/route-unguarded", "yaml")})
"""Rule and language where the fact lacks what the rule judges: an ingress path names no guard."""


@cache
def _kinds_of(language: str) -> frozenset[FactKind]:
    """The kinds of fact that a language's own modules (``go.py``, ``go_*.py``) build. Kinds that a setting gets by its
    name alone are not among them: they are the same in every language."""
    files = [*LANGUAGES.glob(f"{language}.py"), *LANGUAGES.glob(f"{language}_*.py")]
    if language == "yaml":  # Kubernetes, workflows and their like, shared with JSON
        files += (ROOT / "analyzers" / "documents").glob("*.py")
    text = "".join(path.read_text() for path in files)
    found = {FactKind[name] for name in _MAKES.findall(text)}
    if "definitions(" in text:
        found |= {FactKind.SYMBOL, FactKind.BEHAVIOUR}
    return frozenset(found)


def _written_languages() -> list[str]:
    """The registered languages that have a module (in a young checkout not all have)."""
    return [entry.name for entry in languages.REGISTRY if (LANGUAGES / f"{entry.name}.py").exists()]


def test_rule_modules_and_registry_agree() -> None:
    folder = ROOT / "analyzers" / "rules"
    modules = {
        f"{path.parent.name}/{path.stem.replace('_', '-')}" for path in folder.glob("*/*.py") if path.stem != "__init__"
    }
    assert modules == set(rules.REGISTRY)


def test_registry_is_sorted_by_area_and_name() -> None:
    order = list(Area)
    assert list(rules.REGISTRY) == sorted(
        rules.REGISTRY, key=lambda rule: (order.index(Area(rule.split("/")[0])), rule.split("/")[1])
    )


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.ID)
def test_a_rule_says_who_it_is(rule: Rule) -> None:
    assert rule.ID in rules.REGISTRY
    assert rules.module_name(rule.ID) == rule.__name__  # type: ignore[attr-defined]
    assert rule.ID.split("/")[0] == rule.AREA
    assert rule.KINDS
    assert frozenset(rules.REGISTRY[rule.ID]) == rule.KINDS


def test_every_rule_has_a_page_and_every_page_a_rule() -> None:
    written = {path.relative_to(PAGES).with_suffix("").as_posix() for path in PAGES.rglob("*.md")} - {"README"}
    assert written == set(rules.REGISTRY)


def test_every_rule_has_a_folder_of_cases_and_every_folder_a_rule() -> None:
    folders = {
        f"{path.parent.name}/{path.name.replace('_', '-')}"
        for path in RULE_CASES.glob("*/*")
        if path.is_dir() and path.name != "__pycache__" and path.parent.name != "__pycache__"
    }
    assert folders == set(rules.REGISTRY)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.ID)
def test_a_rule_has_cases_that_speak_and_cases_that_stay_silent(rule: Rule) -> None:
    cases = BY_RULE[rule.ID]
    assert [case for case in cases if case.expected], "no case with a finding"
    assert [case for case in cases if not case.expected], "no case that must stay silent"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.ID)
def test_a_rule_has_cases_in_every_language_that_states_its_facts(rule: Rule) -> None:
    missing = [
        language
        for language in _written_languages()
        if ((rule.KINDS - _EVERYWHERE) or rule.KINDS) & _kinds_of(language)
        and (rule.ID, language) not in _CANNOT_SPEAK
        and sum(case.language == language for case in BY_RULE[rule.ID]) < _LEAST_CASES
    ]
    assert not missing


def test_case_files_are_named_after_languages() -> None:
    from tests.cases import DEFAULT_PATHS

    assert {path.stem for path in RULE_CASES.rglob("*.md")} <= set(DEFAULT_PATHS)


@pytest.mark.parametrize("language", _written_languages())
def test_a_language_has_a_module_and_queries_where_its_grammar_is_a_tree(language: str) -> None:
    module = import_module(f"analyzers.languages.{language}")
    assert callable(module.read)
    grammar = getattr(module, "GRAMMAR", None)
    if grammar is not None:
        assert (LANGUAGES / f"{grammar.name}.scm").exists()


def test_every_query_file_belongs_to_a_language() -> None:
    names = {path.stem for path in LANGUAGES.glob("*.scm")}
    assert names <= {entry.name for entry in languages.REGISTRY}
