"""The container's recipe, checked without an engine: its paths exist, its commands are ours, it is not root."""

import json
import re
from importlib.metadata import requires
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
LINES = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ").splitlines()


def instructions(name: str) -> list[str]:
    return [line.split(maxsplit=1)[1] for line in LINES if line.startswith(name + " ")]


def test_everything_that_is_copied_exists_and_is_not_ignored() -> None:
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    for copied in instructions("COPY"):
        if not copied.startswith("--from"):
            for source in copied.split()[:-1]:
                assert (ROOT / source).exists(), source
                assert f"!{source}" in ignored, source


def test_the_installed_extras_exist_and_bring_no_training_libraries() -> None:
    (extras,) = re.findall(r'"\.\[([\w,]+)\]"', "\n".join(instructions("RUN")))
    wanted = [
        line
        for line in requires("iscore") or []
        if "extra ==" not in line or any(f'extra == "{extra}"' in line for extra in extras.split(","))
    ]
    names = {re.split(r"[<>=!\[; ]", line)[0] for line in wanted}
    assert {"psycopg", "pyarrow", "onnxruntime"} <= names
    assert not names & {"torch", "sentence-transformers", "scikit-learn", "onnx", "datasets"}


def test_it_does_not_run_as_root_and_writes_to_its_volume_only() -> None:
    assert instructions("USER") == ["iscore"]
    assert instructions("VOLUME") == ["/state"]
    assert "ISCORE_STATE=/state" in " ".join(instructions("ENV"))


def test_it_starts_the_service_and_asks_the_route_that_says_ready() -> None:
    assert json.loads(instructions("CMD")[-1]) == ["iscore", "serve"]
    assert "/readyz" in " ".join(instructions("HEALTHCHECK"))


def test_compose_waits_for_a_healthy_database_and_holds_no_password() -> None:
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
    service, database = compose["services"]["iscore"], compose["services"]["database"]
    assert service["depends_on"]["database"]["condition"] == "service_healthy"
    assert database["environment"]["POSTGRES_PASSWORD"].startswith("${ISCORE_DATABASE_PASSWORD:?")
