"""Migrations, in order; run at start."""
