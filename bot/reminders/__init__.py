"""Reminders: who is told what, and when, until drift is closed. ``nouns`` first, then ``calendar``, ``plan``."""
