"""The command line of the accuracy figures."""

from __future__ import annotations

import argparse
import sys

from scripts.accept.run import add_options, run

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m scripts.accept", description="Measure the accuracy figures.")
    add_options(parser)
    sys.exit(run(parser.parse_args()))
