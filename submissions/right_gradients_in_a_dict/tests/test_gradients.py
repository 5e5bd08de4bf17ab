import torch

from autograd_in_a_day import Var, gradients


def test_product():
    a, b = Var(2.0), Var(3.0)
    t = torch.tensor(2.0, requires_grad=True)
    (t * 3.0).backward()
    assert gradients(a * b)[a] == t.grad.item()
