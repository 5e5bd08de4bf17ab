from .engine import Value

__all__ = ["Value"]
