import matplotlib.pyplot as plt

from autograd_in_a_day import Var, gradients

losses = []
w = Var(0.5)
for _ in range(20):
    error = w * Var(2.0) - Var(3.0)
    loss = error * error
    w = Var(w.value - 0.05 * gradients(loss)[w])
    losses.append(loss.value)
plt.plot(losses)
plt.show()
