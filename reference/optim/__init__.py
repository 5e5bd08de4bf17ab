"""Rules that update parameters from their gradients, under torch's names.

A training run, with layers from ``nn`` and batches from ``data``:

>>> import numpy as np
>>> from reference import data, nn, optim
>>> generator = np.random.default_rng(0)
>>> x = np.linspace(-1, 1, 64).reshape(64, 1)
>>> samples = data.TensorDataset(x, 3 * x + 1)
>>> loader = data.DataLoader(samples, batch_size=16, shuffle=True, generator=generator)
>>> model = nn.Linear(1, 1, generator=generator)
>>> loss, optimizer = nn.MSELoss(), optim.SGD(model.parameters(), lr=0.5)
>>> for epoch in range(50):
...     for inputs, targets in loader:
...         optimizer.zero_grad()
...         loss(model(inputs), targets).backward()
...         _ = optimizer.step()
>>> round(model.weight.item(), 6), round(model.bias.item(), 6)
(3.0, 1.0)
"""

from reference.optim.adagrad import Adagrad
from reference.optim.adam import Adam
from reference.optim.adamw import AdamW
from reference.optim.optimizer import Optimizer
from reference.optim.rmsprop import RMSprop
from reference.optim.sgd import SGD

__all__ = ["SGD", "Adagrad", "Adam", "AdamW", "Optimizer", "RMSprop"]
