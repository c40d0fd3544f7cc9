"""Mixed response: part of the disease grows or is new while another part shrinks, since the time point before."""

from __future__ import annotations

from collections.abc import Iterator

from isletscope.assessment.alert_book import by_name, listed, make_alert
from isletscope.assessment.alerts_exams import differs_mm
from isletscope.assessment.view import ANATOMICAL, Found, View
from isletscope.model import Alert, Compartment, Lesion, Visibility


def course_alerts(view: View) -> Iterator[Alert]:
    """An alert when lesions change in opposite directions beyond measurement error."""
    if view.earlier is None:
        return
    larger: list[str] = []
    smaller: list[str] = []
    references: list[str] = []
    for lesion in view.lesions:
        if _absorbed_another(view, lesion):
            continue
        pair = sizes_before_and_now(view.earlier, view, lesion)
        if pair is None or not differs_mm(pair[0].value, pair[1].value):
            continue
        (larger if pair[1].value > pair[0].value else smaller).append(lesion.id)
        references += [pair[0].reference, pair[1].reference]
    new = [lesion.id for lesion in view.lesions if is_new(view.earlier, lesion)]
    gone = [lesion.id for lesion in view.earlier.lesions if is_gone(view, lesion)]
    if not (larger or new) or not (smaller or gone):
        return
    words = {"larger": larger, "new": new, "smaller": smaller, "not seen any more": gone}
    said = {name: f"{listed(sorted(found, key=by_name))} {name}" for name, found in words.items() if found}
    yield make_alert(
        "mixed_response",
        lesions=[*larger, *new, *smaller, *gone],
        rests_on=[*references, *(f"lesion/{name}" for name in (*new, *gone))],
        worse=" and ".join(said[name] for name in ("larger", "new") if name in said),
        better=" and ".join(said[name] for name in ("smaller", "not seen any more") if name in said),
        site=sorted([*new, *larger], key=by_name)[0],
    )


def _absorbed_another(view: View, lesion: Lesion) -> bool:
    """Whether neighbours have merged into a lesion, so that its diameter holds more than itself."""
    return any(one.merged_into == lesion.id for one in view.case.lesions)


def sizes_before_and_now(earlier: View, now: View, lesion: Lesion) -> tuple[Found, Found] | None:
    """A lesion's diameter on the same kind of exam then and now; the short axis of a node. None without such a pair."""
    axis = "short_axis" if lesion.compartment is Compartment.NODE else "long_axis"
    for kind in ANATOMICAL:
        before, after = earlier.find(lesion, axis, (kind,)), now.find(lesion, axis, (kind,))
        if before is not None and after is not None:
            return before, after
    return None


def is_new(earlier: View, lesion: Lesion) -> bool:
    """Whether an earlier exam looked at the place and saw nothing, and none saw it; a part of an old one is not new."""
    if lesion.split_from:
        return False
    found = [one for kind in earlier.kinds if (one := earlier.looked(lesion, kind)) is not None]
    return any(one.visibility is Visibility.NOT_SEEN for one in found) and not any(earlier.seen(lesion))


def is_gone(now: View, lesion: Lesion) -> bool:
    """Whether a lesion that was there is looked for and not seen on any exam now.

    One that merged with a neighbour, or split in parts that are seen, is not gone.
    """
    if lesion.merged_into or any(one.split_from == lesion.id for one in now.lesions):
        return False
    found = [one for kind in now.kinds if (one := now.looked(lesion, kind)) is not None]
    return bool(found) and all(one.visibility is Visibility.NOT_SEEN for one in found)
