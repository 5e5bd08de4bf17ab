from autograd_in_a_day.var import Var, cos, exp, gradients, log, sin, sqrt, tanh
