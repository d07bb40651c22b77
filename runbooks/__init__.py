"""Which runbook section leans on the change, whose is it, is it now wrong? Start reading at ``check.py``."""

__version__ = "0.1.0"
