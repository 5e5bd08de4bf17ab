from lazyflow import functional
from lazyflow.tensor import Tensor, set_grad_enabled
