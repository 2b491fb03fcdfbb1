"""``iscore top``: the ranked list, printed once or kept on the screen."""

import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.errors import InputError
from service.settings import Settings, read_settings

if TYPE_CHECKING:
    import httpx

_PATH = "/v1/top"


def top(
    window: Annotated[str, typer.Option(help="How far back: minutes, hours or days, such as 90m, 6h, 7d.")] = "1h",
    limit: Annotated[int, typer.Option(min=1, max=100, help="Most headlines to show, 1-100.")] = 10,
    url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="A running service; default: the one on this machine, else its state folder."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the list as JSON, as GET /v1/top has it.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Keep a running service's list on the screen.")] = False,
    every: Annotated[int, typer.Option(min=5, metavar="SECONDS", help="With --watch: how often to look.")] = 30,
) -> None:
    """Print the ranked list, most important headline first.

    --watch shows what has moved since the list before: places gained (▲) and lost (▼), what is new and
    what has left. When the service does not answer it says so and tries again. In a pipe, every list
    that has changed is printed; with --json, on one line. Ctrl-C ends it.

    \b
    Examples:
      iscore top
      iscore top --window 24h --limit 25 --url https://news.example.com
      iscore top --watch --every 60
      iscore top --json | jq -r '.items[].title'
    """
    settings = read_settings()
    service = Service(url or settings.listen_url(), window, limit, trust_env=url is not None)
    if watch:
        from service.cli.watch import watch as run

        with suppress(KeyboardInterrupt):
            run(service, every, json)
        return
    answer = service.ask("" if json else ".txt")
    if answer is None and url is not None:
        raise InputError(service.silence())
    text = answer.text if answer else _from_store(settings, window, limit, json)
    sys.stdout.write(text if text.endswith("\n") or not json else text + "\n")


@dataclass(frozen=True, slots=True)
class Service:
    """Where a service runs, and which list to ask it for. ``trust_env``: through proxies that the environment names."""

    url: str
    window: str
    limit: int
    trust_env: bool

    def ask(self, form: str, etag: str = "") -> "httpx.Response | None":
        """The list, or 304 when it is still that of ``etag``; None when nothing answers.

        InputError when the service refuses.
        """
        import httpx

        try:
            answer = httpx.get(
                f"{self.url.rstrip('/')}{_PATH}{form}",
                params={"window": self.window, "limit": str(self.limit)},
                headers={"If-None-Match": etag} if etag else {},
                timeout=10,
                trust_env=self.trust_env,
            )
        except (httpx.RequestError, httpx.InvalidURL):
            return None
        if answer.is_success or answer.status_code == 304:
            return answer
        raise InputError(f"{self.url} answers {answer.status_code}: {_reason(answer)}")

    def silence(self) -> str:
        """What to say when nothing answers."""
        return f"no service answers at {self.url}"


def _reason(answer: "httpx.Response") -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, TypeError, KeyError):  # a proxy's page, or nothing
        return answer.reason_phrase


def _from_store(settings: Settings, window: str, limit: int, json: bool) -> str:
    """The same list from the store itself, as it would be served now."""
    from service.api.state import utc_now
    from service.forms import as_json, as_text
    from service.lists import Lists
    from service.ranking import ListQuery
    from service.registry import registry_of
    from service.store.connect import open_store
    from service.windows import parse_window

    database = settings.store_url()
    file = database.removeprefix("sqlite:///")
    if file != database and not Path(file).exists():
        raise InputError(
            f"no service answers at {settings.listen_url()} and {file} does not exist: "
            "start a service with `iscore serve`"
        )
    query = ListQuery(window=parse_window(window), limit=limit)
    store = open_store(database)
    try:
        page = Lists(store, utc_now).page(registry_of(settings).current(), query)
    finally:
        store.close()
    return (as_json(page, _PATH) if json else as_text(page)).decode()
