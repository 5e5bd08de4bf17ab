"""Scalars whose gradients are scalars of the same kind: they can be differentiated again.

Hooks may look at a gradient on its way or replace it, and a Function brings a rule of its own.
"""

import math


class Scalar:
    def __init__(self, val, requires_grad=True):
        self.val = float(val)
        self._links = ()
        self.requires_grad = requires_grad
        self.grad = None  # a Scalar after backward
        self._hooks = {}

    @property
    def requires_grad(self):
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, flag):
        if self._links != () and not flag:
            raise ValueError("a result needs a gradient as its operands do: detach it")
        self._requires_grad = flag

    def item(self):
        return self.val

    def detach(self):
        return Scalar(self.val, requires_grad=False)

    def zero_grad(self):
        self.grad = None

    def register_hook(self, hook):
        """Call hook(gradient) when the gradient here is complete; what it returns replaces it."""
        handle = Handle(self._hooks)
        self._hooks[handle] = hook
        return handle

    def backward(self, grad_output=None, retain_graph=False, create_graph=False):
        """Add up gradients at the leaves; with create_graph they have a history themselves."""
        if not self.requires_grad:
            raise RuntimeError("backward: nothing here needs a gradient")
        order, seen, todo = [], set(), [(self, False)]
        while todo:
            x, done = todo.pop()
            if done:
                order.append(x)
            elif id(x) not in seen:
                if x._links is None:
                    raise RuntimeError("backward: this graph ran already; retain_graph keeps it")
                seen.add(id(x))
                todo.append((x, True))
                todo += [(y, False) for y, _ in x._links if y.requires_grad]
        flows = {id(self): Scalar(1.0 if grad_output is None else _val(grad_output), False)}
        for x in reversed(order):
            flow = flows[id(x)]
            for hook in list(x._hooks.values()):
                replaced = hook(flow)
                flow = flow if replaced is None else _scalar(replaced)
            if not x._links:
                total = flow if x.grad is None else x.grad + flow
                x.grad = total if create_graph else total.detach()
            for y, pull in x._links:
                if y.requires_grad:
                    part = _scalar(pull(flow))
                    part = part if create_graph else part.detach()
                    known = flows.get(id(y))
                    flows[id(y)] = part if known is None else known + part
        if not retain_graph and not create_graph:
            for x in order:
                x._links = None if x._links else ()

    def __add__(self, other):
        return _made(self.val + _val(other), (self, lambda g: g), (other, lambda g: g))

    def __sub__(self, other):
        return _made(self.val - _val(other), (self, lambda g: g), (other, lambda g: -g))

    def __mul__(self, other):
        x, y = self, other
        return _made(x.val * _val(y), (x, lambda g: g * y), (y, lambda g: g * x))

    def __truediv__(self, other):
        x, y = self, _scalar(other)
        return _made(x.val / y.val, (x, lambda g: g / y), (y, lambda g: -(g * x) / y / y))

    def __neg__(self):
        return _made(-self.val, (self, lambda g: -g))

    def __pow__(self, n):
        x = self
        return _made(x.val**n, (x, lambda g: g * x ** (n - 1) * n if n != 0 else g * 0.0))

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, other):
        return _scalar(other) - self

    def __rtruediv__(self, other):
        return _scalar(other) / self

    def exp(self):
        return _made(math.exp(self.val), (self, lambda g: g * self.exp()))

    def log(self):
        return _made(math.log(self.val), (self, lambda g: g / self))

    def sin(self):
        return _made(math.sin(self.val), (self, lambda g: g * self.cos()))

    def cos(self):
        return _made(math.cos(self.val), (self, lambda g: -(g * self.sin())))


class Handle:
    def __init__(self, hooks):
        self._hooks = hooks

    def remove(self):
        self._hooks.pop(self, None)


class Function:
    """A rule of one's own: static forward(ctx, x) and backward(ctx, gradient), called by apply."""

    def __init__(self):
        self.saved_tensors = ()

    def save_for_backward(self, *values):
        self.saved_tensors = values

    @classmethod
    def apply(cls, x, *settings):
        ctx = cls()
        result = cls.forward(ctx, x.detach(), *settings)

        def pull(gradient):
            found = cls.backward(ctx, gradient)
            return found[0] if isinstance(found, tuple) else found

        return _made(_val(result), (x, pull))


def _val(x):
    return x.val if isinstance(x, Scalar) else float(x)


def _scalar(x):
    return x if isinstance(x, Scalar) else Scalar(x, requires_grad=False)


def _made(val, *links):
    links = tuple((x, pull) for x, pull in links if isinstance(x, Scalar) and x.requires_grad)
    out = Scalar(val, requires_grad=bool(links))
    out._links = links
    return out
