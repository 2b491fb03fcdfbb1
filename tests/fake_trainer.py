"""In the place of ``iscore-train``: makes a folder that looks like a version, and says what the gate shall say.

Run as ``fake_trainer.py HOW house|distil|gate OPTIONS``; HOW is a verdict (``yes``, ``no``), ``fail``, or ``wait``.
"""

import json
import sys
import time
from itertools import pairwise
from pathlib import Path


def main(how: str, command: str, *rest: str) -> None:
    """Do as a training or as a gate does."""
    options = dict(pairwise(rest))
    if command == "gate":
        summary = "It may." if how == "yes" else "It stays."
        Path(options["--out"]).write_text(json.dumps({"promote": how == "yes", "summary": summary, "reasons": []}))
        return
    print("learns", flush=True)
    if how == "fail":
        print("error: there is nothing to learn", file=sys.stderr)
        sys.exit(2)
    if command == "distil":
        _write(Path(options["--models"]) / rest[0])
        return
    assert (Path(options["--from"]) / "manifest.json").is_file()
    Path(options["--progress"]).write_text(json.dumps({"progress": 0.5, "message": "Half of it is done"}))
    while how == "wait":
        time.sleep(3600)
    _write(Path(options["--out"]) / "headline-base-house-1")


def _write(version: Path) -> None:
    version.mkdir(parents=True)
    (version / "manifest.json").write_text("{}")


if __name__ == "__main__":
    main(*sys.argv[1:])
