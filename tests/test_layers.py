"""The order of the rooms, kept: each file is parsed, and what it imports is held to the table."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "src" / "lookalike"

RANKS = {
    "core": 0,
    "models": 1,
    "world": 1,
    "train": 1,
    "describe": 2,
    "convert": 2,
    "refer": 2,
    "restyle": 2,
    "engine": 3,
    "mini": 5,
    "reverse": 5,
    "characters": 5,
    "evaluate": 5,
    "session": 6,
    "studio": 7,
    "scale": 7,
    "cli": 8,
    "__main__": 9,
}

HEAVY_ROOTS = {"torch", "torchvision", "diffusers", "transformers", "accelerate"}
HEAVY_OWN = {
    "lookalike.core.adjustment",
    "lookalike.core.embedding",
    "lookalike.core.plan",
    "lookalike.core.readings",
}  # which import torch
PICKLES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib"}
METHOD_ROOMS = {"describe", "convert", "refer"}
ABSOLUTE = re.compile(r"^(/(home|root|tmp|usr|var|opt|mnt|etc|work|Users|data)(/|$)|[A-Za-z]:\\)")


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str | None:
    """The room of a module's full name; None for the package itself."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else None


def is_type_checking(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def top_level(nodes: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that run on import, those inside if, try, with and class bodies included."""
    for node in nodes:
        if is_type_checking(node) or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        yield node
        for block in ("body", "orelse", "finalbody"):
            yield from top_level(getattr(node, block, []))
        for handler in getattr(node, "handlers", []):
            yield from top_level(handler.body)


def imported(node: ast.AST, package: str) -> list[str]:
    """The full names that an import statement in a module of `package` may load."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    above = package.split(".")
    above = above[: len(above) - node.level + 1] if node.level else []
    start = ".".join([*above, *([node.module] if node.module else [])])
    # "from lookalike import engine" reaches a room through its name, not through its module.
    return [start, *(f"{start}.{alias.name}" for alias in node.names)]


def faults(path: Path, source: str) -> list[str]:
    """Every rule that the text of one file breaks, as lines."""
    module, tree = module_name(path), ast.parse(source)
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    names = [name for node in ast.walk(tree) for name in imported(node, package)]
    found = [problem for name in names for problem in (upward(module, name), pickled(name))]
    if must_be_light(path, tree):
        found += [
            f"imports {name} when it is loaded"
            for node in top_level(tree.body)
            for name in imported(node, package)
            if is_heavy(name) and not (room_of(module) in METHOD_ROOMS and name in HEAVY_OWN)
        ]
    found += [forbidden(node) for node in ast.walk(tree)]
    return [f"{module}: {problem}" for problem in dict.fromkeys(found) if problem]


def upward(module: str, name: str) -> str | None:
    mine, theirs = room_of(module), room_of(name)
    if name.split(".")[0] != "lookalike" or mine in (None, theirs) or theirs not in RANKS:
        return None
    if RANKS[theirs] >= RANKS[mine]:
        return f"imports from {theirs}, which does not lie below {mine}"
    return None


def is_heavy(name: str) -> bool:
    return name.split(".")[0] in HEAVY_ROOTS or name in HEAVY_OWN


def pickled(name: str) -> str | None:
    return f"imports {name}" if name.split(".")[0] in PICKLES or name == "torch.load" else None


def must_be_light(path: Path, tree: ast.Module) -> bool:
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if room == "core":
        return path.name not in ("embedding.py", "plan.py", "readings.py")
    return room in ("__init__", "__main__", "cli") or (
        room in METHOD_ROOMS and holds_a_method(tree)
    )


def holds_a_method(tree: ast.Module) -> bool:
    """Whether a class names itself: `name = "…"` in its body is what makes a method."""
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    return any("name" in targets(statement) for node in classes for statement in node.body)


def targets(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.Assign):
        return [ast.unparse(target) for target in statement.targets]
    given = isinstance(statement, ast.AnnAssign) and statement.value is not None
    return [ast.unparse(statement.target)] if given else []


def forbidden(node: ast.AST) -> str | None:
    if isinstance(node, ast.Attribute) and ast.unparse(node) == "torch.load":
        return "calls torch.load; safetensors only"
    text = node.value if isinstance(node, ast.Constant) else None
    if isinstance(text, str) and ABSOLUTE.match(text):
        return f"holds the absolute path {text!r}"
    return None


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_a_file_keeps_to_its_room(path: Path) -> None:
    assert faults(path, path.read_text(encoding="utf-8")) == []


def test_every_room_has_a_rank() -> None:
    rooms = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in FILES}
    assert rooms - {"__init__"} <= set(RANKS)


@pytest.mark.parametrize(
    ("file", "source", "fault"),
    [
        ("core/files.py", "def f():\n    from lookalike.engine import run", "imports from engine"),
        ("convert/a.py", "from lookalike import describe", "imports from describe"),
        ("convert/a.py", "from ..describe import phrases", "imports from describe"),
        ("models/store.py", "from lookalike.world.draw import draw", "imports from world"),
        ("core/files.py", "import torch.nn", "imports torch.nn when"),
        (
            "core/files.py",
            "try:\n    from torch import Tensor\nexcept E:\n    pass",
            "imports torch",
        ),
        ("core/files.py", "from lookalike.core.embedding import mix", "imports lookalike.core.emb"),
        ("cli/main.py", "import diffusers", "imports diffusers when"),
        ("describe/a.py", "import torch\nclass A:\n    name = 'a'", "imports torch when"),
        ("mini/a.py", "import pickle", "imports pickle"),
        ("mini/a.py", "import torch\ntorch.load('x')", "calls torch.load"),
        ("mini/a.py", "from torch import load", "imports torch.load"),
        ("mini/a.py", "ROOT = '/home/me/data'", "holds the absolute path"),
    ],
)
def test_a_broken_rule_is_seen(file: str, source: str, fault: str) -> None:
    assert any(f": {fault}" in line for line in faults(PACKAGE / file, source))


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("engine/run.py", "from lookalike.convert.base import Converter\nimport torch"),
        ("describe/a.py", "def f():\n    import torch\nclass A:\n    name = 'a'"),
        ("core/a.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch"),
        ("convert/fold.py", "import torch\nclass Fold:\n    rank: int = 3"),
        ("session.py", "from .engine import run\nfrom . import mini"),
        ("models/store.py", "LINK = 'https://example.org/home/'"),
    ],
)
def test_what_is_allowed_is_left_alone(file: str, source: str) -> None:
    assert faults(PACKAGE / file, source) == []
