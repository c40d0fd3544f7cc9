"""The figures behind the phenotype table, read from ``phenotype.yaml``."""

from __future__ import annotations

from isletscope.anatomy import load_thresholds


def rule(key: str) -> float:
    """One figure by ``group.name``."""
    return load_thresholds("isletscope.lesions.images", "phenotype.yaml").number(key)
