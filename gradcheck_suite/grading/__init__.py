"""Grading: from a folder of submissions and an assignment to grades on disk."""
