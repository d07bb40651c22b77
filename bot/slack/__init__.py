"""Slack: what the bot says (pure builders of messages and views) and the client that says it."""
