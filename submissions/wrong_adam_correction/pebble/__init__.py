"""Pebble: numbers that know their derivatives, and optimizers that move them."""

from .engine import Num
from .optim import SGD, Adam

__all__ = ["SGD", "Adam", "Num"]
