"""Speed beside the straight way: every kernel and its peer on the same data in one run, printed as ratios."""
