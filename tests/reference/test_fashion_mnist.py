"""The network on Fashion-MNIST that note 001 has as a heading: the reference and torch in step."""

import importlib

import numpy as np
import pytest

import reference as ref
from gradcheck_suite.data import fashion
from reference import nn, optim
from reference.data import DataLoader, TensorDataset

N_EPOCHS = 4
BATCH = 50
# The runs differ by roundings in every step. 1e-10 is what is promised; what is seen is smaller.
IN_STEP = 1e-10
LEAST_RIGHT = 0.75


def clothes(part):
    """Return images as numbers from 0 to 1, and their classes."""
    images, classes = fashion(part)
    return images / 255.0, classes.astype(int)


def network():
    """Make a network of 784 pixels, 64 neurons and 10 classes."""
    generator = np.random.default_rng(0)
    return nn.Sequential(
        nn.Linear(784, 64, generator=generator),
        nn.Tanh(),
        nn.Linear(64, 10, generator=generator),
    )


def batches():
    """Yield the shuffled batches of every epoch, the same each time."""
    data = TensorDataset(*clothes("train"))
    for epoch in range(N_EPOCHS):
        yield from DataLoader(data, BATCH, shuffle=True, generator=np.random.default_rng(epoch))


def share_right(scores, classes):
    """Return how many of the scores have their maximum at the class."""
    return float((np.argmax(scores, axis=1) == classes).mean())


@pytest.mark.needs_module("torch")
def test_the_reference_and_torch_train_in_step_and_learn():
    """Every loss is the same to 1e-10, and three of four unseen images are told apart."""
    torch = importlib.import_module("torch")
    ours = network()
    theirs = torch.nn.Sequential(
        torch.nn.Linear(784, 64), torch.nn.Tanh(), torch.nn.Linear(64, 10)
    ).double()
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        other.data.copy_(torch.tensor(mine.data))
    settings = {"lr": 0.1, "momentum": 0.9}
    rule = optim.SGD(ours.parameters(), **settings)
    other_rule = torch.optim.SGD(theirs.parameters(), **settings)
    n_steps, apart = 0, 0.0
    for x, y in batches():
        rule.zero_grad()
        other_rule.zero_grad()
        loss = nn.CrossEntropyLoss()(ours(x), y)
        expected = torch.nn.CrossEntropyLoss()(theirs(torch.tensor(x.data)), torch.tensor(y.data))
        loss.backward()
        expected.backward()
        rule.step()
        other_rule.step()
        n_steps += 1
        apart = max(apart, abs(loss.item() - expected.item()))
    assert n_steps == N_EPOCHS * 2000 // BATCH
    assert apart <= IN_STEP
    images, classes = clothes("t10k")
    with ref.no_grad():
        assert share_right(ours(ref.Tensor(images)).data, classes) >= LEAST_RIGHT
    with torch.no_grad():
        assert share_right(theirs(torch.tensor(images)).numpy(), classes) >= LEAST_RIGHT


def test_the_images_are_those_of_the_official_format():
    """The suite's short reader and the reference's whole one see the same."""
    images, classes = fashion("t10k")
    assert images.shape == (500, 784)
    assert np.bincount(classes).tolist() == [50] * 10
    assert np.bincount(fashion("train")[1]).tolist() == [200] * 10
