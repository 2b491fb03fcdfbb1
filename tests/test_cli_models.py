"""``iscore models`` and ``iscore rescore --model``: try a version, see what would change, put it live, take it back."""

import re
import signal
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from service.cli.kept import kept
from service.cli.main import main
from service.registry import Registry, registry_of
from service.settings import read_settings
from service.types import Headline, Score, ScoredHeadline
from tests.tiny_models import write_version

REASON = ("--reason", "It knows the local elections")


class Result(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Result]


@pytest.fixture
def iscore(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Iterator[Run]:
    """Runs a command in this process; tiny-1 is shipped, tiny-2, which says the opposite, was made here."""
    monkeypatch.setenv("ISCORE_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("ISCORE_MODELS", str(tmp_path / "models"))
    write_version(tmp_path / "models" / "tiny-1")
    write_version(tmp_path / "state" / "models" / "tiny-2", upside_down=True)
    Registry(tmp_path / "models").use("tiny-1")

    def run(*arguments: object) -> Result:
        with pytest.raises(SystemExit) as exited:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return Result(int(exited.value.code or 0), out, err)

    before = signal.getsignal(signal.SIGTERM)
    yield run
    signal.signal(signal.SIGTERM, before)


def put(*numbers: int, model: str = "tiny-1") -> None:
    """Headlines of the last hour whose titles are their scores."""
    now = datetime.now(UTC)
    found = []
    for n in numbers:
        time = now - timedelta(minutes=1 + n / 2)
        headline = Headline(f"h{n:03}", f"w{n}", f"https://news.example/{n}", "Example", time, time)
        found.append(ScoredHeadline(headline, Score(float(n)), model))
    with kept() as store:
        store.put(found)


def current() -> str:
    return registry_of(read_settings()).current()


@pytest.mark.parametrize("command", [["models", "promote"], ["models", "rollback"], ["models", "changes"]])
def test_help_has_a_summary_and_an_example(iscore: Run, command: Sequence[str]) -> None:
    answer = iscore(*command, "--help")
    assert (answer.code, answer.err) == (0, "")
    assert re.search(rf"Example:\n    iscore {' '.join(command)}", answer.out)


def test_promote_puts_live_scores_first_and_is_logged(iscore: Run) -> None:
    put(90, 20)
    answer = iscore("models", "promote", "tiny-2", *REASON)
    assert (answer.code, answer.out) == (0, "tiny-2 serves; before it was tiny-1\n")
    assert current() == "tiny-2"
    assert "* tiny-2" in iscore("models", "list").out
    with kept() as store:
        assert store.ruler(store.revision()) == "tiny-2"
        (_, scores) = store.get("h090") or (None, {})
        assert {model: score.raw for model, score in scores.items()} == {"tiny-1": 90, "tiny-2": 10}
        (logged,) = store.audit.entries(10)
        assert (logged.entry.by, logged.entry.action, logged.entry.subject) == (
            "command line",
            "model.promote",
            "tiny-2",
        )
        assert (logged.entry.details["before"], logged.entry.details["reason"]) == ("tiny-1", REASON[1])


def test_promote_without_the_gates_word_says_what_is_missing(iscore: Run) -> None:
    answer = iscore("models", "promote", "tiny-2")
    assert (answer.code, answer.out) == (2, "")
    assert "no training run has made tiny-2" in answer.err
    assert "10 characters" in answer.err
    assert current() == "tiny-1"
    assert "serves already" in iscore("models", "promote", "tiny-1", *REASON).err


def test_rollback_leads_back_and_says_when_there_is_no_way(iscore: Run) -> None:
    assert "nothing to roll back to" in iscore("models", "rollback").err
    iscore("models", "promote", "tiny-2", *REASON)
    assert iscore("models", "rollback").out == "tiny-1 serves; before it was tiny-2\n"
    assert current() == "tiny-1"
    answer = iscore("models", "rollback")
    assert (answer.code, answer.out) == (2, "")


def test_a_damaged_version_is_never_put_live(iscore: Run, tmp_path: Path) -> None:
    (tmp_path / "state" / "models" / "tiny-2" / "encoder.onnx").write_bytes(b"damaged")
    answer = iscore("models", "promote", "tiny-2", *REASON)
    assert (answer.code, answer.out) == (2, "")
    assert "encoder.onnx" in answer.err
    assert current() == "tiny-1"


def test_changes_are_told_as_text(iscore: Run) -> None:
    put(90, 60, 20)
    answer = iscore("models", "changes", "tiny-2")
    assert (answer.code, answer.err) == (0, "")
    lines = answer.out.splitlines()
    assert lines[:2] == [
        "tiny-1 -> tiny-2: -13.3 points on average, headlines compared: 3",
        "bands: top 1 -> 1, major 1 -> 0, notable 1 -> 2",
    ]
    assert "The first 10: 0 enter, 0 leave, 2 move" in lines
    assert "  ~    3 -> 1     w20" in lines
    assert lines[-3:] == [
        "   -80.0   90 ->  10  w90",
        "   +60.0   20 ->  80  w20",
        "   -20.0   60 ->  40  w60",
    ]
    assert current() == "tiny-1"


def test_changes_take_a_window_of_at_most_a_day(iscore: Run) -> None:
    put(90, 20)
    assert "compared: 1\n" in iscore("models", "changes", "tiny-2", "--window", "30m").out
    assert "24h or less" in iscore("models", "changes", "tiny-2", "--window", "2d").err


def test_a_title_with_escape_sequences_reaches_no_terminal(iscore: Run) -> None:
    now = datetime.now(UTC) - timedelta(minutes=1)
    headline = Headline("x", "w90 \x1b[31mred", "https://news.example/x", "Example", now, now)
    with kept() as store:
        store.put([ScoredHeadline(headline, Score(60.0), "tiny-1")])
    assert "\x1b" not in iscore("models", "changes", "tiny-2").out


@pytest.mark.parametrize("by", ["name", "folder"])
def test_rescore_tries_a_version_by_its_name_or_its_folder(iscore: Run, tmp_path: Path, by: str) -> None:
    (tmp_path / "in.csv").write_text("title\nw85\n")
    chosen = "tiny-2" if by == "name" else tmp_path / "state" / "models" / "tiny-2"
    answer = iscore("rescore", tmp_path / "in.csv", tmp_path / "out.csv", "--model", chosen)
    assert answer.code == 0
    assert (
        tmp_path / "out.csv"
    ).read_text() == "title,i_score,i_score_raw,band,model,error\nw85,15,15.0,notable,tiny-2,\n"
    assert current() == "tiny-1"


def test_rescore_names_the_versions_there_are_when_it_knows_none_of_that_name(iscore: Run, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("title\nw85\n")
    answer = iscore("rescore", tmp_path / "in.csv", tmp_path / "out.csv", "--model", "tiny-9")
    assert (answer.code, answer.out) == (2, "")
    assert "tiny-1, tiny-2" in answer.err
    assert not (tmp_path / "out.csv").exists()
