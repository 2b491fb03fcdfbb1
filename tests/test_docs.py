"""What the documents say is what is there."""

import re
from pathlib import Path

import pytest

from service.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
DOCS = sorted(
    [
        ROOT / "README.md",
        ROOT / "CHANGELOG.md",
        *ROOT.glob("docs/*.md"),
        *ROOT.glob("data/*.md"),
        ROOT / "models/README.md",
    ]
)


def settings_table() -> str:
    """The rows of the settings table in docs/operations.md."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = str(field.default).replace(f"{ROOT}/", "") or "(empty)"
        rows.append(f"| `ISCORE_{name.upper()}` | `{default}` | {field.description} |")
    return "\n".join(rows)


def test_every_setting_is_documented_with_its_default_and_meaning() -> None:
    assert settings_table() in (ROOT / "docs/operations.md").read_text("utf-8")


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_every_link_to_a_file_leads_to_one(path: Path) -> None:
    for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", path.read_text("utf-8")):
        assert (path.parent / target).exists(), target


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_every_path_in_code_style_exists(path: Path) -> None:
    for target in re.findall(
        r"`((?:service|training|models|data|tests|benchmarks|docs)/[\w./-]+\.\w+)`", path.read_text("utf-8")
    ):
        assert (ROOT / target).exists(), target


def test_the_readme_names_the_two_commands_that_the_makefile_has() -> None:
    makefile, readme = (ROOT / "Makefile").read_text("utf-8"), (ROOT / "README.md").read_text("utf-8")
    for command in ("serve", "test", "bench"):
        assert f"make {command}" in readme
        assert re.search(rf"^{command}:", makefile, re.MULTILINE)


def test_continuous_integration_runs_the_readmes_test_command_only() -> None:
    lines = [line for line in (ROOT / ".ci/run").read_text("utf-8").splitlines() if line and not line.startswith("#")]
    assert lines[-1] == "exec make test"
    assert not [line for line in lines if "install" in line]
