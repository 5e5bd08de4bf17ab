"""Layers, losses and networks, under torch's names."""

from reference.nn.activations import LogSoftmax, ReLU, Sigmoid, Softmax, Tanh
from reference.nn.layers import Flatten, Linear, Sequential
from reference.nn.losses import BCEWithLogitsLoss, CrossEntropyLoss, MSELoss, NLLLoss
from reference.nn.module import Module
from reference.nn.parameter import Parameter

__all__ = [
    "BCEWithLogitsLoss",
    "CrossEntropyLoss",
    "Flatten",
    "Linear",
    "LogSoftmax",
    "MSELoss",
    "Module",
    "NLLLoss",
    "Parameter",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Softmax",
    "Tanh",
]
