"""Optimizers: they move the data of parameters that have a gradient."""

import numpy as np


class Optimizer:
    """The parameters, the learning rate, and what is remembered of each parameter."""

    def __init__(self, params, lr):
        self.params = list(params)
        self.lr = lr
        self.state = [{} for _ in self.params]

    def zero_grad(self):
        for p in self.params:
            p.grad = None

    def step(self):
        for p, state in zip(self.params, self.state, strict=True):
            if p.grad is not None:
                self.update(p, p.grad.numpy(), state)

    def update(self, p, g, state):
        raise NotImplementedError


class SGD(Optimizer):
    """``v = momentum * v + g; w = w - lr * v``; with nesterov ``g + momentum * v`` for ``v``."""

    def __init__(self, params, lr=0.01, momentum=0.0, weight_decay=0.0, nesterov=False):
        super().__init__(params, lr)
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.nesterov = nesterov

    def update(self, p, g, state):
        g = g + self.weight_decay * p.data
        v = state["v"] = self.momentum * state["v"] + g if "v" in state else g
        p.data = p.data - self.lr * (g + self.momentum * v if self.nesterov else v)


class Adam(Optimizer):
    """Kingma and Ba, 2015, algorithm 1."""

    def __init__(self, params, lr=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
        super().__init__(params, lr)
        self.betas = beta1, beta2
        self.epsilon = epsilon

    def update(self, p, g, state):
        b1, b2 = self.betas
        t = state["t"] = state.get("t", 0) + 1
        m = state["m"] = b1 * state.get("m", 0.0) + (1 - b1) * g
        v = state["v"] = b2 * state.get("v", 0.0) + (1 - b2) * g**2
        corrected = m / (1 - b1**t), v / (1 - b2**t)
        p.data = p.data - self.lr * corrected[0] / (np.sqrt(corrected[1]) + self.epsilon)


class RMSProp(Optimizer):
    """Hinton's, with his decay of 0.9."""

    def __init__(self, params, lr=0.01, rho=0.9, eps=1e-8):
        super().__init__(params, lr)
        self.rho = rho
        self.eps = eps

    def update(self, p, g, state):
        s = state["s"] = self.rho * state.get("s", 0.0) + (1 - self.rho) * g * g
        p.data = p.data - self.lr * g / (np.sqrt(s) + self.eps)
