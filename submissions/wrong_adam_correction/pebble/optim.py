"""Optimizers over a list of numbers."""


class SGD:
    def __init__(self, parameters, learning_rate=0.01, momentum=0.0):
        self.parameters = list(parameters)
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.velocities = [0.0] * len(self.parameters)

    def zero_grad(self):
        for p in self.parameters:
            p.zero_grad()

    def step(self):
        for k, p in enumerate(self.parameters):
            self.velocities[k] = self.momentum * self.velocities[k] + p.grad
            p.data -= self.learning_rate * self.velocities[k]


class Adam:
    def __init__(self, parameters, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
        self.parameters = list(parameters)
        self.learning_rate = learning_rate
        self.beta1 = beta1
        self.beta2 = beta2
        self.eps = eps
        self.first = [0.0] * len(self.parameters)
        self.second = [0.0] * len(self.parameters)

    def zero_grad(self):
        for p in self.parameters:
            p.zero_grad()

    def step(self):
        for k, p in enumerate(self.parameters):
            self.first[k] = self.beta1 * self.first[k] + (1 - self.beta1) * p.grad
            self.second[k] = self.beta2 * self.second[k] + (1 - self.beta2) * p.grad**2
            p.data -= self.learning_rate * self.first[k] / (self.second[k] ** 0.5 + self.eps)
