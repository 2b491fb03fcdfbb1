"""``iscore feeds``: which feeds are polled, and how that goes."""

import asyncio
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.kept import kept
from service.cli.output import note
from service.cli.scoring import EXIT_BAD_ROWS
from service.errors import InputError
from service.settings import read_settings
from service.store.editorial import Entry
from service.types import Feed, Topic

if TYPE_CHECKING:
    from service.feeds.check import Check
    from service.store.contract import FeedState, Store

app = typer.Typer(no_args_is_help=True, help="List, add, remove, check, import and export news feeds.")

_Url = Annotated[str, typer.Argument(metavar="URL", help="The feed's address.")]


@app.command("list")
def list_() -> None:
    """Print all feeds, by name, and how they do.

    Name, address, publisher, last success, failures in a row, last error: on a terminal as a table, in a pipe
    tab-separated.

    \b
    Example:
      iscore feeds list
    """
    with kept() as store:
        rows = [_row(state) for state in store.feeds.all()]
    if not rows:
        note("no feeds yet: `iscore serve` begins with those of data/feeds.toml; or use `iscore feeds add`")
    elif sys.stdout.isatty():
        _write_table(rows)
    else:
        sys.stdout.writelines("\t".join(row) + "\n" for row in rows)


@app.command()
def add(
    url: _Url,
    name: Annotated[str | None, typer.Option(help="What readers see as the source; default: the feed's title.")] = None,
    publisher: Annotated[
        str | None, typer.Option(help="Whose voice it is: feeds of one publisher count as one source.")
    ] = None,
    topic: Annotated[Topic | None, typer.Option(help="What all of the feed is about.")] = None,
    no_check: Annotated[bool, typer.Option("--no-check", help="Do not look whether it answers.")] = False,
) -> None:
    """Poll a feed from now on; also one that was removed.

    Unless --name or --no-check is given, the feed is asked once, and its title is its name.

    \b
    Examples:
      iscore feeds add https://news.example.com/rss.xml
      iscore feeds add https://news.example.com/health.xml --name "Example News" --topic health
    """
    from service.feeds.catalogue import feed_from

    feed = feed_from({"url": url, "name": name, "publisher": publisher, "topic": topic})
    if name is None and not no_check:
        feed = replace(feed, name=_title(feed))
    with kept() as store:
        if not store.feeds.add([feed], datetime.now(UTC), again=True):
            raise InputError(f"{feed.url} is polled already: see `iscore feeds list`")
        _log(store, "add", feed.url, name=feed.name)
    note(f"{feed.name} is polled from now on; to end that: iscore feeds remove {feed.url}")


@app.command()
def remove(url: _Url) -> None:
    """Poll a feed no more. Its headlines stay.

    \b
    Example:
      iscore feeds remove https://news.example.com/rss.xml
    """
    from service.text import canonical_url

    with kept() as store:
        found = url
        if not store.feeds.remove(url) and not store.feeds.remove(found := canonical_url(url)):
            raise InputError(f"no feed is polled at {url}: see `iscore feeds list`")
        _log(store, "remove", found)
    note(f"{url} is polled no more")


@app.command()
def check(
    urls: Annotated[
        list[str] | None, typer.Argument(metavar="URL", help="Feeds to ask, also unknown ones; default: all.")
    ] = None,
) -> None:
    """Ask feeds and say which answer, as soon as they do. Nothing is kept.

    A line a feed, tab-separated: ok or failed, number of entries, age of the newest, milliseconds, name, address,
    and why it failed or where it has moved for good.

    Exit codes: 0 all work, 3 some do not, 2 wrong call, 1 anything else.

    \b
    Examples:
      iscore feeds check
      iscore feeds check https://news.example.com/rss.xml
      iscore feeds check | grep ^failed
    """
    feeds = _chosen(urls or [])
    bad = 0

    def report(done: "Check") -> None:
        nonlocal bad
        bad += done.problem is not None
        sys.stdout.write(_line(done) + "\n")
        sys.stdout.flush()

    _ask(feeds, report)
    note(f"{len(feeds) - bad} of {len(feeds)} feeds work")
    if bad:
        raise typer.Exit(EXIT_BAD_ROWS)


@app.command("import")
def import_(
    file: Annotated[str, typer.Argument(metavar="FILE", help="OPML, as feed readers export it; - is standard input.")],
) -> None:
    """Poll the feeds of an OPML file too.

    Exit codes: 0 all are polled, 3 some have no usable address, 2 wrong call or unusable file, 1 anything else.

    \b
    Example:
      iscore feeds import subscriptions.opml
    """
    from service.feeds.opml import from_opml
    from service.files.places import place, reading

    refused: list[str] = []
    with reading(place(file, "jsonl")) as source:
        body = source.file.read()
    try:
        found = from_opml(body, refused)
    except InputError as exc:
        raise InputError(f"{file}: {exc}") from exc
    with kept() as store:
        known = {state.feed.url for state in store.feeds.all()}
        new = store.feeds.add(found, datetime.now(UTC), again=True)
        if new:
            _log(store, "import", file, new=new, feeds=sorted({feed.url for feed in found} - known))
    for reason in refused:
        note(reason)
    note(f"{file}: {len(found)} read, {new} new, {len(refused)} without a usable address")
    if refused:
        raise typer.Exit(EXIT_BAD_ROWS)


@app.command()
def export(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Where to write; - is standard output.")] = "-",
) -> None:
    """Write all feeds as OPML, which feed readers import. It has no place for publishers.

    \b
    Examples:
      iscore feeds export feeds.opml
    """
    from service.feeds.opml import to_opml
    from service.files.places import place, writing

    with kept() as store:
        found = [state.feed for state in store.feeds.all()]
    with writing(place(file, "jsonl")) as target:
        target.write(to_opml(found, "iscore"))
    note(f"feeds written: {len(found)}")


def _log(store: "Store", deed: str, url: str, **details: object) -> None:
    store.audit.add(Entry("command line", f"feed.{deed}", url, details))


def _row(state: "FeedState") -> tuple[str, ...]:
    feed, success = state.feed, state.succeeded_at
    seen = f"{success:%Y-%m-%dT%H:%M:%SZ}" if success else "never"
    error = " ".join((state.error or "").split()) or ("gone for good" if state.status == "gone" else "")
    return feed.name, feed.url, feed.publisher, seen, str(state.failures), error


def _write_table(rows: Sequence[tuple[str, ...]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("name", "address", "publisher", "last success", "failures", "error", box=None)
    for row in rows:
        table.add_row(*map(Text, row))
    Console().print(table)


def _chosen(urls: Sequence[str]) -> list[Feed]:
    """The feeds at these addresses; without any, those that are polled, or will be after the first start."""
    from service.feeds.catalogue import feed_from, read_catalogue

    with kept() as store:
        known = {state.feed.url: state.feed for state in store.feeds.all()}
    if not urls:
        return list(known.values()) or list(read_catalogue())
    named = [feed_from({"url": url}) for url in urls]
    return [known.get(feed.url, feed) for feed in named]


def _title(feed: Feed) -> str:
    """What the feed says it is called; InputError when it does not work."""
    from service.feeds.catalogue import MAX_NAME_CHARS

    done: list[Check] = []
    _ask([feed], done.append)
    if done[0].parsed is None:
        raise InputError(f"{feed.url}: {done[0].problem}; --no-check adds it all the same")
    return done[0].parsed.title[:MAX_NAME_CHARS].strip() or feed.name


def _ask(feeds: Sequence[Feed], report: Callable[["Check"], None]) -> None:
    from service.feeds.check import check_all
    from service.feeds.fetch import Fetcher

    settings = read_settings()

    async def ask() -> None:
        async with Fetcher(user_agent=settings.user_agent(), allow_loopback=settings.feeds_allow_loopback) as fetcher:
            await check_all(fetcher, feeds, report)

    asyncio.run(ask())


def _line(done: "Check") -> str:
    entries = str(len(done.parsed.entries)) if done.parsed else ""
    age = _age(datetime.now(UTC) - done.newest) if done.newest else ""
    why = done.problem or (f"moved to {done.moved_to}" if done.moved_to else "")
    verdict = "failed" if done.problem else "ok"
    place = (done.feed.name, done.feed.url, " ".join(why.split()))
    return "\t".join((verdict, entries, age, f"{done.seconds * 1000:.0f}", *place))


def _age(age: timedelta) -> str:
    minutes = max(0, age // timedelta(minutes=1))
    return f"{minutes}m" if minutes < 120 else f"{minutes // 60}h" if minutes < 48 * 60 else f"{minutes // 1440}d"
