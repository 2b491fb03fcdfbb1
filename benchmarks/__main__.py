"""``python -m benchmarks [NAME ...]``: all of them, or those that are named."""

import argparse
import importlib
import os
import platform

ALL = (
    *("peers", "newsroom", "rescore", "single", "start", "top"),
    *("live", "scale", "feeds", "poll", "stories", "prefixes", "promote"),
)


BY_NAME = ("retrained",)
"""They take as long as a training does."""


def main() -> None:
    """Run the benchmarks and print their tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *ALL, *BY_NAME], help=f"default: all but {', '.join(BY_NAME)}")
    names = parser.parse_args().names or ALL
    print(f"{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}")
    for name in names:
        print(f"\n## {name}\n", flush=True)
        importlib.import_module(f"benchmarks.{name}").run()


if __name__ == "__main__":
    main()
