"""``python -m service``: the same as ``iscore``."""

from service.cli.main import main

main()
