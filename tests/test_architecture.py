"""The house keeps its shape: who may import whom, and how large a room may be."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted([*ROOT.glob("service/**/*.py"), *ROOT.glob("training/**/*.py")])

FLOOR = {"types", "errors", "bands", "text", "amounts", "reading", "settings", "windows", "judgements", "ranks"}
LAYERS: list[set[str]] = [
    FLOOR,
    {"artifact", "arrays", "head", "topics", "taste", "calibration", "store", "keys", "language"},
    {"feeds", "telling", "alike", "stories", "ranking", "agreement", "labels"},
    {"encoder"},
    {"model", "registry", "scoring", "explain", "lists", "grouping", "movement", "forms", "syndication", "widget"},
    {
        *("current", "ingest", "rescore", "batch", "files", "sample", "selecting", "changes", "promotion"),
        *("drift", "runs", "editor"),
    },
    {"api"},
    {"cli"},
]
"""Each room may import rooms of its own layer and of those above it in this list."""

SERVING_MUST_NOT = {"torch", "sentence_transformers", "sklearn", "transformers", "onnx", "pickle", "joblib", "training"}
ONLY_IN = {"sqlalchemy": "service/store/", "alembic": "service/store/", "pyarrow": "service/files/"}
TRAINING_MAY = {
    *("types", "errors", "text", "amounts", "reading", "bands", "settings", "files", "judgements", "ranks"),
    *("artifact", "arrays", "encoder", "head", "calibration", "topics", "taste", "model", "registry", "scoring"),
}


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add(node.module)
            if node.module in {"service", "training"}:
                found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def room(path: Path) -> str:
    return path.relative_to(ROOT).parts[1].removesuffix(".py")


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_no_file_is_longer_than_a_sitting(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 300


@pytest.mark.parametrize("path", [p for p in SOURCES if name(p).startswith("service/")], ids=name)
def test_serving_needs_nothing_of_training(path: Path) -> None:
    assert not {one.split(".")[0] for one in imports(path)} & SERVING_MUST_NOT


@pytest.mark.parametrize("path", [p for p in SOURCES if name(p).startswith("service/")], ids=name)
def test_imports_go_down_the_layers_only(path: Path) -> None:
    if room(path) in {"__init__", "__main__"}:
        return
    level = {one: number for number, layer in enumerate(LAYERS) for one in layer}
    for one in imports(path):
        if one.startswith("service."):
            assert level[one.split(".")[1]] <= level[room(path)], f"{name(path)} imports {one}"


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_a_database_or_file_library_is_imported_in_its_own_room_only(path: Path) -> None:
    for library, places in ONLY_IN.items():
        if any(one.split(".")[0] == library for one in imports(path)):
            assert name(path).startswith(places)


@pytest.mark.parametrize("path", [p for p in SOURCES if name(p).startswith("training/")], ids=name)
def test_training_uses_the_floor_and_the_model_of_serving_only(path: Path) -> None:
    used = {one.split(".")[1] for one in imports(path) if one.startswith("service.")}
    assert used <= TRAINING_MAY


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_no_room_has_a_name_that_says_nothing(path: Path) -> None:
    assert path.stem not in {"utils", "util", "helpers", "helper", "common", "core", "manager", "misc"}


def test_a_package_root_holds_a_docstring_only() -> None:
    for path in ROOT.glob("service/**/__init__.py"):
        body = ast.parse(path.read_text("utf-8")).body
        assert len(body) == 1
        assert isinstance(body[0], ast.Expr)
