"""Asking for a clinical file on a terminal, one question at a time; an empty answer leaves the entry unknown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from isletscope.criteria import read_clinical
from isletscope.errors import InputError

ASKED = (
    (
        "questions",
        "What is asked (localisation, staging, resectability, liver_mapping, prrt_selection, surveillance, ...)",
    ),
    ("hormones.syndrome", "Hormone syndrome (insulin, gastrin, glucagon, vip, acth, ..., none)"),
    ("germline", "Hereditary syndrome (MEN1, VHL, NF1, TSC, ..., none found, not tested)"),
    ("patient.age_years", "Age in years"),
    ("patient.sex", "Sex (F, M, O)"),
    ("patient.weight_kg", "Weight in kg"),
    ("tumour.largest_mm", "Largest tumour in mm"),
    ("tumour.sites", "Known sites, with commas (pancreas, node, liver, bone, ...)"),
    ("histology.grade", "Grade (G1, G2, G3, NEC, MiNEN)"),
    ("histology.ki67_percent", "Ki-67 in percent"),
    ("laboratory.egfr_ml_min", "eGFR in mL/min/1.73 m2"),
    ("constraints.pregnant", "Pregnant (yes, no)"),
    ("constraints.iodinated_contrast_reaction", "Earlier reaction to iodinated contrast (none, mild, severe)"),
    ("constraints.gadolinium_reaction", "Earlier reaction to gadolinium (none, mild, severe)"),
    ("constraints.implant", "Implant for MRI (none, conditional, unsafe, unknown)"),
    ("constraints.claustrophobia", "Claustrophobia (yes, no)"),
)
_LISTS = ("questions", "tumour.sites")
_WORDS = {"yes": True, "y": True, "no": False, "n": False}


def ask_clinical(today: date, say: Callable[[str], object], answer: Callable[[str], str] = input) -> dict[str, Any]:
    """The clinical file as answered. An answer that does not fit is explained and asked for again."""
    say("Press Enter where the answer is not known.")
    document: dict[str, Any] = {}
    for place, words in ASKED:
        while True:
            text = answer(f"{words}: ").strip()
            if not text:
                break
            trial = _placed(document, place, text)
            try:
                read_clinical(trial, today=today, subject="answer")
            except InputError as error:
                say(str(error))
                continue
            document = trial
            break
    return document


def _placed(document: dict[str, Any], place: str, text: str) -> dict[str, Any]:
    value: Any = _WORDS.get(text.lower(), text) if place.startswith("constraints.") else text
    if place in _LISTS:
        value = [part.strip() for part in text.split(",")]
    part, _, key = place.rpartition(".")
    return {**document, part: {**document.get(part, {}), key: value}} if part else {**document, key: value}
