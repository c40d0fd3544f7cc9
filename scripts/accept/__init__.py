"""The accuracy figures: every claim measured by running the program itself.

    python -m scripts.accept --size small
    python -m scripts.accept --size full --document docs/accuracy.md

Each item (a reference object, a real patient, a reference patient of one seed) is kept in ``.accept/`` under a hash of
the program's source, so an interrupted run goes on where it stopped. The exit code is 1 when a claim fails.
"""
