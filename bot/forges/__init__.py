"""Where pull requests live: one adapter per forge, each behind the ``Forge`` port."""
