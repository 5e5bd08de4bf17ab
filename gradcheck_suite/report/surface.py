"""The loss surface of note 001, with a descent path, as a picture."""

from collections.abc import Sequence
from io import StringIO
from typing import Final

import numpy as np

__all__ = ["surface_svg"]

_REACH: Final = 10.0  # the note draws both weights from -10 to 10
_N_LINES: Final = 41


def surface_svg(path: Sequence[tuple[float, float]]) -> str:
    """Return (2 - w1 - w2)**2 + (4 - 3 w1 - w2)**2 as SVG: the surface, and ``path`` over contours.

    ``path`` holds (w1, w2) after every step, the start first. The same numbers give the same text.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    side = np.linspace(-_REACH, _REACH, _N_LINES)
    w1, w2 = np.meshgrid(side, side)
    loss = (2 - w1 - w2) ** 2 + (4 - 3 * w1 - w2) ** 2
    with mpl.rc_context({"svg.hashsalt": "gradcheck", "svg.fonttype": "none"}):
        figure = Figure(figsize=(9, 4), layout="constrained")
        FigureCanvasSVG(figure)
        surface = figure.add_subplot(1, 2, 1, projection="3d")
        surface.plot_surface(w1, w2, loss, cmap="viridis", rstride=2, cstride=2)
        surface.set(xlabel="w1", ylabel="w2", title="loss")
        surface.view_init(elev=30, azim=50)
        contours = figure.add_subplot(1, 2, 2)
        levels = np.geomspace(0.5, loss.max(), 16)
        contours.contour(w1, w2, loss, levels=levels, cmap="viridis", linewidths=0.8)
        contours.plot(*zip(*path, strict=True), color="#d4380d", marker="o", markersize=2)
        contours.plot([1], [1], color="black", marker="+")
        contours.set(xlabel="w1", ylabel="w2", title="descent to (1, 1)")
        out = StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    text = out.getvalue()
    return text[text.index("<svg") :]
