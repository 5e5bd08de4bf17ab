"""Templates: a line of Python over fixed names, which can be run and can be printed.

How an engine is spoken to is data: ``x.sum(axis=axis)`` is what the adapter runs and, with the
names filled in, what a report prints (``b = a.sum(axis=0)``). One text serves both, so that a
report never shows something else than what was run.
"""

import ast
from collections.abc import Callable, Mapping
from functools import cache
from types import CodeType
from typing import Any, Final, cast

from gradcheck_suite.errors import UsageError
from gradcheck_suite.program.optimizers import OPTIMIZERS

__all__ = ["Template", "template"]

# An argument that mentions one of these is left out of the call where its value is None or False:
# engines have these defaults, and not all of them take the argument itself.
OPTIONAL: Final = frozenset(
    {
        "argnum",
        "axes",
        "axis",
        "cotangent",
        "cotangent_nested",
        "cotangent_number",
        "create_graph",
        "high",
        "keepdims",
        "low",
        "retain_graph",
    },
) | {name for rule in OPTIMIZERS.values() for name, _ in rule.settings}


@cache
def template(text: str) -> "Template":
    """Return the template of ``text``, parsed once."""
    return Template(text)


@cache
def _code(text: str, parameters: tuple[str, ...], dropped: frozenset[str], result: str) -> CodeType:
    """Compile a line once, for however many engines have it."""
    return template(text).code(parameters, dropped, result)


class Template:
    """One line of Python, an expression or a statement, over names to be filled in."""

    def __init__(self, text: str) -> None:
        """Parse ``text``; UsageError where it is not Python."""
        self.text = text
        try:
            self._tree = ast.parse(text)
        except (SyntaxError, ValueError) as error:  # ValueError: a null byte
            msg = f"got the template {text!r}, expected a line of Python ({error})"
            raise UsageError(msg) from None
        if not self._tree.body:
            msg = "got an empty template, expected a line of Python"
            raise UsageError(msg)
        self.names = frozenset(n.id for n in ast.walk(self._tree) if isinstance(n, ast.Name))

    @property
    def is_expression(self) -> bool:
        """Tell whether the line has a value."""
        return len(self._tree.body) == 1 and isinstance(self._tree.body[0], ast.Expr)

    def print(self, texts: Mapping[str, str]) -> str:
        """Return the line with every name of ``texts`` replaced by its text."""
        dropped = {n for n in OPTIONAL if texts.get(n) in {"None", "False"}}
        parsed = {k: self._parse(k, text) for k, text in texts.items() if k in self.names}
        return ast.unparse(_Fill(parsed).visit(self._pruned(frozenset(dropped))))

    @staticmethod
    def _parse(name: str, text: str) -> ast.expr:
        """Parse a name's text; an index becomes ``np.s_[1:]``, which ``_Fill`` puts in brackets."""
        return ast.parse(f"np.s_[{text}]" if name == "index" else text, mode="eval").body

    def compile(
        self,
        parameters: tuple[str, ...],
        dropped: frozenset[str],
        namespace: dict[str, Any],
        result: str = "",
    ) -> Callable[..., Any]:
        """Return a function of ``parameters`` that runs the line in ``namespace``.

        The function returns the line's value; of a statement, the value of the name ``result``.
        """
        scope: dict[str, Any] = {}
        exec(_code(self.text, parameters, dropped, result), namespace, scope)  # noqa: S102 - its purpose
        return cast("Callable[..., Any]", scope["run"])

    def code(self, parameters: tuple[str, ...], dropped: frozenset[str], result: str) -> CodeType:
        """Return what defines the function ``run`` of ``parameters``."""
        body: list[ast.stmt] = list(self._pruned(dropped).body)
        if result:
            body.append(ast.Return(ast.Name(result, ast.Load())))
        elif self.is_expression:
            expression = body[0]
            assert isinstance(expression, ast.Expr)
            body = [ast.Return(expression.value)]
        module = ast.parse(f"def run({', '.join(parameters)}): ...")
        function = module.body[0]
        assert isinstance(function, ast.FunctionDef)
        function.body = body
        ast.fix_missing_locations(module)
        return compile(module, f"<{self.text}>", "exec")

    def _pruned(self, dropped: frozenset[str]) -> ast.Module:
        tree = ast.parse(self.text)
        pruned = _Prune(dropped).visit(tree) if dropped else tree
        assert isinstance(pruned, ast.Module)
        return pruned


class _Prune(ast.NodeTransformer):
    """Leave out dropped arguments: ``axis`` where it stands alone, a cotangent with its wrapping.

    ``x.sum(axis)`` becomes ``x.sum()``, and ``x.backward(Tensor(cotangent))`` ``x.backward()``.
    Before a positional argument that stays, None takes its place: ``x.sum(None, keepdims)``.
    """

    def __init__(self, dropped: frozenset[str]) -> None:
        self._dropped = dropped

    def visit_Call(self, node: ast.Call) -> ast.AST:
        while node.args and self._drops(node.args[-1]):
            node.args.pop()
        node.args = [ast.Constant(None) if self._drops(a) else a for a in node.args]
        node.keywords = [k for k in node.keywords if not self._drops(k.value)]
        return self.generic_visit(node)

    def _drops(self, argument: ast.expr) -> bool:
        whole = (ast.Starred, ast.Subscript)  # *axes, betas[0]
        alone = argument.value if isinstance(argument, whole) else argument
        if isinstance(alone, ast.Name):
            return alone.id in self._dropped
        names = {n.id for n in ast.walk(argument) if isinstance(n, ast.Name)}
        return any(name.startswith("cotangent") for name in names & self._dropped)


class _Fill(ast.NodeTransformer):
    """Replace names by expressions; inside of brackets an index is written with its colons."""

    def __init__(self, parsed: Mapping[str, ast.expr]) -> None:
        self._parsed = parsed

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        index = self._parsed.get("index")
        if isinstance(index, ast.Subscript) and getattr(node.slice, "id", "") == "index":
            node.slice = index.slice
        self.generic_visit(node)
        match node:
            case ast.Subscript(ast.Tuple(elements), ast.Constant(int(place))):
                return elements[place]  # (0.5, 0.75)[0]: a pair that is two arguments there
            case _:
                return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Write ``f(a, b)`` for a list that is handed over with a star."""
        self.generic_visit(node)
        lists = [isinstance(a, ast.Starred) and isinstance(a.value, ast.List) for a in node.args]
        pairs = zip(node.args, lists, strict=True)
        node.args = [b for a, is_list in pairs for b in (a.value.elts if is_list else [a])]  # type: ignore[attr-defined]  # as `lists` says
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return self._parsed.get(node.id, node)

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        """Decide ``1e-8 if eps is None else eps``, as nobody would write it out."""
        self.generic_visit(node)
        match node.test:
            case ast.Constant(bool(is_true)):
                return node.body if is_true else node.orelse
            case ast.Compare(ast.Constant(None), [ast.Is()], [ast.Constant(None)]):
                return node.body
            case ast.Compare(_, [ast.Is()], [ast.Constant(None)]):
                return node.orelse
            case _:
                return node
