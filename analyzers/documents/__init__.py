"""Reading operational documents, whatever format they are written in.

YAML, JSON and jsonnet become one neutral tree of items (``entries``); what the items mean (``kubernetes``, ``compose``,
``workflows``, ``alerts``, ``settings``…) is read from that tree, so the same alert rule gives the same fact in all
three formats. ``dialects`` decides which reader a document gets.
"""
