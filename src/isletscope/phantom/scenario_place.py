"""Places of lesions in a scenario: a structure, a point, or constraints against vessels and ducts."""

from __future__ import annotations

from dataclasses import dataclass

from isletscope.phantom.yaml_node import Node

SIDES = ("left", "right", "anterior", "posterior", "superior", "inferior")
PATTERNS = ("unilobar_right", "unilobar_left", "bilobar")
_NEEDS = ("in", "at", "touches", "near_duct", "beside")


@dataclass(frozen=True)
class Touch:
    """Contact asked for with a vessel: largest angle, length with any contact (None: as it falls), and from where.

    ``side``: direction from the vessel to the tumour; ``along``: share of the vessel's length where contact is centred.
    """

    vessel: str
    degrees: float
    length_mm: float | None = None
    side: str | None = None
    along: float | None = None
    line: int = 0


@dataclass(frozen=True)
class NearDuct:
    """Smallest distance (mm) asked for between tumour and the wall of a duct."""

    distance_mm: float
    duct: str = "pancreatic_duct"
    line: int = 0


@dataclass(frozen=True)
class Place:
    """Where a lesion should lie; what is None or empty is left open.

    ``at``: anatomical mm. ``region``: structure; ``segments`` (1 to 8), ``side`` or ``pattern`` narrow the liver down,
    ``right_share`` is the part of a bilobar pattern's lesions in the right hemiliver. ``beside``: lesion to lie beside,
    ``gap_mm`` apart. ``clear_of``: tubes to keep away from, with the distance (mm). ``exophytic``: share of the volume
    outside the organ.
    """

    at: tuple[float, float, float] | None = None
    region: str | None = None
    side: str | None = None
    segments: tuple[int, ...] = ()
    pattern: str | None = None
    right_share: float = 0.6
    touches: tuple[Touch, ...] = ()
    near_duct: NearDuct | None = None
    beside: str | None = None
    gap_mm: float = 2.0
    clear_of: tuple[tuple[str, float], ...] = ()
    exophytic: float | None = None
    line: int = 0

    @property
    def constrained(self) -> bool:
        """Whether the place must be solved for."""
        return bool(self.touches or self.near_duct)


def read_place(node: Node, site: str) -> Place:
    """Check a 'place'. Raises InputError naming file and line."""
    optional = ("side", "segment", "pattern", "right_share", "gap_mm", "clear_of", "exophytic")
    entries = node.mapping((), (*_NEEDS, *optional))
    if ("at" in entries and "in" in entries) or not any(key in entries for key in _NEEDS):
        raise node.refuse("'place' needs either 'in' (a structure) or 'at' (x, y, z in anatomical mm), or a constraint",
                          found=", ".join(entries) or "nothing", expected=", ".join(_NEEDS))  # fmt: skip
    liver_only = [key for key in ("segment", "pattern", "right_share") if key in entries and site != "liver"]
    if liver_only:
        raise entries[liver_only[0]].refuse(f"'{liver_only[0]}' is for lesions of the liver", found=f"site {site}")
    touches = _touches(entries["touches"]) if "touches" in entries else ()
    clear_of = _clear_of(entries["clear_of"]) if "clear_of" in entries else ()
    both = {touch.vessel for touch in touches} & {name for name, _ in clear_of}
    if both:
        raise entries["clear_of"].refuse(
            "'clear_of' names a vessel that 'touches' names too", ", ".join(sorted(both)), "one of the two"
        )
    return Place(
        at=_point(entries["at"]) if "at" in entries else None,
        region=entries["in"].text() if "in" in entries else None,
        side=entries["side"].choice(("left", "right")) if "side" in entries else None,
        segments=_segments(entries["segment"]) if "segment" in entries else (),
        pattern=entries["pattern"].choice(PATTERNS) if "pattern" in entries else None,
        right_share=entries["right_share"].number(0, 1) if "right_share" in entries else 0.6,
        touches=touches,
        near_duct=_near_duct(entries["near_duct"]) if "near_duct" in entries else None,
        beside=entries["beside"].text() if "beside" in entries else None,
        gap_mm=entries["gap_mm"].number(0, 60) if "gap_mm" in entries else 2.0,
        clear_of=clear_of,
        exophytic=_exophytic(entries["exophytic"]) if "exophytic" in entries else None,
        line=node.line,
    )


def _point(node: Node) -> tuple[float, float, float]:
    point = [item.number(-600, 600) for item in node.items()]
    if len(point) != 3:
        raise node.refuse("'at' needs three numbers", found=str(point))
    return point[0], point[1], point[2]


def _segments(node: Node) -> tuple[int, ...]:
    if not node.is_list:
        return (int(node.number(1, 8)),)
    return tuple(int(item.number(1, 8)) for item in node.items())


def _touches(node: Node) -> tuple[Touch, ...]:
    return tuple(_touch(item) for item in (node.items() if node.is_list else [node]))


def _touch(node: Node) -> Touch:
    entries = node.mapping(("vessel", "degrees"), ("length_mm", "from", "along"))
    return Touch(
        vessel=entries["vessel"].text(),
        degrees=entries["degrees"].number(1, 360),
        length_mm=entries["length_mm"].number(0.5, 150) if "length_mm" in entries else None,
        side=entries["from"].choice(SIDES) if "from" in entries else None,
        along=entries["along"].number(0, 1) if "along" in entries else None,
        line=node.line,
    )


def _near_duct(node: Node) -> NearDuct:
    entries = node.mapping(("distance_mm",), ("duct",))
    duct = entries["duct"].text() if "duct" in entries else "pancreatic_duct"
    return NearDuct(entries["distance_mm"].number(0, 30), duct, node.line)


def _clear_of(node: Node) -> tuple[tuple[str, float], ...]:
    """Names of tubes (2 mm from each), or a mapping of names to distances."""
    if node.is_list:
        return tuple((item.text(), 2.0) for item in node.items())
    return tuple((key, item.number(0, 50)) for key, item in node.pairs())


def _exophytic(node: Node) -> float | None:
    if isinstance(node.value(), bool):
        return 0.5 if node.flag() else None
    return node.number(0.1, 0.95)
