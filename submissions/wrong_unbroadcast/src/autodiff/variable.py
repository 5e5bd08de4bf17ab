import contextlib
import heapq
import itertools
import threading

import numpy as np


class Config(threading.local):
    enable_backprop = True


config = Config()


@contextlib.contextmanager
def no_grad():
    old = config.enable_backprop
    config.enable_backprop = False
    try:
        yield
    finally:
        config.enable_backprop = old


class Variable:
    """An array with a gradient. ``creator`` is the function call it came out of."""

    __array_priority__ = 200

    def __init__(self, data, requires_grad=False):
        self.data = np.asarray(data, dtype=np.float64)
        self.grad = None
        self.creator = None
        self.generation = 0
        self._requires_grad = requires_grad

    @property
    def requires_grad(self):
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, flag):
        if self.creator is not None:
            raise RuntimeError("requires_grad of a computed variable cannot be changed")
        self._requires_grad = flag

    @property
    def is_leaf(self):
        return self.creator is None

    @property
    def shape(self):
        return self.data.shape

    def __len__(self):
        return len(self.data)

    def __repr__(self):
        return f"variable({self.data})"

    def cleargrad(self):
        self.grad = None

    def detach(self):
        return Variable(self.data)

    def backward(self, grad_output=None):
        """Add to the gradients of the leaves; a variable that is not a number counts as its sum."""
        if not self.requires_grad:
            raise RuntimeError("this variable does not require a gradient")
        if grad_output is None:
            grad_output = np.ones_like(self.data)
        grad_output = np.array(grad_output, dtype=np.float64)
        if grad_output.shape != self.shape:
            raise ValueError(f"grad_output: shape {grad_output.shape} instead of {self.shape}")

        # the latest generation first; the counter decides between equals
        counter = itertools.count()
        queue = [(-self.generation, next(counter), self)]
        grads = {self: grad_output}
        while queue:
            _, _, variable = heapq.heappop(queue)
            grad = grads.pop(variable)
            if variable.creator is None:
                old = 0.0 if variable.grad is None else variable.grad
                variable.grad = np.array(old + grad)
                continue
            function = variable.creator
            for source, part in zip(function.inputs, function.backward(grad)):
                if source is None:
                    continue
                if source in grads:
                    grads[source] = grads[source] + part
                else:
                    grads[source] = part
                    heapq.heappush(queue, (-source.generation, next(counter), source))


def as_variable(x):
    return x if isinstance(x, Variable) else Variable(x)


class Function:
    """One operation. A subclass has forward and backward, both on arrays."""

    def __init__(self, **attributes):
        self.__dict__.update(attributes)
        self.inputs = ()

    @classmethod
    def apply(cls, *inputs, **attributes):
        inputs = [as_variable(x) for x in inputs]
        function = cls(**attributes)
        output = Variable(function.forward(*(x.data for x in inputs)))
        if config.enable_backprop and any(x.requires_grad for x in inputs):
            function.inputs = [x if x.requires_grad else None for x in inputs]
            output._requires_grad = True
            output.creator = function
            output.generation = 1 + max(x.generation for x in inputs)
        return output

    def forward(self, *arrays):
        raise NotImplementedError

    def backward(self, dy):
        raise NotImplementedError


def sum_to(grad, shape):
    """Sum the gradient of a broadcast operand, so that it has the operand's shape."""
    if grad.ndim > len(shape):
        grad = grad.sum(axis=0)
    for axis, length in enumerate(shape):
        if length == 1:
            grad = grad.sum(axis=axis, keepdims=True)
    return grad
