"""Change between two SSTR PET scans, in descriptive words only."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from isletscope.criteria.book import Book, load_book
from isletscope.criteria.inputs import CriterionInput
from isletscope.criteria.registry import Criterion
from isletscope.criteria.result import Reasoning, at_least
from isletscope.model import Conclusion

BOOK = load_book("sstr_change", Book)
Ratio = Annotated[float | None, Field(gt=0)]


class SstrChangeInput(CriterionInput):
    """SSTR tumour volumes in mL, uptake ratios of the hottest lesion, and whether the scans are alike.

    ``after_first_prrt_cycle``: the second scan follows the first cycle of PRRT.
    """

    before_ml: Annotated[float | None, Field(gt=0, le=50000)] = None
    after_ml: Annotated[float | None, Field(ge=0, le=50000)] = None
    same_tracer: bool | None = None
    same_reconstruction: bool | None = None
    same_uptake_time: bool | None = None
    tumour_to_spleen_before: Ratio = None
    tumour_to_spleen_after: Ratio = None
    after_first_prrt_cycle: bool = False
    fdg_done: bool | None = None
    new_fdg_only_lesion: bool | None = None
    new_sstr_lesion: bool | None = None


_ALIKE = {"same_tracer": "tracer", "same_reconstruction": "reconstruction", "same_uptake_time": "uptake time"}


def assess(given: SstrChangeInput) -> Conclusion:
    """decrease, increase, stable or not_comparable, always descriptive."""
    reasoning = Reasoning(BOOK)
    if given.new_fdg_only_lesion:
        reasoning.flag("POSSIBLE_DEDIFFERENTIATION")
    if given.new_sstr_lesion:
        reasoning.flag("NEW_SSTR_LESION")
    different = [word for name, word in _ALIKE.items() if getattr(given, name) is False]
    if different:
        reasoning.fire("not_comparable", why=f"different {', '.join(different)}")
        return reasoning.conclude("not_comparable")
    _spleen(reasoning, given)
    before, after = given.before_ml, given.after_ml
    lacking = [f"whether the {word} is the same" for name, word in _ALIKE.items() if getattr(given, name) is None]
    lacking += ["SSTR tumour volume before"] if before is None else []
    lacking += ["SSTR tumour volume now"] if after is None else []
    if before is None or after is None or lacking:
        return reasoning.not_assessable(*lacking)
    change = 100 * (after - before) / before
    reasoning.note("SSTR tumour volume before", before, "mL")
    reasoning.note("SSTR tumour volume now", after, "mL")
    reasoning.note("change", change, "%")
    band = BOOK.limit("band")
    value = "decrease" if at_least(-change, band) else "increase" if at_least(change, band) else "stable"
    if value == "decrease" and not given.fdg_done:
        reasoning.flag("FDG_NOT_DONE")
    reasoning.fire(value, before=before, after=after, change=change, fdg=_fdg(given))
    return reasoning.conclude(value, parts={"change_percent": f"{change:.1f}"})


def _fdg(given: SstrChangeInput) -> str:
    if not given.fdg_done:
        return "FDG not done" if given.fdg_done is False else "FDG not known"
    if given.new_fdg_only_lesion is None:
        return "new FDG lesions not stated"
    return "FDG shows a new lesion without SSTR uptake" if given.new_fdg_only_lesion else "no new lesion on FDG"


def _spleen(reasoning: Reasoning, given: SstrChangeInput) -> None:
    before, after = given.tumour_to_spleen_before, given.tumour_to_spleen_after
    if before is None or after is None:
        return
    reasoning.note("tumour-to-spleen ratio before", before, "1")
    reasoning.note("tumour-to-spleen ratio now", after, "1")
    if after < before and given.after_first_prrt_cycle:
        reasoning.flag("TUMOUR_TO_SPLEEN_FALLS", before=before, after=after)


CRITERION = Criterion(BOOK, SstrChangeInput, assess)
