"""YAML: configuration, Kubernetes and Helm, Compose, CI definitions, alert rules, playbooks.

What a document means is read by :mod:`analyzers.documents`; this module only says which documents are read.
"""

from __future__ import annotations

from analyzers.documents import dialects
from analyzers.documents.silent import silent_path
from analyzers.documents.yaml_tree import pages
from analyzers.languages import Reading, Side
from analyzers.model import Fact


def read(side: Side) -> Reading:
    """The facts that the changed lines of one side of a YAML file state."""
    if silent_path(side.path):
        return Reading(())
    context = dialects.context_for(side.lines)
    facts: list[Fact] = []
    problem = ""
    for page in pages(side.path, side.revision, side.data, side.lines):
        context.budget.left -= 1
        if context.budget.left <= 0:
            break
        for document in page.documents(side.lines):
            facts += dialects.read(document, context)
        problem = problem or page.problem(side.lines)
    return Reading(tuple(facts), problem or dialects.exhausted(context))
