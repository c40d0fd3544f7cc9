"""Which foci are one lesion: across the looks of one time point, and from one time point to the next.

Pure functions on points of one frame of reference; docs/matching.md tells the method and what was measured.
"""

from isletscope.lesions.matching.course import Chronicle, Step
from isletscope.lesions.matching.match import Doubt, Link, MatchedLesion, Matching, leading_focus, match_foci
from isletscope.lesions.matching.moment import Group, Prices
from isletscope.lesions.matching.naming import KnownLesion, next_names, recognised, site_focus, verdict_of
from isletscope.lesions.matching.placed import PlacedFocus, Sight
from isletscope.lesions.matching.rules import Looks, Rules, shipped_rules
from isletscope.lesions.matching.tracks import Track

__all__ = [
    "Chronicle",
    "Doubt",
    "Group",
    "KnownLesion",
    "Link",
    "Looks",
    "MatchedLesion",
    "Matching",
    "PlacedFocus",
    "Prices",
    "Rules",
    "Sight",
    "Step",
    "Track",
    "leading_focus",
    "match_foci",
    "next_names",
    "recognised",
    "shipped_rules",
    "site_focus",
    "verdict_of",
]
