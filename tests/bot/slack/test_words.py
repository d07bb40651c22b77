"""What people read, as text; and that strangers' text cannot be more than text."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from fakes import REF, item, pull, review

from analyzers.model import Severity
from bot.model import Directory, Drift, Item, OwnerName, Person, Policy, Proof, PullState, RunbookStatus, ServiceStatus
from bot.rulings import mark
from bot.slack import blocks, links, parts, status, views
from bot.slack.escape import code, fence, label, path, plain, prose
from bot.slack.mentions import mention
from bot.slack.preview import page, terminal
from runbooks.model import Status

WEB = "https://github.example"
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
OLGA = Directory((Person("ops-olga", "U0OLGA", Proof.CONFIGURED),), (("@acme/payments", "S0PAY"),))


def suspect(**given: object) -> Item:
    """A section to look at, owned by a team."""
    usual: dict[str, object] = {
        "status": Status.SUSPECT, "fingerprint": "f2", "title": "Restart", "line": 40, "quote": "",
        "suggestion_before": "", "suggestion_after": "", "reason": "names shop-worker, which has another command now",
        "code_path": "deploy/shop.yaml", "code_before": "args: [run]", "code_after": "args: [serve]",
        "owners": (OwnerName("@acme/payments", "team", "front matter"),),
    }  # fmt: skip
    return item(**(usual | given))


def test_an_alert() -> None:
    shown = blocks.alert(pull(), review(suspect(), item()), OLGA, WEB)
    assert (
        terminal(shown)
        == """\
PR #7 Shorter sessions — 1 runbook line is now wrong, 1 to check
------------------------------------------------------------
🔴 *Now wrong* · docs/runbooks/shop.md:12 · Sessions
    - Sessions end after 60 minutes.
    + Sessions end after 30 minutes.
*Why* `SESSION_TTL = 3600` → `SESSION_TTL = 1800` in shop/settings.py:3
*Owner* @U0OLGA (CODEOWNERS)
🟡 *To check* · docs/runbooks/shop.md:40 · Restart
*Why* `args: [run]` → `args: [serve]` in deploy/shop.yaml:3
*Check* names shop-worker, which has another command now
*Owner* @acme/payments (front matter)
[Show suggested edit]  [Still accurate]  [Snooze]  [Hand over]  [Re-check]  [Open PR]  [Open runbook]
  acme/shop PR #7 by dev-dan · 1111111
"""
    )
    assert shown["text"] == (
        "PR #7 Shorter sessions — 1 runbook line is now wrong, 1 to check\n"
        "docs/runbooks/shop.md:12: write “Sessions end after 30 minutes.”\n"
        "docs/runbooks/shop.md:40: names shop-worker, which has another command now"
    )
    assert "<https://github.example/acme/shop/blob/1111111111111111111111111111111111111111/docs/runbooks/shop.md" \
        "?plain=1#L12|docs/runbooks/shop.md:12>" in json.dumps(shown)  # fmt: skip


def test_who_is_notified() -> None:
    """The first owner whom Slack knows, of what is wrong or grave; a crowd of owners is not called together."""
    directory = Directory(people=tuple(Person(name, f"U0{name.upper()}", Proof.CONFIGURED) for name in ("ann", "bob")))
    crowd = tuple(OwnerName(f"@{name}", "user", "CODEOWNERS") for name in ("ghost", "ann", "bob"))

    def owners(**said: object) -> str:
        return next(line for line in parts.item_text(WEB, pull(), item(owners=crowd, **said), directory).split("\n")
                    if line.startswith("*Owner*"))  # fmt: skip

    called = "*Owner* @ghost, <@U0ANN>, @bob (CODEOWNERS)"
    assert owners() == called
    assert owners(status=Status.SUSPECT, severity=Severity.HIGH) == called
    assert owners(status=Status.SUSPECT, severity=Severity.MEDIUM) == "*Owner* @ghost, @ann, @bob (CODEOWNERS)"


def test_what_is_left_and_not_told_is_no_agreement() -> None:
    mild = review(suspect(severity=Severity.LOW), policy=Policy(True, alert_from=Severity.HIGH))
    assert "1 runbook section to check; less grave than what is told here" in terminal(blocks.closed(pull(), mild, WEB))


def test_the_rest_is_in_the_thread() -> None:
    found = review(*(item(fingerprint=f"f{n}", line=n) for n in range(1, 7)))
    assert "and 3 more in the thread" in terminal(blocks.alert(pull(), found, OLGA, WEB))
    (thread,) = blocks.details(pull(), found, OLGA, WEB)
    assert [f"shop.md:{n}" in terminal(thread) for n in range(1, 7)] == [False] * 3 + [True] * 3
    assert blocks.details(pull(), review(item()), OLGA, WEB) == []
    many = review(*(item(fingerprint=f"f{n}", line=n) for n in range(1, 201)))
    assert "and 157 more in the check on PR #7" in terminal(blocks.details(pull(), many, OLGA, WEB)[-1])


ACKNOWLEDGED = item(status=Status.ACKNOWLEDGED, reason="acknowledged by @ops-olga: the page says so too")


@pytest.mark.parametrize(
    ("opened", "found", "text"),
    [
        (pull(), review(item(status=Status.UPDATED)), "✅ PR #7 Shorter sessions: runbooks agree with the code again"),
        (pull(), review(ACKNOWLEDGED), "✅ PR #7 Shorter sessions: 1 section declared still accurate"),
        (pull(), review(item(status=Status.SNOOZED)), "💤 PR #7 Shorter sessions: 1 section snoozed"),
        (pull(draft=True), None, "⚪ PR #7 Shorter sessions: a draft again; it is looked at when it is ready"),
        (
            pull(state=PullState.CLOSED),
            review(item()),
            "⚪ PR #7 Shorter sessions: closed without merging; nothing to do",
        ),
        (pull(state=PullState.MERGED), review(), "✅ PR #7 Shorter sessions: merged; runbooks agree with the code"),
        (
            pull(state=PullState.MERGED),
            review(item()),
            "🔴 PR #7 Shorter sessions: merged; 1 runbook line is now wrong",
        ),
    ],
)
def test_what_an_alert_turns_into(opened: object, found: object, text: str) -> None:
    shown = blocks.closed(opened, found, WEB)  # type: ignore[arg-type]
    assert shown["text"] == text
    assert terminal(shown).startswith(text)


def test_two_findings_in_one_section_are_one_section_with_one_reason() -> None:
    twice = review(ACKNOWLEDGED, replace(ACKNOWLEDGED, fingerprint="f2", subject="LOGIN_TTL"))
    shown = terminal(blocks.closed(pull(), twice, WEB))
    assert "1 section declared still accurate" in shown
    assert shown.count("the page says so too") == 1
    both = [Drift("acme/shop", item(fingerprint=f"f{n}"), REF, NOW, merged=False, assignee="") for n in (1, 2)]
    shown = terminal(status.mine(both, NOW, WEB))
    assert shown.startswith("*1 section waits for you*\n")
    assert shown.count("shop.md:12") == 1
    assert "today · @ops-olga (CODEOWNERS) · 2 findings" in shown.replace("\n", " ").replace("  ", " ")


def test_debt_of_a_merge_can_still_be_settled() -> None:
    shown = terminal(blocks.closed(pull(state=PullState.MERGED), review(item()), WEB))
    assert "docs/runbooks/shop.md:12 · Sessions" in shown
    assert "[Still accurate]" in shown
    assert "Re-check" not in shown


BOOKS = (
    RunbookStatus("docs/runbooks/shop.md", "Shop", (OwnerName("@ops-olga", "user", "CODEOWNERS"),), 90,
                  date(2026, 11, 1), 5),
    RunbookStatus("docs/runbooks/pay.md", "Pay", (), 30, date(2026, 10, 1), 2),
    RunbookStatus("docs/runbooks/late.md", "Late", (), 30, None, 2),
)  # fmt: skip
SHOP = ServiceStatus("shop", "acme/shop", "catalog-info.yaml", (OwnerName("@acme/payments", "team", "catalogue"),),
                     "C0SHOP", "", BOOKS)  # fmt: skip
DEBT = Drift("acme/shop", item(), REF, NOW - timedelta(days=3), merged=True, assignee="U0DAN")


def test_status_of_a_service() -> None:
    assert (
        terminal(status.status((SHOP,), (DEBT,), NOW, WEB), 200)
        == """\
shop — 3 runbooks, 1 open, 2 overdue
------------------------------------------------------------
  acme/shop · described in catalog-info.yaml · owners: @acme/payments (catalogue) · channel: @C0SHOP
*Open drift*
🔴 docs/runbooks/shop.md:12 · acme/shop PR #7, merged · 3 days · @U0DAN

*Runbooks*
• *Late* docs/runbooks/late.md · nobody · no review on record, *due*
• *Pay* docs/runbooks/pay.md · nobody · reviewed 2026-10-01, *overdue by 23 days*
• *Shop* docs/runbooks/shop.md · @ops-olga (CODEOWNERS) · reviewed 2026-11-01
  Dead references: not audited yet · Alerts without a section: not audited yet
"""
    )


def test_other_answers() -> None:
    assert "Did you mean shop · shipping?" in terminal(status.unknown("shpo", ("shop", "shipping")))
    assert (
        terminal(status.listing((replace(SHOP, name="a"), SHOP), {(SHOP.repo, SHOP.name): 1}), 200)
        == """\
*2 services*
*shop* · 🔴 1 open · 3 runbooks · acme/shop · @acme/payments (catalogue)
*a* · ✅ nothing open · 3 runbooks · acme/shop · @acme/payments (catalogue)
"""
    )
    assert "✅ Nothing waits for you." in terminal(status.mine((), NOW, WEB))


def test_a_submitted_modal_is_read_back() -> None:
    view = views.snooze_view(pull(), (item(),), NOW.date(), "C0SHOP")
    state = {
        "sections": {"sections": {"selected_options": [{"value": mark(item())}, {"value": "f2"}]}},
        "reason": {"reason": {"value": " waits for the dashboard "}},
        "until": {"until": {"selected_date": "2026-12-01"}},
    }
    said = views.submitted({**view, "state": {"values": state}})
    assert said == views.Submitted(
        "acme/shop#7", "C0SHOP", (mark(item()), "f2:"), "waits for the dashboard", date(2026, 12, 1)
    )
    for broken in ({}, {"private_metadata": "{}"}, {**view, "state": {"values": {"until": 1}}}, {**view, "state": []}):
        with pytest.raises(ValueError, match="not a submitted view"):
            views.submitted(broken)


def test_nobody_confirms_unread() -> None:
    one = json.dumps(views.still_accurate_view(pull(), (item(),)))
    two = json.dumps(views.still_accurate_view(pull(), (item(), suspect())))
    assert "initial_options" in one
    assert "initial_options" not in two


@pytest.mark.parametrize(
    ("owner", "shown"),
    [
        (OwnerName("@OPS-olga", "user", ""), "<@U0OLGA>"),
        (OwnerName("@acme/payments", "team", ""), "<!subteam^S0PAY>"),
        (OwnerName("@stranger", "user", ""), "@stranger"),
        (OwnerName("ops-olga", "team", ""), "ops-olga"),
        (OwnerName("U0DAN", "slack", "handed over"), "<@U0DAN>"),
        (OwnerName("<!channel>", "slack", ""), "&lt;!channel&gt;"),
        (OwnerName("@here", "user", ""), "@\u2060here"),
    ],
)
def test_only_known_people_are_mentioned(owner: OwnerName, shown: str) -> None:
    assert mention(owner, OLGA) == shown


def test_an_id_that_is_none_is_never_written() -> None:
    directory = Directory((Person("x", "!channel", Proof.EMAIL),), (("@a/b", "U0USER"),))
    assert mention(OwnerName("@x", "user", ""), directory) == "@x"
    assert mention(OwnerName("@a/b", "team", ""), directory) == "@a/b"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("use `a*b` for *x*", "use `a*b` for ∗x∗"),
        ("user_id and _x_", "user_id and ˍxˍ"),
        ("<!channel> & co", "&lt;!channel&gt; &amp; co"),
        ("a\u202eb\x00", "a\\u202eb\\x00"),
        ("one\ntwo\t three", "one two three"),
        ("a lone ` tick", "a lone ˋ tick"),
    ],
)
def test_prose_is_only_text(text: str, shown: str) -> None:
    assert prose(text, 100) == shown


def test_long_text_is_cut_after_escaping_and_never_within_an_entity() -> None:
    assert prose("&" * 100, 12) == "&amp;&amp;…"
    assert plain("😀" * 100, 9) == "😀😀😀😀…"
    assert path("a/very/long/path/runbook.md", 12) == "…/runbook.md"
    assert label("a|b", 9) == "a∣b"
    assert code("a`b", 9) == "`aˋb`"
    assert code(" ", 9) == ""
    assert fence(["  keeps `blanks` ```"], 60) == "```\n  keeps `blanks` ˋˋˋ\n```"


def test_links_are_built_and_quoted() -> None:
    assert links.file_url(WEB, "acme/shop", "HEAD", "a b/ü#?.md", 3) == (
        "https://github.example/acme/shop/blob/HEAD/a%20b/%C3%BC%23%3F.md?plain=1#L3"
    )
    assert links.file_url(WEB, "acme/shop", "HEAD", "../../evil", 3) == ""
    assert links.file_url(WEB, "acme/shop", "HEAD", "x" * 4000) == ""
    assert links.editor_url(WEB, pull(), item()) == f"{WEB}/acme/shop/edit/main/docs/runbooks/shop.md#L12"
    assert links.editor_url(WEB, pull(head_ref="fix/ttl", head_repo="dan/shop"), item()) == (
        f"{WEB}/dan/shop/edit/fix/ttl/docs/runbooks/shop.md#L12"
    )


def test_the_page_shows_and_runs_nothing() -> None:
    shown = blocks.alert(pull(title="<script>alert(1)</script>"), review(item(quote="<b>")), OLGA, WEB)
    text = page([("alert", shown)])
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "<pre>- Sessions end after 60 minutes.\n+ Sessions end after 30 minutes.</pre>" in text
