"""``iscore keys``: make, list and revoke the API keys in the store."""

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.kept import kept
from service.cli.output import note
from service.errors import InputError

if TYPE_CHECKING:
    from service.store.contract import ApiKey
    from service.store.editorial import Entry

app = typer.Typer(no_args_is_help=True, help="Make, list and revoke API keys.")


@app.command()
def create(
    scope: Annotated[list[str], typer.Option(help="What the key opens: ingest, editor or admin; may be repeated.")],
    name: Annotated[str, typer.Option(help="Who holds it, as colleagues will read it; at most 60 characters.")] = "",
) -> None:
    """Make a key and print it, and nothing else, on standard output.

    It is shown this once: the store keeps only its SHA-256.

    \b
    Example:
      iscore keys create --scope editor --name "Ann, night desk" > ann.key
    """
    from service.keys import mint

    text, key = mint(scope, datetime.now(UTC), name)
    with kept() as store:
        store.add_key(key, _entry("key.create", key))
    sys.stdout.write(text + "\n")
    note(f"key {key.id} opens {', '.join(key.scopes)}; revoke it with: iscore keys revoke {key.id}")


@app.command("list")
def list_() -> None:
    """Print all keys, oldest first: id, scopes, times of creation, last use and revocation, name; tab-separated.

    \b
    Example:
      iscore keys list
    """
    with kept() as store:
        for key in store.keys():
            used, revoked = _time(key.last_used_at), _time(key.revoked_at)
            times = (_time(key.created_at), f"used {used}", f"revoked {revoked}")
            sys.stdout.write("\t".join((key.id, ",".join(key.scopes), *times, key.name)) + "\n")


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The key's id, as in `iscore keys list`.")],
) -> None:
    """Revoke a key for ever; a running service refuses it from now on.

    \b
    Example:
      iscore keys revoke 4kQz81Tb
    """
    with kept() as store:
        key = store.key(key_id)
        if key is None or not store.revoke_key(key_id, datetime.now(UTC), _entry("key.revoke", key)):
            raise InputError(f"no key in use has the id {key_id!r}: see `iscore keys list`")
    note(f"key {key_id} is revoked")


def _entry(action: str, key: "ApiKey") -> "Entry":
    from service.store.editorial import Entry

    return Entry("command line", action, key.id, {"scopes": list(key.scopes), "name": key.name})


def _time(time: datetime | None) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%SZ}" if time else "never"
