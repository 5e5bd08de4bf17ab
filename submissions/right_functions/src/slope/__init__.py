from .differentiate import elementwise_grad, grad, value_and_grad, vjp
from .numeric import *
