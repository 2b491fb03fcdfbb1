import http.server
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import pytest

from service.bands import BANDS
from service.cli.main import main
from service.explain import explain
from service.files.rows import CHUNK_ROWS
from service.forms import score_view
from service.language import language_of
from service.model import ImportanceModel
from service.registry import Registry
from service.scoring import full_scores, score, score_fields, score_titles
from service.settings import Settings
from service.store.connect import open_store
from service.store.editorial import Entry
from service.types import Headline

COMMANDS = [
    ["score"],
    ["rescore"],
    ["serve"],
    ["top"],
    ["ingest"],
    *(["feeds", name] for name in ("list", "add", "remove", "check", "import", "export")),
    ["keys", "create"],
    ["keys", "list"],
    ["keys", "revoke"],
    ["models", "list"],
    ["models", "show"],
    ["models", "use"],
    ["models", "verify"],
]
TITLE = "Earthquake kills dozens in eastern Turkey"


class Result(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Result]


@pytest.fixture
def iscore(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, models_dir: Path
) -> Iterator[Run]:
    """Runs a command in this process, with its state in a folder of its own and no service on this machine."""
    monkeypatch.setenv("ISCORE_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("ISCORE_MODELS", str(models_dir))
    monkeypatch.setenv("ISCORE_PORT", "9")  # discard: nothing answers there
    before = signal.getsignal(signal.SIGTERM)

    def run(*arguments: object, stdin: bytes = b"") -> Result:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(stdin))))
        with pytest.raises(SystemExit) as exited:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return Result(int(exited.value.code or 0), out, err)

    yield run
    signal.signal(signal.SIGTERM, before)


def spawn(*arguments: object, **environment: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "service", *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **{name: str(value) for name, value in environment.items()}},
    )


# --- help, version, errors --------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_has_a_summary_and_an_example(iscore: Run, command: list[str]) -> None:
    answer = iscore(*command, "--help")
    assert answer.code == 0
    assert f"Usage: iscore {' '.join(command)}" in answer.out
    assert re.search(rf"Examples?:\n    iscore {' '.join(command)}", answer.out)


def test_help_lists_the_commands(iscore: Run) -> None:
    assert {line.split()[0] for line in iscore("--help").out.partition("Commands:\n")[2].splitlines()} == {
        "score",
        "rescore",
        "serve",
        "top",
        "ingest",
        "feeds",
        "keys",
        "labels",
        "models",
        "audit",
    }


def test_help_of_serve_names_every_setting_it_overrides(iscore: Run) -> None:
    text = iscore("serve", "--help").out
    for name in ("host", "port", "state", "threads", "public_url"):
        assert f"ISCORE_{name.upper()}" in text


def test_version(iscore: Run) -> None:
    assert iscore("--version") == (0, f"iscore {version('iscore')}\n", "")


def test_an_error_is_one_line_without_a_traceback(iscore: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISCORE_MODELS", str(tmp_path))
    code, out, err = iscore("score", TITLE)
    assert (code, out) == (2, "")
    assert err.startswith("error: no current model in ")
    assert err.count("\n") == 1


def test_a_bad_setting_is_named(iscore: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISCORE_PORT", "99999")
    answer = iscore("serve")
    assert (answer.code, answer.err.startswith("error: bad setting: ISCORE_PORT")) == (2, True)


def test_a_full_disk_is_an_error_with_exit_code_1(iscore: Run, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(f"title\n{TITLE}\n")
    answer = iscore("rescore", tmp_path / "in.csv", "/dev/full", "--format", "csv")
    assert answer == (1, "", "error: [Errno 28] No space left on device\n")


# --- score ------------------------------------------------------------------------------------------


def test_score_prints_score_band_and_title_separated_by_tabs(iscore: Run, model: ImportanceModel) -> None:
    titles = [TITLE, "[red]10 tips[/red]\tfor &amp; against"]
    lines = []
    for raw, title in zip(score_titles(model, titles), [TITLE, "[red]10 tips[/red] for & against"], strict=True):
        fields = score_fields(raw, model.version)
        lines.append(f"{fields['i_score']}\t{fields['band']}\t{title}\n")
    assert iscore("score", *titles) == (0, "".join(lines), "")


def test_score_prints_a_table_on_a_terminal(
    iscore: Run, model: ImportanceModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TERM", "dumb")
    raw = score_titles(model, [TITLE])[0]
    fields = score_fields(raw, model.version)
    symbol = next(band.symbol for band in BANDS if band.name == fields["band"])
    assert iscore("score", TITLE).out.split(maxsplit=4) == [str(fields["i_score"]), "/", "100", symbol, TITLE + "\n"]


def test_score_explains_in_a_pipe_and_as_json(iscore: Run, model: ImportanceModel) -> None:
    why = explain(model, TITLE)
    points = "".join(f"\t{word.word} {word.points:+.1f}" for word in why.words)
    assert iscore("score", "--explain", TITLE).out.endswith(f"\t{TITLE}{points}\n")
    told = json.loads(iscore("score", "--explain", "--json", TITLE).out)
    assert told["why"]["base"] + sum(w["points"] for w in told["why"]["words"]) == pytest.approx(told["i_score_raw"])


def test_score_explains_with_coloured_words_on_a_terminal(
    iscore: Run, model: ImportanceModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERM", "xterm-256color")
    out = iscore("score", "--explain", "Earthquake kills 4,000").out
    points = {word.word: word.points for word in explain(model, "Earthquake kills 4,000").words}
    assert points["kills"] > 10
    assert f"\x1b[1;31mkills \x1b[0m\x1b[2m{points['kills']:+.0f}" in out


@pytest.mark.parametrize("by", ["file", "pipe"])
def test_score_reads_lines_and_leaves_out_empty_ones(
    iscore: Run, model: ImportanceModel, tmp_path: Path, by: str
) -> None:
    text = f"\ufeff{TITLE}\r\n\n  \nÉlections à Paris".encode()
    (tmp_path / "titles.txt").write_bytes(text)
    answer = iscore("score", "--json", "--file", "-" if by == "pipe" else tmp_path / "titles.txt", stdin=text)
    rows = [json.loads(line) for line in answer.out.splitlines()]
    titles = [TITLE, "Élections à Paris"]
    languages = [language_of(title) for title in titles]
    assert rows == [
        {
            "title": title,
            "topic": one.topic,
            "language": language,
            **score_fields(one.raw, model.version),
            **score_view(one),
        }
        for title, language, one in zip(titles, languages, full_scores(model, titles, languages), strict=True)
    ]
    assert f"{titles[1]!r} is uncertain: not English (fr)" in answer.err
    assert TITLE not in answer.err


def test_score_goes_on_behind_a_title_that_cannot_be_scored(iscore: Run) -> None:
    answer = iscore("score", "--file", "-", stdin=b"...\ncaf\xe9\n" + TITLE.encode())
    assert answer.code == 3
    assert [line.split("\t")[2] for line in answer.out.splitlines()][::2] == ["...", TITLE]
    assert [line.startswith("\t\t") for line in answer.out.splitlines()] == [True, True, False]
    assert re.findall(r": (.*)", answer.err) == [
        "title is empty: it needs at least one letter or digit",
        "line is not UTF-8",
    ]


@pytest.mark.parametrize("arguments", [[], [TITLE, "--file", "-"], ["--file", "/none"]])
def test_score_with_a_wrong_call_exits_2(iscore: Run, arguments: list[str]) -> None:
    assert iscore("score", *arguments).code == 2


# --- rescore ----------------------------------------------------------------------------------------


def test_rescore_gives_the_scores_of_score_in_every_format(iscore: Run, tmp_path: Path) -> None:
    titles = [TITLE, "Ten ways to fold a towel"]
    expected = [json.loads(line) for line in iscore("score", "--json", *titles).out.splitlines()]
    source = tmp_path / "in.csv"
    source.write_text("id,headline\n" + "".join(f"{i},{title}\n" for i, title in enumerate(titles)))
    for name in ("out.csv", "out.csv.gz", "out.jsonl", "out.parquet"):
        assert iscore("rescore", source, tmp_path / name, "--title-column", "headline").code == 0
        answer = iscore("rescore", tmp_path / name, "-", "--title-column", "headline")
        rows = [json.loads(line) for line in answer.out.splitlines()]
        scores = [{key: one[key] for key in score_fields(0, "")} for one in expected]
        wanted = [{"id": str(i), "headline": titles[i], **score} for i, score in enumerate(scores)]
        assert rows == wanted


def test_rescore_sums_up_on_standard_error(iscore: Run, tmp_path: Path, model: ImportanceModel) -> None:
    (tmp_path / "in.csv").write_text(f"title\n{TITLE}\n...\n")
    answer = iscore("rescore", tmp_path / "in.csv", tmp_path / "out.csv")
    assert (answer.code, answer.out) == (3, "")
    pattern = rf"\S+out\.csv: 2 rows, 1 without a score, \d+\.\d s, [\d,]+ rows/s, model {re.escape(model.version)}\n"
    assert re.fullmatch(pattern, answer.err)


def test_rescore_shows_progress_on_a_terminal_only(
    iscore: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in.csv").write_text(f"title\n{TITLE}\n")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    answer = iscore("rescore", tmp_path / "in.csv", tmp_path / "out.csv")
    assert "rows/s" in answer.err.replace("rows/s, model", "")
    assert answer.code == 0


def test_rescore_through_pipes(iscore: Run) -> None:
    answer = iscore("rescore", "-", "-", stdin=json.dumps({"title": TITLE}).encode())
    assert json.loads(answer.out)["title"] == TITLE
    answer = iscore("rescore", "-", "-", "--format", "csv", stdin=f"title\n{TITLE}\n".encode())
    assert answer.out.startswith(f"title,i_score,i_score_raw,band,model,error\n{TITLE},")


@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_rescore_makes_tables_of_json_lines_from_a_pipe(iscore: Run, tmp_path: Path, name: str) -> None:
    process = spawn("rescore", "/dev/stdin", tmp_path / name, "--format", "jsonl")
    _, err = process.communicate(json.dumps({"title": TITLE, "n": 1}).encode() + b"\n" + b'{"title": "Two", "m": 2}')
    assert (process.returncode, b" 2 rows, 0 without" in err) == (0, True)
    rows = [json.loads(line) for line in iscore("rescore", tmp_path / name, "-").out.splitlines()]
    assert [list(row)[:3] for row in rows] == [["title", "n", "m"]] * 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["in.csv"],
        ["in.csv", "out.txt"],
        ["in.csv", "out.csv", "--title-column", "nope"],
        ["in.csv", "out.csv", "--format", "xml"],
        ["none.csv", "out.csv"],
        ["in.parquet", "out.csv"],
    ],
)
def test_rescore_with_a_wrong_call_or_an_unusable_file_exits_2_and_writes_nothing(
    iscore: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    (tmp_path / "in.csv").write_text(f"title\n{TITLE}\n")
    (tmp_path / "in.parquet").write_text("no")
    monkeypatch.chdir(tmp_path)
    answer = iscore("rescore", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert "rror" in answer.err
    assert sorted(os.listdir()) == ["in.csv", "in.parquet"]


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_rescore_writes_a_pipe_chunk_by_chunk_and_ends_quietly_when_nobody_reads_on(
    models_dir: Path, unbuffered: str
) -> None:
    process = spawn("rescore", "-", "-", ISCORE_MODELS=models_dir, PYTHONUNBUFFERED=unbuffered)
    assert process.stdin
    assert process.stdout
    assert process.stderr
    chunk = (json.dumps({"title": TITLE}) + "\n").encode() * CHUNK_ROWS
    process.stdin.write(chunk)
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["title"] == TITLE  # before the input has ended
    process.stdout.close()
    with suppress(BrokenPipeError), process.stdin:
        while True:
            process.stdin.write(chunk)
    assert process.wait() == 1
    assert process.stderr.read() == b""
    process.stderr.close()


def test_score_ends_quietly_when_nobody_reads_on(models_dir: Path) -> None:
    process = spawn("score", "--file", "-", ISCORE_MODELS=models_dir)
    assert process.stdout
    process.stdout.close()
    process.stdout = None
    _, err = process.communicate((TITLE + "\n").encode() * 10_000)
    assert (process.returncode, err) == (1, b"")


def test_rescore_that_is_stopped_leaves_the_output_as_it_was(tmp_path: Path, models_dir: Path) -> None:
    (tmp_path / "out.jsonl").write_text("precious")
    os.mkfifo(tmp_path / "in.jsonl")
    process = spawn("rescore", tmp_path / "in.jsonl", tmp_path / "out.jsonl", ISCORE_MODELS=models_dir)
    with (tmp_path / "in.jsonl").open("wb") as file:
        # 2 MB are more than a pipe holds and a chunk needs: when they are written, the first chunk has been read.
        file.write((json.dumps({"title": TITLE, "pad": "x" * 100}) + "\n").encode() * (12 * CHUNK_ROWS))
        file.flush()
        assert len(os.listdir(tmp_path)) == 3  # in, out and the unfinished file
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate()
    assert (process.returncode, err) == (143, b"")
    assert (tmp_path / "out.jsonl").read_text() == "precious"
    assert sorted(os.listdir(tmp_path)) == ["in.jsonl", "out.jsonl"]


# --- top --------------------------------------------------------------------------------------------


class _Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        good = "window=1h" in self.path
        body = b"asked " + self.path.encode() if good else b'{"detail": "window is wrong"}'
        self.send_response(200 if good else 422)
        self.send_header("Content-Type", "text/plain" if good else "application/problem+json")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def url() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_top_prints_the_list_of_a_running_service(iscore: Run, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert iscore("top", "--url", url + "/", "--limit", 7) == (0, "asked /v1/top.txt?window=1h&limit=7", "")
    monkeypatch.setenv("ISCORE_PORT", url.rpartition(":")[2])
    assert iscore("top").out == "asked /v1/top.txt?window=1h&limit=10"


def test_top_says_why_a_service_refuses(iscore: Run, url: str) -> None:
    assert iscore("top", "--url", url, "--window", "x") == (2, "", f"error: {url} answers 422: window is wrong\n")


@pytest.mark.parametrize("nobody", ["http://127.0.0.1:9", "ftp://x", "nonsense", "http://"])
def test_top_says_when_nothing_answers(iscore: Run, nobody: str) -> None:
    assert iscore("top", "--url", nobody) == (2, "", f"error: no service answers at {nobody}\n")


def test_top_reads_the_store_when_no_service_runs(iscore: Run, tmp_path: Path, model: ImportanceModel) -> None:
    answer = iscore("top")
    assert (answer.code, "iscore.db does not exist: start a service" in answer.err) == (2, True)
    assert not (tmp_path / "state").exists()
    now = datetime.now(UTC)
    headlines = [Headline(f"{i:016}", f"{TITLE} {i}", f"https://x.example/{i}", "X", now, now) for i in range(3)]
    (tmp_path / "state").mkdir()
    store = open_store(Settings().store_url())
    store.put(score(model, headlines))
    store.close()
    lines = iscore("top", "--limit", 2).out.splitlines()
    assert lines[0] == "Top News in the Last Hour By Importance Score"
    assert [line for line in lines if TITLE in line] == lines[2:4]
    assert iscore("top", "--window", "soon").code == 2


# --- keys -------------------------------------------------------------------------------------------


def test_keys_are_made_listed_and_revoked(iscore: Run) -> None:
    made = iscore("keys", "create", "--scope", "editor", "--scope", "ingest")
    assert re.fullmatch(r"isk_\w{8}_\w{38}\n", made.out)
    key_id = made.out[4:12]
    assert f"key {key_id} opens ingest, editor" in made.err
    listed = iscore("keys", "list").out
    assert listed.startswith(f"{key_id}\tingest,editor\t")
    assert listed.endswith("\tused never\trevoked never\t\n")
    assert made.out.strip() not in listed
    assert iscore("keys", "revoke", key_id).code == 0
    assert re.search(r"\trevoked 2\d{3}-\S+Z\t\n", iscore("keys", "list").out)
    assert iscore("keys", "revoke", key_id).err.startswith("error: no key in use has the id")


def test_a_key_is_listed_with_who_holds_it_and_its_making_and_end_are_in_the_log(iscore: Run) -> None:
    made = iscore("keys", "create", "--scope", "editor", "--name", "Ann, night desk").out
    assert iscore("keys", "list").out.endswith("\trevoked never\tAnn, night desk\n")
    for _ in range(2):
        iscore("keys", "revoke", made[4:12])
    assert iscore("keys", "create", "--scope", "editor", "--name", "x" * 61).err.startswith("error: a key's name has")
    said = {"scopes": ["editor"], "name": "Ann, night desk"}
    entries = [Entry("command line", action, made[4:12], said) for action in ("key.revoke", "key.create")]
    store = open_store(Settings().store_url())
    assert [logged.entry for logged in store.audit.entries(9)] == entries
    store.close()


def test_keys_with_unknown_scopes_are_not_made(iscore: Run) -> None:
    assert iscore("keys", "create").code == 2
    assert iscore("keys", "create", "--scope", "root").err.startswith("error: a key needs scopes out of")
    assert iscore("keys", "list").out == ""


# --- models -----------------------------------------------------------------------------------------


@pytest.fixture
def shelf(tmp_path: Path, models_dir: Path, monkeypatch: pytest.MonkeyPatch, iscore: Run) -> Path:
    """A folder with the current model version and, beside it, a damaged copy called broken-1."""
    folder, current = tmp_path / "models", Registry(models_dir).current()
    shutil.copytree(models_dir / current, folder / current)
    shutil.copytree(models_dir / current, folder / "broken-1")
    manifest = folder / "broken-1" / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "version": "broken-1"}))
    card = folder / "broken-1" / "CARD.md"
    card.write_bytes(card.read_bytes() + b" ")
    monkeypatch.setenv("ISCORE_MODELS", str(folder))
    return folder


def test_models_use_switches_after_a_check_and_says_what_was_current(
    iscore: Run, shelf: Path, model: ImportanceModel
) -> None:
    name = model.version
    assert sorted(iscore("models", "list").out.split()) == sorted(["broken-1", name])
    assert iscore("models", "use", name).out == f"{name} is current; before it was none\n"
    assert iscore("models", "use", name).out == f"{name} is current; before it was {name}\n"
    assert f"* {name}\n" in iscore("models", "list").out
    assert iscore("models", "verify").out == f"{name} is sound\n"


def test_models_use_refuses_a_damaged_version(iscore: Run, shelf: Path, model: ImportanceModel) -> None:
    iscore("models", "use", model.version)
    for command in ("use", "verify"):
        answer = iscore("models", command, "broken-1")
        assert (answer.code, answer.out) == (2, "")
        assert re.match(r"error: .*CARD\.md is damaged", answer.err)
    assert f"* {model.version}\n" in iscore("models", "list").out


def test_models_show_prints_card_metrics_and_manifest(iscore: Run, model: ImportanceModel, models_dir: Path) -> None:
    text = iscore("models", "show", model.version).out
    card = (models_dir / model.version / "CARD.md").read_text("utf-8")
    assert text.startswith(card)
    facts = json.loads(text[len(card) :])
    assert facts["manifest"]["version"] == model.version
    assert facts["metrics"] == json.loads((models_dir / model.version / "metrics.json").read_text())


def test_models_names_the_versions_there_are(iscore: Run, shelf: Path, model: ImportanceModel) -> None:
    for command in ("show", "use", "verify"):
        answer = iscore("models", command, "../etc")
        assert (answer.code, answer.out) == (2, "")
        assert model.version in answer.err


# --- serve ------------------------------------------------------------------------------------------


def test_serve_says_where_it_listens_and_stops_when_told(
    tmp_path: Path, models_dir: Path, model: ImportanceModel
) -> None:
    options = ["--port", 0, "--state", tmp_path / "state", "--no-feeds", "--no-sample"]
    process = spawn("serve", *options, ISCORE_MODELS=models_dir)
    assert process.stdout
    line = process.stdout.readline().decode()
    match = re.fullmatch(
        rf"iscore: (http://127\.0\.0\.1:\d+/) · model {model.version} · state {tmp_path}/state\n", line
    )
    assert match, process.communicate()[1].decode()
    with urllib.request.urlopen(match[1] + "v1/top.txt") as answer:
        assert answer.status == 200
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate()
    assert (out, err, process.returncode) == (b"", b"", 0)


def test_a_start_with_a_damaged_model_is_one_line_that_names_the_file(shelf: Path, tmp_path: Path) -> None:
    (shelf / "CURRENT").write_text("broken-1\n")
    process = spawn("serve", "--port", 0, "--state", tmp_path / "state", ISCORE_MODELS=shelf)
    out, err = process.communicate()
    assert (process.returncode, out) == (2, b"")
    reason = "is damaged: its SHA-256 is not the one in manifest.json"
    assert err.decode() == f"error: {shelf / 'broken-1' / 'CARD.md'} {reason}\n"
