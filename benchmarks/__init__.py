"""Accuracy and speed, measured; every figure in README.md is printed by a module of this package."""
