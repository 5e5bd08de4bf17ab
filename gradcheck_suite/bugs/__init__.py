"""The bug catalogue: wrong engines, each the reference or a scalar engine with one thing bent.

A grader is as good as the wrong engines that it catches. ``catalogue.BUGS`` has every one of them;
each file holds one theme. This package alone takes the reference apart: everything else reaches it
through its spelling.
"""
