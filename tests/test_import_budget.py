"""Heavy modules stay out until they are needed: ``iscore --help`` answers at once, the service fits a small machine."""

import subprocess
import sys

import pytest

TRAINING = {"torch", "sentence_transformers", "transformers", "sklearn", "pandas", "pyarrow", "onnx", "matplotlib"}
SERVING = {"fastapi", "onnxruntime", "tokenizers", "numpy", "sqlalchemy", "uvicorn", "httpx"}


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [("service.cli.main", TRAINING | SERVING), ("service.batch", TRAINING), ("service.api.app", TRAINING)],
)
def test_importing_a_module_does_not_import(module: str, forbidden: set[str]) -> None:
    code = f"import sys, {module}; print(*sorted(set({sorted(forbidden)}) & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout.split(), done.stderr) == ([], "")
