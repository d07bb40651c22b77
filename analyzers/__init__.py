"""What behaviour changed? Source on both sides of a diff in, findings out; start reading at ``pipeline.py``."""
