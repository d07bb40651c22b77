"""What a review says on the branch that a pull request wants to go to, with the decisions that count there.

Policy, owners and approvers are those of the target branch, and whoever can push a branch can write them. So what is
found on another branch than the default one has fingerprints of its own: what somebody decided, snoozed, handed over or
merged on one branch says nothing on another (``Pull.scope``).
"""

from __future__ import annotations

from dataclasses import replace

from bot.context import Bot
from bot.model import Pull, Review, ReviewOrder
from bot.rulings import applied, rulings_on


def judged(bot: Bot, pull: Pull, order: ReviewOrder) -> Review:
    """The review that an order asks for. Raises what ``Analyst.review`` raises."""
    found = bot.analyst.review(order)
    if pull.scope:
        items = (replace(item, fingerprint=f"{item.fingerprint}.{pull.scope}") for item in found.items)
        found = replace(found, scope=pull.scope, items=tuple(items))
    return applied(found, rulings_on(bot, pull, found.policy), order.as_of)
