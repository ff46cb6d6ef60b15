"""Runs the lines of a script, each a piece of Python, one after the other; tells as JSON what each came to."""
import ast
import json
import sys

from pylxd.models._model import AttributeDict, Model


def plain(value):
    """What JSON can say: models and states as their fields, sequences as lists, bytes as text."""
    if isinstance(value, Model):
        fields = {}
        for name in value.__attributes__:
            try:
                fields[name] = plain(getattr(value, name))
            except Exception as error:
                fields[name] = f"raises {type(error).__name__}"
        return {type(value).__name__: fields}
    if isinstance(value, AttributeDict):
        return {name: plain(one) for name, one in value}
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    return type(value).__name__


def main():
    names = {}
    exec("import os, pylxd, pylxd.exceptions", names)
    outcomes = []
    for code in json.load(sys.stdin):
        try:
            tree = ast.parse(code)
            last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
            exec(compile(tree, "step", "exec"), names)
            value = None if last is None else eval(compile(ast.Expression(last.value), "step", "eval"), names)
            outcomes.append({} if value is None else {"value": plain(value)})
        except Exception as error:
            outcomes.append({"raises": f"{type(error).__name__}: {error}"})
    json.dump(outcomes, sys.stdout)


main()
