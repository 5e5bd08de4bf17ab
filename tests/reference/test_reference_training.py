"""Whole training runs: data, layers, loss and optimizer together, and what they leave behind."""

import gc
import importlib
from importlib.resources import files

import numpy as np
import pytest

import reference as ref
from reference import nn, optim
from reference.data import DataLoader, TensorDataset, read_idx
from reference.graph import Node

FASHION = files("gradcheck_suite") / "data" / "fashion-mnist"
N_EPOCHS = 40
# Gradients are computed from values that differ by roundings, and so differ by as much, in each of
# 200 steps. These runs are smooth: 1e-15 was seen; a hundredfold is left to other BLAS libraries.
TOLERANCE = 1e-13


def clothes(part):
    """Return every fourth pixel of the images, from 0 to 1, and their classes."""
    images = read_idx(FASHION / f"{part}-images-idx3-ubyte.gz")[:, ::4, ::4] / 255.0
    return TensorDataset(images, read_idx(FASHION / f"{part}-labels-idx1-ubyte.gz").astype(int))


def network(seed):
    """Make a network for images of 7 x 7 pixels."""
    generator = np.random.default_rng(seed)
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(49, 12, generator=generator),
        nn.Tanh(),
        nn.Linear(12, 10, generator=generator),
    )


@pytest.mark.needs_module("torch")
@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("SGD", {"lr": 0.5}),
        ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 1e-3}),
        ("Adam", {"lr": 0.01}),
        ("AdamW", {"lr": 0.01}),
        ("RMSprop", {"lr": 0.003, "centered": True}),
        ("Adagrad", {"lr": 0.05}),
    ],
    ids=["SGD", "SGD-nesterov", "Adam", "AdamW", "RMSprop", "Adagrad"],
)
def test_a_training_run_is_torchs(name, settings):
    """Over 200 steps on shuffled batches of images, losses and all parameters are torch's."""
    torch = importlib.import_module("torch")
    ours = network(0)
    theirs = torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Linear(49, 12), torch.nn.Tanh(), torch.nn.Linear(12, 10)
    ).double()
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        other.data.copy_(torch.tensor(mine.data))
    rule = getattr(optim, name)(ours.parameters(), **settings)
    other_rule = getattr(torch.optim, name)(theirs.parameters(), **settings)
    data = clothes("t10k")
    loader = DataLoader(data, 120, shuffle=True, generator=np.random.default_rng(1))
    losses = []
    for _ in range(N_EPOCHS):
        for x, y in loader:
            rule.zero_grad()
            loss = nn.CrossEntropyLoss()(ours(x), y)
            loss.backward()
            rule.step()
            other_rule.zero_grad()
            expected = torch.nn.CrossEntropyLoss()(
                theirs(torch.tensor(x.data)), torch.tensor(y.data)
            )
            expected.backward()
            other_rule.step()
            losses.append(loss.item())
            assert abs(loss.item() - expected.item()) <= TOLERANCE
            for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
                assert np.abs(mine.data - other.numpy(force=True)).max() <= TOLERANCE
    assert len(losses) == 200
    assert losses[-1] < losses[0] / 2


def test_a_network_learns_to_tell_clothes_apart():
    """After five epochs on 2,000 images it is right on most of 500 others; chance is a tenth."""
    model, (x, y) = network(0), clothes("t10k")[:]
    rule = optim.Adam(model.parameters(), lr=0.01)
    data = clothes("train")
    for x_batch, y_batch in [
        batch
        for epoch in range(5)
        for batch in DataLoader(data, 50, shuffle=True, generator=np.random.default_rng(epoch))
    ]:
        rule.zero_grad()
        nn.CrossEntropyLoss()(model(x_batch), y_batch).backward()
        rule.step()
    with ref.no_grad():
        right = model(x).argmax(1) == y
    assert right.data.mean() > 0.6


def test_a_forgotten_zero_grad_shows():
    """Without it, the second step goes along the sum of both gradients."""
    x = nn.Parameter(1.0)
    rule = optim.SGD([x], lr=0.5)
    for expected in (0.0, -2.0):
        (x * 2).backward()
        rule.step()
        assert x.item() == expected


def test_training_leaves_nothing_behind():
    """With the garbage collector off, ten more steps leave as many tensors and nodes as one."""
    model, (x, y) = network(0), clothes("t10k")[:20]
    rule = optim.Adam(model.parameters())

    def step():
        rule.zero_grad()
        nn.CrossEntropyLoss()(model(x), y).backward()
        rule.step()

    def n_alive():
        return sum(type(thing) in (ref.Tensor, nn.Parameter, Node) for thing in gc.get_objects())

    gc.collect()
    gc.disable()
    try:
        step()
        after_one = n_alive()
        for _ in range(10):
            step()
        assert n_alive() == after_one
    finally:
        gc.enable()
