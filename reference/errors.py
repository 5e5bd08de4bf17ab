"""What can go wrong, as a tree.

::

    RuntimeError
      AutogradError            anything this package refuses to do
        NoGradientError        a gradient is asked of something that has none
        GraphFreedError        backward through a graph whose saved values are gone
        ModifiedInPlaceError   a value that a rule needs was overwritten
        LeafError              a leaf is overwritten, or a result is treated as a leaf
        ShapeError             a cotangent or tangent has the wrong shape      (ValueError)
        OperandError           an operation cannot take these operands         (ValueError)
        DtypeError             a gradient is asked of integers or booleans     (TypeError)
        MissingRuleError       an operation has no derivative of this kind     (NotImplementedError)
        SettingError           a layer, optimizer or loader cannot be set up so (ValueError)
        FormatError            a file is not what its format says              (ValueError)

Every class is a ``RuntimeError``, as in torch; some are also the builtin a NumPy user expects.
"""


class AutogradError(RuntimeError):
    """The root of everything that this package raises on purpose."""


class NoGradientError(AutogradError):
    """A gradient is asked of a tensor that requires none, or does not take part."""


class GraphFreedError(AutogradError):
    """A backward pass reached a node whose saved values an earlier pass has freed."""


class ModifiedInPlaceError(AutogradError):
    """A value that a derivative rule needs was overwritten after it was saved."""


class LeafError(AutogradError):
    """A leaf that requires a gradient is overwritten, or a result is treated as a leaf."""


class ShapeError(AutogradError, ValueError):
    """A cotangent or a tangent has another shape than the value it belongs to."""


class OperandError(AutogradError, ValueError):
    """An operation cannot be applied to these operands, for instance to these shapes."""


class DtypeError(AutogradError, TypeError):
    """A gradient is asked of a tensor whose elements are not real floating-point numbers."""


class MissingRuleError(AutogradError, NotImplementedError):
    """An operation has no derivative rule of the kind that is asked for."""


class SettingError(AutogradError, ValueError):
    """A layer, an optimizer or a loader is set up with values that make no sense."""


class FormatError(AutogradError, ValueError):
    """A file is not what its format says that it should be."""
