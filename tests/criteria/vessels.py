"""Vessel findings for tests: everything free, then what differs."""

from __future__ import annotations

from itertools import product

from hypothesis import strategies as st
from pydantic import JsonValue

from isletscope.criteria.vessel_findings import SITES, VESSELS

FREE: dict[str, JsonValue] = {
    "contact_deg": 0,
    "contour_irregular": False,
    "narrowing_percent": 0,
    "occluded": False,
    "thrombus": "none",
}
SWITCHES = (
    "vein_reconstructible",
    "common_hepatic_reconstructible",
    "hepatic_contact_reaches_celiac",
    "hepatic_contact_reaches_bifurcation",
    "vein_contact_below_duodenum",
    "vein_narrowed_on_both_sides",
    "cavernous_transformation",
)


def free(site: str = "head_uncinate", **changes: JsonValue) -> dict[str, JsonValue]:
    """All vessels free and everything known; ``sma=90`` is a contact, a dict changes a vessel's state."""
    document: dict[str, JsonValue] = {"site": site, **dict.fromkeys(SWITCHES, False)}
    document.update(vein_reconstructible=True, common_hepatic_reconstructible=True)
    document.update({vessel: dict(FREE) for vessel in VESSELS})
    for name, value in changes.items():
        if name not in VESSELS:
            document[name] = value
        else:
            document[name] = {**FREE, **(value if isinstance(value, dict) else {"contact_deg": value})}
    return document


angles = st.sampled_from([0, 30, 90, 91, 150, 180, 181, 270, 271, 360])
states = st.fixed_dictionaries(
    {
        "contact_deg": angles,
        "contour_irregular": st.booleans(),
        "narrowing_percent": st.sampled_from([0, 20, 50, 80]),
        "occluded": st.booleans(),
        "thrombus": st.sampled_from(["none", "none", "bland", "tumour"]),
    }
)
PATHS: list[tuple[str, ...]] = [("site",), *((name,) for name in SWITCHES), *product(VESSELS, FREE)]


@st.composite
def documents(draw: st.DrawFn) -> dict[str, JsonValue]:
    """Complete findings with a few vessels touched."""
    touched = draw(st.lists(st.sampled_from(sorted(VESSELS)), max_size=4, unique=True))
    changes = {vessel: draw(states) for vessel in touched}
    switches = {name: draw(st.booleans()) for name in SWITCHES}
    return free(draw(st.sampled_from(SITES)), **switches, **changes)


def without(document: dict[str, JsonValue], paths: list[tuple[str, ...]]) -> dict[str, JsonValue]:
    """The same document with the values at ``paths`` not known."""
    copy: dict[str, JsonValue] = {
        name: dict(value) if isinstance(value, dict) else value for name, value in document.items()
    }
    for path in paths:
        if len(path) == 1:
            copy[path[0]] = None
        else:
            part = copy[path[0]]
            assert isinstance(part, dict)
            part[path[1]] = None
    return copy
