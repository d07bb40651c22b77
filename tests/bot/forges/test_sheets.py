"""What a check run shows: for people, and safe to show."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from analyzers.model import Severity
from bot.forges.sheets import cell, code, fence, sheet, text
from bot.model import CheckSheet, Conclusion, Item, OwnerName, Policy, Pull, PullRef, PullState, Review
from runbooks.model import Outcome, Status

HEAD, BASE, POLICY = "a" * 40, "b" * 40, "c" * 40
PULL = Pull(
    PullRef("acme/shop", 7), "Shorter sessions", "mallory", PullState.OPEN, False, "main", BASE, HEAD, "acme/shop",
    "https://forge.example/acme/shop/pull/7",
)  # fmt: skip
WRONG = Item(
    Status.CONTRADICTED, "f1", "v", "s", "auth/lifetime", "auth", Severity.HIGH, "SESSION_TTL",
    "SESSION_TTL went from 3600 to 300", "both lines are quoted", "app/settings.py", 3,
    runbook="docs/runbooks/sessions.md", slug="stolen", title="A stolen session", line=9,
    quote="It cannot be ended early: `SESSION_TTL` is 1 hour.",
    suggestion_before="It cannot be ended early: `SESSION_TTL` is 1 hour.",
    suggestion_after="It cannot be ended early: `SESSION_TTL` is 5 minutes.",
    owners=(OwnerName("@acme/payments", "team", "CODEOWNERS"),),
)  # fmt: skip
LEANS = replace(WRONG, status=Status.SUSPECT, fingerprint="f2", quote="", suggestion_before="", suggestion_after="")


def review(*items: Item, opted_in: bool = True, failure: str = "", fail_on: str = "contradicted") -> Review:
    return Review(
        PULL.ref, HEAD, BASE, POLICY, Policy(opted_in, fail_on), items,
        (Outcome("runbooks updated when behaviour changes", "fails", "1 line is now false"),
         Outcome("reviewed before release", "could not tell", "the rules may not be read")),
        (), (), files=3, failure=failure,
    )  # fmt: skip


def made(*items: Item) -> CheckSheet:
    found = sheet(PULL, review(*items), details_url="https://bot.example/pulls/acme/shop/7")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("items", "title", "conclusion"),
    [
        ((WRONG, LEANS, LEANS), "1 runbook line is now wrong, 2 to check", Conclusion.FAILURE),
        ((WRONG, WRONG), "2 runbook lines are now wrong", Conclusion.FAILURE),
        ((LEANS,), "1 runbook section to check", Conclusion.SUCCESS),
        (
            (replace(WRONG, status=Status.UPDATED),),
            "The runbooks are up to date: 1 section settled",
            Conclusion.SUCCESS,
        ),
        ((replace(WRONG, status=Status.UNCOVERED),), "No runbook is wrong; 1 change in no runbook", Conclusion.SUCCESS),
        ((), "No runbook leans on what changed", Conclusion.SUCCESS),
    ],
)
def test_the_title_says_it_all(items: tuple[Item, ...], title: str, conclusion: Conclusion) -> None:
    found = made(*items)
    assert (found.title, found.conclusion) == (title, conclusion)


def test_the_sheet_of_one_contradiction() -> None:
    found = made(WRONG)
    assert found.details_url == "https://bot.example/pulls/acme/shop/7"
    assert found.annotations == (
        ("app/settings.py", 3, "docs/runbooks/sessions.md:9 is now wrong",
         "SESSION_TTL went from 3600 to 300\n"
         "docs/runbooks/sessions.md:9 says: It cannot be ended early: `SESSION_TTL` is 1 hour.\n"
         "Write instead: It cannot be ended early: `SESSION_TTL` is 5 minutes."),
    )  # fmt: skip
    assert "```diff\n-It cannot be ended early: `SESSION_TTL` is 1 hour.\n+It cannot" in found.text
    site = "https://forge.example/acme/shop/blob"
    assert f"[`docs/runbooks/sessions.md:9`]({site}/{HEAD}/docs/runbooks/sessions.md?plain=1#L9)" in found.summary
    assert f"({site}/{HEAD}/app/settings.py#L3)" in found.summary
    assert "`@acme/payments`" in found.summary, "an owner is named and not called"
    assert "| reviewed before release | could not tell |" in found.summary
    assert [len(part) <= limit for action in found.actions for part, limit in zip(action, (20, 40, 20), strict=True)]
    assert {action[2].partition(":")[0] for action in found.actions} == {"acknowledge", "recheck"}
    assert all(len(part) <= limit for action in found.actions for part, limit in zip(action, (20, 40, 20), strict=True))


def test_a_branch_that_asks_for_nothing_any_more_and_our_failure_are_neutral() -> None:
    found = sheet(PULL, review(WRONG, opted_in=False), details_url="")
    assert (found.conclusion, found.title) == (Conclusion.NEUTRAL, "Not asked for on this branch")
    assert "`main` has no `.runbook-drift.toml`" in found.summary
    found = sheet(PULL, review(failure="took longer than 60 s"), details_url="")
    assert found.conclusion is Conclusion.NEUTRAL
    assert "a failure of runbook-drift, not of this pull request" in found.summary
    assert [action[2] for action in found.actions] == ["recheck"]


def test_code_that_is_gone_has_no_annotation_and_is_shown_where_it_was() -> None:
    found = made(replace(WRONG, code_gone=True))
    assert found.annotations == ()
    assert f"/blob/{BASE}/app/settings.py#L3" in found.summary


def test_the_same_annotation_is_made_once_and_settled_items_have_none() -> None:
    assert len(made(WRONG, WRONG, replace(WRONG, status=Status.ACKNOWLEDGED)).annotations) == 1


def test_links_are_built_and_not_echoed() -> None:
    for url in ("javascript:alert(1)", "https://evil.example/", "https://forge.example/acme/other/pull/7"):
        found = sheet(replace(PULL, url=url), review(WRONG), details_url="")
        assert found is not None
        assert "](" not in found.summary


HOSTILE = [
    "@everyone look", "<!channel> <img src=x onerror=alert(1)>", "[a](javascript:alert(1))", "see https://evil.example/x",
    "www.evil.example", "fixes #12 and acme/shop#3 GH-4", "a | b \\| @root c", "``` @root ```", "`@root`",
    "**x** __y__", "~~z~~", "![i](https://evil.example/p.png)", "<!-- -->", "| --- |", "# head", "- item", "&lt;b&gt;",
    "&#64;root", "$x$ :smile:", "line\nbreak\r\n\n# head", "right\u202eto left", "mail me@evil.example",
]  # fmt: skip
RENDER = MarkdownIt("gfm-like", {"html": True, "linkify": False}).enable("table")


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_is_only_text(hostile: str) -> None:
    item = replace(
        WRONG, message=hostile, quote=hostile, title=hostile, code_path=hostile, runbook=hostile,
        suggestion_before=hostile, suggestion_after=hostile + "!", owners=(OwnerName(hostile, "user", "front matter"),),
    )  # fmt: skip
    found = sheet(PULL, replace(review(item), failure=""), details_url="")
    assert found is not None
    shown = RENDER.render(found.summary) + RENDER.render(found.text)
    assert set(re.findall(r"<(/?[a-z!][a-z0-9-]*)", shown)) <= {
        "table", "/table", "thead", "/thead", "tbody", "/tbody", "tr", "/tr", "th", "/th", "td", "/td", "p", "/p",
        "strong", "/strong", "br", "code", "/code", "a", "/a", "pre", "/pre", "h3", "/h3",
    }  # fmt: skip
    assert all(
        address.startswith("https://forge.example/acme/shop/blob/") for address in re.findall('href="([^"]*)', shown)
    )
    assert shown.count("<td>") == 4 + 2 * 3
    owner = re.findall("<td>(.*?)</td>", shown)[3]
    assert re.fullmatch("<code>[^<]*</code>", owner), "no cell was opened: the fourth is the owner's"
    outside = re.sub(r"<code[^>]*>.*?</code>", "", shown, flags=re.DOTALL)
    assert not re.search(r"@[a-z]|#\d|https?://|www\.e", re.sub(r'href="[^"]*"', "", outside))
    assert "\u202e" not in found.summary + found.text + found.annotations[0][3] if found.annotations else True


def test_quoting() -> None:
    assert code("a`b") == "``a`b``"
    assert code("`a") == "`` `a ``"
    assert cell("a|b") == "`a\\|b`"
    assert text("50 % of a_b") == "50 % of a\\_b"
    assert fence(["a ```` b"], "diff") == "`````diff\na ```` b\n`````"


def test_a_long_review_stays_within_limits() -> None:
    items = [
        replace(WRONG, fingerprint=str(n), code_line=n + 1, quote="x" * 5_000, suggestion_after="y" * 5_000)
        for n in range(300)
    ]
    found = made(*items)
    assert len(found.annotations) <= 200
    assert len(found.text) <= 65_000
    assert "more." in found.text
    assert "… and 250 more." in found.summary
