"""Hypothesis strategies for Programs: numbers, shapes, calls of ops, sessions, training runs."""
