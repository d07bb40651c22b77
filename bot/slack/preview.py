"""Messages and views as people will see them, without Slack: as text for a terminal and as a page of HTML. For the
demo and for tests; it shows what the builders of this package use and no more."""

from __future__ import annotations

import html
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence

WIDTH = 96
_LINK = re.compile(r"<(https?://[^|>]+)\|([^>]*)>")
_MENTION = re.compile(r"<(?:@|!subteam\^|#)([A-Z0-9]+)>")
_BOLD = re.compile(r"(?<![\w*])\*([^*\n]+)\*(?![\w*])")
_CODE = re.compile(r"```\n?(.*?)\n?```\n?|`([^`\n]+)`", re.DOTALL)


def terminal(message: Mapping[str, object], width: int = WIDTH) -> str:
    """A message or view as text: links by their labels, buttons in brackets, fields as lines."""
    lines: list[str] = []
    if "title" in message:
        lines += [_text(message["title"]), "=" * 24]
    for block in _blocks(message):
        lines += _terminal_block(block, width)
    buttons = [_text(message[name]) for name in ("submit", "close") if name in message]
    if buttons:
        lines.append("  ".join(f"[{button}]" for button in buttons))
    return "\n".join(line.rstrip() for line in lines) + "\n"


def page(messages: Sequence[tuple[str, Mapping[str, object]]], title: str = "Slack preview") -> str:
    """A static page of (caption, message or view), without scripts and without anything from outside."""
    body = "\n".join(
        f'<figure><figcaption>{html.escape(caption)}</figcaption><div class="card">{_html_card(shown)}</div></figure>'
        for caption, shown in messages
    )
    return (
        "<!doctype html>\n"
        f'<html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><h1>{html.escape(title)}</h1>\n{body}\n</body></html>\n"
    )


_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.46 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
figure { margin: 0 0 2rem; } figcaption { color: #777; margin-bottom: .4rem; }
.card { border: 1px solid #8884; border-radius: 8px; padding: .8rem 1rem; overflow-wrap: anywhere; }
.card h2 { font-size: 1.15rem; margin: .2rem 0 .6rem; } .text { margin: .5rem 0; white-space: pre-wrap; }
.small { font-size: 13px; color: #777; } .who { background: #1d9bd122; color: #1264a3; border-radius: 3px; }
code, pre { font: 13px ui-monospace, monospace; background: #8881; border: 1px solid #8883; border-radius: 4px; }
code { padding: 1px 3px; color: #c01343; } pre { padding: .5rem; white-space: pre-wrap; margin: .3rem 0 .2rem; }
.button { display: inline-block; border: 1px solid #8886; border-radius: 4px; padding: .25rem .7rem; margin: .15rem; }
.primary { background: #007a5a; color: #fff; } .field { border: 1px solid #8886; border-radius: 4px; padding: .3rem; }
.field { min-height: 1.4em; margin: .3rem 0 .6rem; white-space: pre-wrap; } .card b { font-weight: 650; }
a { color: #1264a3; text-decoration: none; } hr { border: 0; border-top: 1px solid #8884; }
"""


def _terminal_block(block: Mapping[str, object], width: int) -> list[str]:
    kind = block.get("type")
    if kind == "header":
        return [_text(block["text"]), "-" * min(width, 60)]
    if kind == "section":
        return _wrapped(_text(block["text"]), width, "")
    if kind == "context":
        return [line for part in _list(block["elements"]) for line in _wrapped(_text(part), width, "  ")]
    if kind == "actions":
        return ["  ".join(f"[{_text(button['text'])}]" for button in _list(block["elements"]))]
    if kind == "input":
        lines = _field_lines(_map(block["element"])) or ["_" * 40]
        return [_text(block["label"]), *(f"  {line}" for line in lines)]
    return [""] if kind == "divider" else [f"({kind})"]


def _wrapped(text: str, width: int, indent: str) -> list[str]:
    lines: list[str] = []
    fenced = False
    for line in _unescaped(text).split("\n"):
        if line == "```":
            fenced = not fenced
        elif fenced:
            lines.append(f"{indent}    {line}")
        else:
            lines += textwrap.wrap(line, width, initial_indent=indent, subsequent_indent=indent + "  ") or [""]
    return lines


def _unescaped(text: str) -> str:
    shown = _MENTION.sub(r"@\1", _LINK.sub(r"\2", text))
    return html.unescape(shown)


def _field_lines(element: Mapping[str, object]) -> list[str]:
    """What stands in a field before anybody touches it: its choices, a day, or a hint; nothing for an empty one."""
    chosen = [option.get("value") for option in _list(element.get("initial_options", []))]
    lines: list[str] = []
    for option in _list(element.get("options", [])):
        lines.append(f"{'☑' if option.get('value') in chosen else '☐'} {_unescaped(_text(option['text']))}")
        if "description" in option:
            lines.append(f"    {_unescaped(_text(option['description']))}")
    if lines:
        return lines
    hint = element.get("initial_date") or (_text(element["placeholder"]) if "placeholder" in element else "")
    return [str(hint)] if hint else []


def _html_card(shown: Mapping[str, object]) -> str:
    parts = [f"<h2>{_plain_html(shown['title'])}</h2>"] if "title" in shown else []
    parts += [_html_block(block) for block in _blocks(shown)]
    buttons = [name for name in ("submit", "close") if name in shown]
    if buttons:
        parts.append("".join(_html_button(_plain_html(shown[name]), name == "submit") for name in buttons))
    return "\n".join(parts)


def _html_block(block: Mapping[str, object]) -> str:
    kind = block.get("type")
    if kind == "header":
        return f"<h2>{_plain_html(block['text'])}</h2>"
    if kind == "section":
        return f'<div class="text">{mrkdwn_html(_text(block["text"]))}</div>'
    if kind == "context":
        parts = _list(block["elements"])
        return "".join(f'<div class="text small">{mrkdwn_html(_text(part))}</div>' for part in parts)
    if kind == "actions":
        elements = _list(block["elements"])
        return "".join(_html_button(_plain_html(e["text"]), e.get("style") == "primary") for e in elements)
    if kind == "input":
        lines = "<br>".join(html.escape(line) for line in _field_lines(_map(block["element"])))
        return f'<b>{_plain_html(block["label"])}</b><div class="field">{lines}</div>'
    return "<hr>" if kind == "divider" else ""


def mrkdwn_html(text: str) -> str:
    """Slack's formatting as HTML. Code is taken out first, since nothing formats inside it."""
    return "".join(_mrkdwn_parts(text))


def _mrkdwn_parts(text: str) -> Iterator[str]:
    at = 0
    for found in _CODE.finditer(text):
        yield _prose_html(text[at : found.start()])
        block, span = found.groups()
        tag, inner = ("pre", block) if block is not None else ("code", span)
        yield f"<{tag}>{_safe(inner)}</{tag}>"
        at = found.end()
    yield _prose_html(text[at:])


def _prose_html(text: str) -> str:
    parts: list[str] = []
    at = 0
    for found in _LINK.finditer(text):
        parts.append(_safe(text[at : found.start()]))
        parts.append(f'<a href="{html.escape(html.unescape(found.group(1)))}">{_safe(found.group(2))}</a>')
        at = found.end()
    parts.append(_safe(text[at:]))
    return _BOLD.sub(r"<b>\1</b>", "".join(parts))


def _safe(text: str) -> str:
    """Slack's entities to HTML's, and mentions in a box."""
    parts, at = [], 0
    for found in _MENTION.finditer(text):
        parts.append(html.escape(html.unescape(text[at : found.start()])))
        parts.append(f'<span class="who">@{found.group(1)}</span>')
        at = found.end()
    return "".join([*parts, html.escape(html.unescape(text[at:]))])


def _html_button(text: str, primary: bool) -> str:
    return f'<span class="button{" primary" if primary else ""}">{text}</span>'


def _plain_html(value: object) -> str:
    return html.escape(html.unescape(_text(value)))


def _blocks(message: Mapping[str, object]) -> list[Mapping[str, object]]:
    return _list(message.get("blocks", []))


def _list(value: object) -> list[Mapping[str, object]]:
    return [_map(entry) for entry in value] if isinstance(value, list | tuple) else []


def _map(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    return str(_map(value).get("text", ""))
