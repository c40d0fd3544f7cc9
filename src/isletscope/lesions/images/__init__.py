"""Lesions on CT and MR: candidates in liver and pancreas, outlines from a point, what each series shows of them."""

from isletscope.lesions.images.candidates import Candidate, find_candidates, image_thresholds
from isletscope.lesions.images.focus import focus_of
from isletscope.lesions.images.methods import method_sentences
from isletscope.lesions.images.naming import CONTRASTS, name_series

__all__ = [
    "CONTRASTS",
    "Candidate",
    "find_candidates",
    "focus_of",
    "image_thresholds",
    "method_sentences",
    "name_series",
]
