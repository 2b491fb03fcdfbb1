"""``iscore keys``: make, list and revoke the API keys in the store."""

import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from service.cli.kept import kept
from service.cli.output import note
from service.errors import InputError

app = typer.Typer(no_args_is_help=True, help="Make, list and revoke API keys.")


@app.command()
def create(
    scope: Annotated[list[str], typer.Option(help="What the key opens: ingest, editor or admin; may be repeated.")],
) -> None:
    """Make a key and print it, and nothing else, on standard output.

    It is shown this once: the store keeps only its SHA-256.

    \b
    Example:
      iscore keys create --scope ingest > ingest.key
    """
    from service.keys import mint

    text, key = mint(scope, datetime.now(UTC))
    with kept() as store:
        store.add_key(key)
    sys.stdout.write(text + "\n")
    note(f"key {key.id} opens {', '.join(key.scopes)}; revoke it with: iscore keys revoke {key.id}")


@app.command("list")
def list_() -> None:
    """Print all keys, oldest first: id, scopes, times of creation, last use and revocation, tab-separated.

    \b
    Example:
      iscore keys list
    """
    with kept() as store:
        for key in store.keys():
            used, revoked = _time(key.last_used_at), _time(key.revoked_at)
            line = (key.id, ",".join(key.scopes), _time(key.created_at), f"used {used}", f"revoked {revoked}")
            sys.stdout.write("\t".join(line) + "\n")


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
        if not store.revoke_key(key_id, datetime.now(UTC)):
            raise InputError(f"no key in use has the id {key_id!r}: see `iscore keys list`")
    note(f"key {key_id} is revoked")


def _time(time: datetime | None) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%SZ}" if time else "never"
