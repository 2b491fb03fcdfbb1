"""``python -m service``: the same as ``iscore``."""

from service.cli import main

main()
