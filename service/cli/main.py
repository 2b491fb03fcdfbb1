"""The command line: ``iscore serve | score | top | rescore | keys | models``.

Heavy modules are imported inside the commands that need them, so that ``--help`` answers at once
(tests/test_import_budget.py).
"""

import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from service.cli import keys, models, scoring
from service.cli.output import fail
from service.errors import InputError, IscoreError
from service.settings import Settings, read_settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # help that looks the same in a terminal, in a pipe and in the documentation
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
app.command()(scoring.score)
app.command()(scoring.rescore)
app.add_typer(keys.app, name="keys")
app.add_typer(models.app, name="models")


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and exit. An error that the caller can mend is one line on standard error, never a traceback."""
    try:
        app(arguments, prog_name="iscore")
    except IscoreError as exc:
        fail(str(exc), 2)
    except OSError as exc:  # disk full, input/output error
        fail(str(exc), 1)
    sys.exit(0)


def _setting(name: str) -> str:
    """An option's help, from the table of settings."""
    field = Settings.model_fields[name]
    default = f"; default {field.default}" if field.default != "" else ""
    return f"{field.description} [ISCORE_{name.upper()}{default}]"


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"iscore {version('iscore')}")  # noqa: T201
        raise typer.Exit


@app.callback()
def iscore(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Rank news headlines by importance: every headline has an i-Score of 0-100.

    Settings come from ISCORE_* environment variables; options override them. Errors are one line on
    standard error, with exit code 2 when the call can be mended and 1 otherwise.
    """


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help=_setting("host"))] = None,
    port: Annotated[int | None, typer.Option(help=_setting("port"))] = None,
    state: Annotated[Path | None, typer.Option(metavar="DIR", help=_setting("state"))] = None,
    no_sample: Annotated[bool, typer.Option("--no-sample", help="Do not load the sample headlines at start.")] = False,
    no_feeds: Annotated[bool, typer.Option("--no-feeds", help="Do not poll news feeds.")] = False,
    threads: Annotated[int | None, typer.Option(help=_setting("threads"))] = None,
    public_url: Annotated[str | None, typer.Option(metavar="URL", help=_setting("public_url"))] = None,
) -> None:
    """Run the service until it is stopped with Ctrl-C or SIGTERM.

    Requests that are under way have 10 seconds to end.

    \b
    Example:
      iscore serve --port 8080 --state /var/lib/iscore --no-sample
    """
    settings = read_settings(
        host=host,
        port=port,
        state=state,
        sample=False if no_sample else None,
        feeds=False if no_feeds else None,
        threads=threads,
        public_url=public_url,
    )
    from service.api.serve import serve as run

    run(settings)


@app.command()
def top(
    window: Annotated[str, typer.Option(help="How far back: minutes, hours or days, such as 90m, 6h, 7d.")] = "1h",
    limit: Annotated[int, typer.Option(min=1, max=100, help="Most headlines to show, 1-100.")] = 10,
    url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="A running service; default: the one on this machine, else its state folder."),
    ] = None,
) -> None:
    """Print the ranked list, most important headline first.

    \b
    Examples:
      iscore top
      iscore top --window 24h --limit 25 --url https://news.example.com
    """
    settings = read_settings()
    text = _top_from_service(url or f"http://{settings.host}:{settings.port}", window, limit, trust_env=url is not None)
    if text is None and url is not None:
        raise InputError(f"no service answers at {url}")
    sys.stdout.write(text or _top_from_store(settings, window, limit))


def _top_from_service(url: str, window: str, limit: int, trust_env: bool) -> str | None:
    """The list as text; None when nothing answers, InputError when the service refuses."""
    import httpx

    try:
        params = {"window": window, "limit": str(limit)}
        answer = httpx.get(f"{url.rstrip('/')}/v1/top.txt", params=params, timeout=10, trust_env=trust_env)
    except (httpx.TransportError, httpx.InvalidURL):
        return None
    if not answer.is_success:
        problem = answer.json() if "json" in answer.headers.get("content-type", "") else {}
        raise InputError(f"{url} answers {answer.status_code}: {problem.get('detail', answer.reason_phrase)}")
    return answer.text


def _top_from_store(settings: Settings, window: str, limit: int) -> str:
    """The same list from the store itself, as it would be served now."""
    from service.api.state import utc_now
    from service.forms import as_text
    from service.lists import Lists
    from service.ranking import ListQuery
    from service.registry import Registry
    from service.store.connect import open_store
    from service.windows import parse_window

    database = settings.store_url()
    file = database.removeprefix("sqlite:///")
    if file != database and not Path(file).exists():
        raise InputError(
            f"no service answers at http://{settings.host}:{settings.port} and {file} does not exist: "
            "start a service with `iscore serve`"
        )
    query = ListQuery(window=parse_window(window), limit=limit)
    store = open_store(database)
    try:
        page = Lists(store, utc_now).page(Registry(settings.models).current(), query)
    finally:
        store.close()
    return as_text(page).decode()
