"""Tell whether an autograd engine is right, and show the smallest proof when it is not."""

__version__ = "0.2.0"
