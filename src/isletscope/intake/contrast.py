"""The contrast agent of an image, when its injection began, and the phase that the header states.

Classic and legacy-converted objects name them as attributes of the image; enhanced CT and MR in Enhanced Contrast/Bolus
(PS3.3 C.7.6.4b) and, frame by frame, in Contrast/Bolus Usage (PS3.3 C.7.6.16.2.12).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from pydicom.dataset import Dataset

from isletscope.intake import values
from isletscope.intake.files import Instance
from isletscope.intake.frames import functional_groups, image_items, image_text, image_words
from isletscope.intake.role_table import role_table

_DAY_S = 86400.0


@dataclass(frozen=True)
class Contrast:
    """What the header says of contrast for one image.

    ``agent``: names, empty when none was given; ``starts``: Contrast/Bolus Start Time (0018,1042) of every step that
    went into a vein, in the order of the header; ``phase``: Contrast/Bolus Agent Phase (0018,9344), empty when none or
    several are stated; ``withheld``: the header says of every agent that this image was made without it.
    """

    agent: str = ""
    starts: tuple[str, ...] = ()
    phase: str = ""
    withheld: bool = False

    def delay_s(self, acquired: datetime) -> float | None:
        """Seconds from the start of the injection to ``acquired``, below a day; None when no one start is named.

        Steps of one injection (the bolus, then saline) count from the first; steps further apart are several.
        """
        moments = [values.moment(acquired.strftime("%Y%m%d"), start) for start in self.starts]
        known = [moment for moment in moments if moment is not None]
        if not known:
            return None
        later = [(moment - known[0]).total_seconds() % _DAY_S for moment in known]
        if max(later) > role_table().contrast.steps_within_s:
            return None
        return (acquired - known[0]) % timedelta(days=1) / timedelta(seconds=1)


def contrast_of(instance: Instance) -> Contrast:
    """Contrast of one image plane, from classic attributes and from those of enhanced objects."""
    usages = _usages(instance)
    withheld_numbers = {number for number, usage in usages if _administered(usage) == "NO"}
    withheld = bool(usages) and len(withheld_numbers) == len({number for number, _ in usages})
    agents = image_items(instance, "ContrastBolusAgentSequence")
    given = [item for item in agents if not withheld and _number(item) not in withheld_numbers]
    elsewhere = {_number(item) for item in agents if not _into_a_vein(item)}
    phases = {_phase(usage) for number, usage in usages if number not in elsewhere} - {""}
    return Contrast(
        agent="" if withheld else _agent(instance, given),
        starts=() if withheld else _starts(instance, given),
        phase=phases.pop() if len(phases) == 1 else "",
        withheld=withheld,
    )


def _usages(instance: Instance) -> list[tuple[str, Dataset]]:
    """Number of the agent and item of Contrast/Bolus Usage of this image: of the frame, else shared."""
    for groups in functional_groups(instance):
        found = values.items(groups, "ContrastBolusUsageSequence")
        if found:
            return [(_number(item), item) for item in found]
    return []


def _number(item: Dataset) -> str:
    return values.text(item, "ContrastBolusAgentNumber")


def _administered(usage: Dataset) -> str:
    return values.text(usage, "ContrastBolusAgentAdministered").upper()


def _phase(usage: Dataset) -> str:
    return values.text(usage, "ContrastBolusAgentPhase").upper()


def _into_a_vein(agent: Dataset) -> bool:
    """Whether the coded route is intravenous, or none is coded."""
    routes = values.items(agent, "ContrastBolusAdministrationRouteSequence")
    known = role_table().contrast.intravenous_routes
    return not routes or any(values.text(route, "CodeValue") in known for route in routes)


def _agent(instance: Instance, given: list[Dataset]) -> str:
    """Names of the agents; the words for 'no agent' are no name."""
    said = image_words(instance, "ContrastBolusAgent")
    if said:
        return "" if said.lower() in role_table().contrast.no_agent else said
    names = (values.words(item, "CodeMeaning") or values.text(item, "CodeValue") for item in given)
    return ", ".join(dict.fromkeys(name for name in names if name))


def _starts(instance: Instance, given: list[Dataset]) -> tuple[str, ...]:
    said = image_text(instance, "ContrastBolusStartTime")
    if said:
        return (said,)
    steps = (
        values.text(step, "ContrastBolusStartTime")
        for item in given
        if _into_a_vein(item)
        for step in values.items(item, "ContrastAdministrationProfileSequence")
    )
    return tuple(start for start in steps if start)
