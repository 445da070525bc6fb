"""Run services for the program that started this one: `python -m s2v_cli.embedded [SERVICE...]`.

A line of JSON on standard output tells where they listen. They end when standard input does, which
happens at the latest when that program dies, in whatever way.
"""

import json
import sys

from s2v_cli.failing import FAILED, say
from s2v_cli.local import SERVICES, ephemeral_parts
from s2v_cli.output import ServiceFailed


def main() -> None:
    """Run the services that are named, or all, until nobody holds the other end of our input."""
    try:
        with ephemeral_parts(say, {}, sys.argv[1:] or SERVICES) as addresses:
            print(json.dumps(dict(addresses)), flush=True)
            sys.stdin.buffer.read()
    except ServiceFailed as error:
        say(str(error))
        sys.exit(FAILED)


if __name__ == "__main__":
    main()
