"""The graph of operations, and the walk through it."""


class Node:
    """One operation that was carried out: its inputs, and the rule for their gradients.

    An input that needed no gradient when the operation ran stands as None.
    """

    __slots__ = ("inputs", "rule")

    def __init__(self, inputs, rule):
        self.inputs = tuple(t if t.requires_grad else None for t in inputs)
        self.rule = rule

    def free(self):
        self.inputs, self.rule = (), None


def consumers_first(root):
    """The tensors below ``root``, each one after everything that was computed from it."""
    order, seen, stack = [], set(), [(root, False)]
    while stack:
        tensor, inputs_done = stack.pop()
        if inputs_done:
            order.append(tensor)
        elif id(tensor) not in seen:
            seen.add(id(tensor))
            stack.append((tensor, True))
            if tensor._node is not None:
                if tensor._node.rule is None:
                    raise RuntimeError(
                        "backward through a graph that was freed: "
                        "say backward(retain_graph=True) the first time"
                    )
                stack.extend((t, False) for t in tensor._node.inputs if t is not None)
    return order[::-1]


def run_backward(root, gradient, retain_graph):
    order = consumers_first(root)
    pending = {id(root): gradient}
    arrived = []
    for tensor in order:
        g = pending.pop(id(tensor))
        if tensor.is_leaf or tensor.retains_grad:
            arrived.append((tensor, g))
        if tensor._node is None:
            continue
        for source, share in zip(tensor._node.inputs, tensor._node.rule(g), strict=True):
            if source is not None:
                key = id(source)
                pending[key] = pending[key] + share if key in pending else share
    # Only now: a rule that raises leaves every gradient as it was.
    for tensor, g in arrived:
        tensor._accumulate(g)
    if not retain_graph:
        for tensor in order:
            if tensor._node is not None:
                tensor._node.free()
