"""Documents that configure no running system: linters, editors, translations, dashboards, schemas, release notes.

One table of paths (file names are the tools' own), and a few shapes for documents that can have any name.
"""

from __future__ import annotations

import re

from analyzers.config_files import is_tooling
from analyzers.documents.entries import Item, Kind
from analyzers.patterns import regex

_NAMES = regex(
    r"(?:^|/)(?:\.pre-commit-[\w-]+\.ya?ml|\.golangci[\w.-]*|mkdocs[\w.-]*\.ya?ml|\.?codecov\.ya?ml|\.?codeclimate\.ya?ml"
    r"|renovate\.json5?|\.renovaterc[\w.]*|\.eslintrc[\w.]*|\.prettierrc[\w.]*|\.stylelintrc[\w.]*|\.babelrc[\w.]*"
    r"|[tj]sconfig[\w.-]*\.json|tslint\.json|\.swcrc|\.mocharc[\w.]*|\.nycrc[\w.]*|jest[\w.-]*\.json|lerna\.json|nx\.json"
    r"|turbo\.json|\.?cspell[\w.-]*|\.markdownlint[\w.-]*|\.?yamllint[\w.-]*|\.releaserc[\w.]*|\.mergify\.ya?ml|\.hadolint\.ya?ml"
    r"|\.rubocop[\w.-]*\.ya?ml|\.swiftlint\.ya?ml|\.coderabbit\.ya?ml|\.readthedocs\.ya?ml|\.all-contributorsrc"
    r"|\.?typos\.ya?ml|crowdin\.ya?ml|\.lgtm\.ya?ml|\.clang-(?:format|tidy)|\.goreleaser[\w.-]*|\.?tox\.ya?ml|\.krew\.ya?ml"
    r"|_toc\.ya?ml|glide\.(?:ya?ml|lock)|pubspec\.ya?ml|shard\.ya?ml|pnpm-workspace\.ya?ml|pyrightconfig\.json|bower\.json|jsonnetfile\.json|\.bowerrc|\.jshintrc|\.jscsrc|detekt[\w.-]*\.ya?ml|phpcs[\w.-]*"
    r"|\.haml-lint\.ya?ml|\.erb_?lint\.ya?ml|\.scss-lint\.ya?ml|\.reek\.ya?ml|\.sourcery\.ya?ml|\.ls-lint\.ya?ml"
    r"|\.vale[\w.-]*|\.ct\.ya?ml|ct\.ya?ml|\.kube-linter\.ya?ml|\.gitleaks[\w.]*|\.secrets\.baseline|\.flowconfig"
    r"|\.dependabot[\w./-]*|dependabot\.ya?ml|labeler\.ya?ml|stale\.ya?ml|release-drafter\.ya?ml|\.devcontainer\.json"
    r"|release-please-config\.json|\.release-please-manifest\.json|package-lock\.json|biome\.jsonc?|knip\.json|deno\.lock"
    r"|\.oxlintrc\.json|\.size-limit\.json|\.lintstagedrc[\w.]*|\.commitlintrc[\w.]*|\.textlintrc[\w.]*|\.htmlhintrc"
    r"|contributors\.ya?ml|authors\.ya?ml|\.zenodo\.json|codemeta\.json|\.phrase\.ya?ml|lokalise\.ya?ml|components\.json"
    r"|\.github/(?:ISSUE_TEMPLATE/.*|DISCUSSION_TEMPLATE/.*|labels\.ya?ml|FUNDING\.ya?ml|issue_label_bot\.ya?ml|settings\.ya?ml)"
    r"|\.?super-linter[\w.]*|zizmor\.ya?ml|actionlint\.ya?ml|\.?ansible-lint[\w.]*|\.?sqlfluff[\w.]*|phpstan[\w.-]*"
    r"|\.?spectral\.ya?ml|\.?redocly\.ya?ml|buf(?:\.gen|\.lock|\.work)?\.ya?ml|sqlc\.ya?ml|mockery\.ya?ml|\.mockery\.ya?ml)$",
    re.IGNORECASE,
)
_FOLDERS = regex(
    r"(?:^|/)(?:\.chloggen|\.changes?|\.changelog|\.changeset|changelogs?(?:\.d)?|changes/unreleased|releasenotes"
    r"|newsfragments|i18n|locales?|lang|langs|languages|translations?|l10n|dashboards?|grafana-dashboards|[\w-]*grafana-builder|cassettes|vcr"
    r"|\.storybook|\.vscode|\.idea|\.devcontainer|json[-_]?schemas?|schemas?/json|\.cspell|seeds?/|__fixtures__)/",
    re.IGNORECASE,
)
_TEXTS = regex(
    r"(?:^|/)(?:strings|messages|translations?)(?:[._-][\w-]+)?\.(?:json|ya?ml)$|\.schema\.json$|(?:^|/)schema\.json$"
    r"|dashboards?[\w.-]*\.(?:json|libsonnet|jsonnet)$|\.nls[\w.]*\.json$|\.ipynb$|\.arb$|\.lock\.json$"
    r"|(?:^|/)config/locales/",
    re.IGNORECASE,
)


def silent_path(path: str) -> bool:
    """Whether nothing in a file of that path reaches operation."""
    return bool(_NAMES.search(path) or _FOLDERS.search(path) or _TEXTS.search(path)) or is_tooling(path)


def silent_shape(root: Item) -> bool:
    """Whether a document is a Grafana dashboard, a JSON schema, a chart of texts or a test of alert rules."""
    if root.kind is not Kind.MAPPING:
        return False
    keys = {child.key for child in root.children()}
    if "panels" in keys and keys & {"schemaVersion", "templating", "annotations"}:
        return True
    if "rule_files" in keys and "tests" in keys:
        return True
    schema = root.scalar("$schema")
    return "json-schema.org" in schema or bool({"$id", "properties"} <= keys) or bool({"$defs", "properties"} <= keys)
