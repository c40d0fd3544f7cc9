"""Which foci are one lesion: pairs and courses of the reference patients against the truth."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from isletscope.phantom.check_matching import mark_matching
from scripts.accept.claims import Claim

MATCHING = "Lesions across looks and time points"
PAIRS_CORRECT = 0.95


def measure_matching(patient: Path, case: Path) -> dict[str, Any]:
    """Pairs of foci and courses of lesions of one patient; empty where fewer than two looks were read."""
    truth = json.loads((patient / "truth" / "truth.json").read_text(encoding="utf-8"))
    document = json.loads((case / "case.json").read_text(encoding="utf-8"))
    mark = mark_matching(truth, document, case, patient / "truth")
    if mark is None:
        return {}
    return {
        "correct": mark.correct,
        "wrong": mark.count("wrong"),
        "missed": mark.count("missed"),
        "fates_right": sum(fate.right for fate in mark.fates),
        "fates": len(mark.fates),
        "not_found_there": mark.undetected,
        "mistakes": [asdict(mistake) for mistake in mark.mistakes],
        "fates_wrong": [asdict(fate) for fate in mark.fates if not fate.right],
    }


def matching_claims(results: Mapping[str, Mapping[str, Any]]) -> Iterator[Claim]:
    """The bar over all pairs of all patients, and what is reported beside it."""
    marked = {name: result for name, result in results.items() if "correct" in result}
    correct, wrong, missed = (sum(one[key] for one in marked.values()) for key in ("correct", "wrong", "missed"))
    pairs = correct + wrong + missed
    share = correct / pairs if pairs else 0.0
    yield Claim(
        MATCHING,
        "pairs of foci of two looks that are one true lesion, held for one",
        f"≥ {100 * PAIRS_CORRECT:.0f} %",
        f"{100 * share:.1f} % ({correct} of {pairs}; {wrong} wrong, {missed} missed; {len(marked)} patients)",
        bool(pairs) and share >= PAIRS_CORRECT,
    )
    for name, one in marked.items():
        mine = one["correct"] + one["wrong"] + one["missed"]
        if mine:
            text = f"{100 * one['correct'] / mine:.1f} % ({one['correct']} of {mine})"
            yield Claim(MATCHING, f"the same, {name}", "", text, None)
    right, fates = (sum(one[key] for one in marked.values()) for key in ("fates_right", "fates"))
    yield Claim(
        MATCHING,
        "course of a lesion at a time point (first, persistent, new, vanished, merged, split)",
        "",
        f"{right} of {fates} right",
        None,
    )
