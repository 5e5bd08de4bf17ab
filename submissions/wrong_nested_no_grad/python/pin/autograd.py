"""Tensors, the operations between them, and reverse-mode differentiation."""

import threading
from contextlib import ContextDecorator

import numpy as np


class _Mode(threading.local):
    recording = True


MODE = _Mode()


class no_grad(ContextDecorator):
    """Inside, results do not require gradients."""

    def __enter__(self):
        MODE.recording = False

    def __exit__(self, *error):
        MODE.recording = True


class Op:
    """An operation. ``compute`` and ``gradient`` work on NumPy arrays."""

    def __call__(self, *inputs):
        return Tensor._from_op(self, inputs)

    def compute(self, *arrays):
        raise NotImplementedError

    def gradient(self, out_grad, out, *arrays):
        """The gradients with respect to the arrays, as a tuple."""
        raise NotImplementedError


class Tensor:
    """Tensors require gradients unless told otherwise."""

    __array_priority__ = 15.0

    def __init__(self, array, requires_grad=True):
        self.cached_data = np.array(array, dtype=np.float64)
        self.grad = None
        self.op = None
        self.inputs = ()
        self._requires_grad = requires_grad

    @classmethod
    def _from_op(cls, op, inputs):
        out = cls(op.compute(*(x.cached_data for x in inputs)), requires_grad=False)
        if MODE.recording and any(x.requires_grad for x in inputs):
            out._requires_grad = True
            out.op = op
            # who did not require a gradient when the result was computed will not get one
            out.inputs = tuple(x if x.requires_grad else x.detach() for x in inputs)
        return out

    @property
    def requires_grad(self):
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, flag):
        if self.op is not None:
            raise ValueError("requires_grad can be set on leaves only")
        self._requires_grad = flag

    def is_leaf(self):
        return self.op is None

    @property
    def shape(self):
        return self.cached_data.shape

    @property
    def data(self):
        """The same numbers, without the graph."""
        return self.detach()

    @data.setter
    def data(self, value):
        value = value.cached_data if isinstance(value, Tensor) else value
        self.cached_data = np.array(value, dtype=np.float64)

    def numpy(self):
        return self.cached_data

    def detach(self):
        out = Tensor(0.0, requires_grad=False)
        out.cached_data = self.cached_data
        return out

    def __repr__(self):
        return f"pin.Tensor({self.cached_data})"

    def backward(self, out_grad=None):
        if not self.requires_grad:
            raise ValueError("backward: this tensor does not require a gradient")
        if out_grad is None:
            out_grad = np.ones(self.shape)
        if isinstance(out_grad, Tensor):
            out_grad = out_grad.cached_data
        out_grad = np.array(out_grad, dtype=np.float64)
        if out_grad.shape != self.shape:
            raise ValueError(f"backward: out_grad {out_grad.shape}, tensor {self.shape}")
        contributions = {self: [out_grad]}
        for node in reversed(find_topo_sort(self)):
            grad = sum(contributions.pop(node))
            if node.op is None:
                old = 0.0 if node.grad is None else node.grad.cached_data
                node.grad = Tensor(old + grad, requires_grad=False)
                continue
            arrays = [x.cached_data for x in node.inputs]
            grads = node.op.gradient(grad, node.cached_data, *arrays)
            for source, source_grad in zip(node.inputs, grads):
                if source.requires_grad:
                    contributions.setdefault(source, []).append(source_grad)

    def __add__(self, other):
        return ops.add(self, other)

    def __radd__(self, other):
        return ops.add(other, self)

    def __sub__(self, other):
        return ops.subtract(self, other)

    def __rsub__(self, other):
        return ops.subtract(other, self)

    def __mul__(self, other):
        return ops.multiply(self, other)

    def __rmul__(self, other):
        return ops.multiply(other, self)

    def __truediv__(self, other):
        return ops.divide(self, other)

    def __rtruediv__(self, other):
        return ops.divide(other, self)

    def __pow__(self, other):
        return ops.power_scalar(self, other)

    def __matmul__(self, other):
        return ops.matmul(self, other)

    def __neg__(self):
        return ops.negate(self)


def find_topo_sort(root):
    """The nodes that require gradients, every node after its inputs."""
    order, visited, stack = [], set(), [(root, False)]
    while stack:
        node, inputs_done = stack.pop()
        if inputs_done:
            order.append(node)
        elif node not in visited:
            visited.add(node)
            stack.append((node, True))
            stack.extend((x, False) for x in node.inputs if x.requires_grad)
    return order


from . import ops  # noqa: E402  the operations need the classes above
