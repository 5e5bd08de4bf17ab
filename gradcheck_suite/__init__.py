"""Tell whether an automatic-differentiation engine is right, and show the smallest proof when not."""

__version__ = "0.1.0"
