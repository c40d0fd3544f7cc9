"""Which foci are one lesion: across the looks of one time point, and from one time point to the next.

Pure functions on points of one frame of reference; docs/matching.md tells the method and what was measured.
"""

from isletscope.lesions.matching.course import Chronicle, CourseStep
from isletscope.lesions.matching.match import Doubt, Link, MatchedLesion, Matching, leading_focus, match_foci
from isletscope.lesions.matching.moment import MomentGroup, PairPrices
from isletscope.lesions.matching.naming import KnownLesion, next_names, recognised, site_focus, verdict_of
from isletscope.lesions.matching.placed import PlacedFocus, Sight
from isletscope.lesions.matching.rules import Looks, Rules, matching_rules
from isletscope.lesions.matching.tracks import LesionTrack

__all__ = [
    "Chronicle",
    "CourseStep",
    "Doubt",
    "KnownLesion",
    "LesionTrack",
    "Link",
    "Looks",
    "MatchedLesion",
    "Matching",
    "MomentGroup",
    "PairPrices",
    "PlacedFocus",
    "Rules",
    "Sight",
    "leading_focus",
    "match_foci",
    "matching_rules",
    "next_names",
    "recognised",
    "site_focus",
    "verdict_of",
]
