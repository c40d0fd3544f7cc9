"""WHO 2022 grade of each tissue sample, and the highest of them."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, JsonValue, model_validator

from isletscope.criteria.book import Book, load_book, number
from isletscope.criteria.inputs import CriterionInput
from isletscope.criteria.proliferation import Ki67, KiIndex
from isletscope.criteria.registry import Criterion
from isletscope.criteria.result import Reasoning, above, at_least
from isletscope.model import Conclusion

BOOK = load_book("who_grade", Book)
UNDETERMINED = "NEN G3, NET vs NEC undetermined"
ORDER = ("NET G1", "NET G2", "NET G3", UNDETERMINED, "MiNEN", "NEC")
GRADES = ("NET G1", "NET G2", "NET G3")
HIGH_GRADES = ("NET G3", UNDETERMINED, "NEC")


def read_grade(given: object) -> object:
    """``G2``, ``NET G2``, ``grade 2``, ``NEC`` or ``MiNEN`` as printed here; a bare G3 may be NET or NEC and stays so.

    Raises ValueError for another text.
    """
    if not isinstance(given, str):
        return given
    text = re.sub(r"[\s_.-]+", " ", given.strip().lower())
    if text in ("nec", "minen"):
        return {"nec": "NEC", "minen": "MiNEN"}[text]
    match = re.fullmatch(r"(?:net |nen )?(?:who )?(?:g|grade) ?([123]|i{1,3})", text)
    if not match:
        raise ValueError(f"the grade is not understood: {given!r}; write G1, G2, G3, NEC or MiNEN")
    grade = int(match[1]) if match[1].isdigit() else len(match[1])
    return "G3" if grade == 3 and not text.startswith("net") else f"NET G{grade}"


class TissueSample(CriterionInput):
    """One tissue sample. None means that the pathology report does not say it."""

    site: str = Field(default="", description="lesion or organ, e.g. P1, liver")
    sampled: date | None = Field(default=None, description="ISO date of the sample")
    differentiation: Literal["well", "poor", "unknown"] = "unknown"
    ki67_percent: Ki67 | None = Field(default=None, description="number, or text such as '3-5 %', '< 3', '> 20'")
    mitoses_per_2mm2: float | None = Field(default=None, ge=0)
    mitoses_per_10_hpf: float | None = Field(
        default=None, ge=0, description="old unit; used only with the field's area"
    )
    field_area_mm2: float | None = Field(default=None, gt=0, le=1, description="area of one high-power field")
    cell_type: Literal["small", "large", "unknown"] = "unknown"
    non_neuroendocrine_percent: float | None = Field(default=None, ge=0, le=100)
    stated_grade: Annotated[str | None, BeforeValidator(read_grade)] = None


class WhoGradeInput(CriterionInput):
    """All samples of the patient; a document without ``samples`` is taken as one sample."""

    samples: tuple[TissueSample, ...] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _one_sample(cls, given: JsonValue) -> JsonValue:
        return {"samples": [given]} if isinstance(given, dict) and given and "samples" not in given else given


def who_grade(given: WhoGradeInput) -> Conclusion:
    """The grade; of several samples the highest, with each sample's own result beside it."""
    graded = [grade_of_sample(sample) for sample in given.samples]
    if len(graded) == 1:
        return graded[0]
    steps = Reasoning(BOOK)
    known = sorted((result for result in graded if result.value), key=_rank)
    for result in graded:
        steps.lack(*(f"{lack} ({result.subject or 'unnamed sample'})" for lack in result.missing))
    if not known:
        return steps.not_assessable(lesions=graded)
    top = known[-1]
    higher = {value for result in graded for value in result.possible if ORDER.index(value) > _rank(top)}
    if higher:
        return steps.not_assessable(possible=sorted({str(top.value), *higher}, key=ORDER.index), lesions=graded)
    where = f" ({top.subject})" if top.subject else ""
    steps.fire("highest", count=len(graded), grade=str(top.value), where=where)
    values = sorted({str(result.value) for result in known}, key=ORDER.index)
    if len(values) > 1:
        steps.flag("grades_differ", grades=", ".join(values))
    open_samples = len(known) < len(graded) or any(result.provisional for result in graded)
    provisional = open_samples and top.value != ORDER[-1]
    return steps.conclude(str(top.value), parts=top.parts, provisional=provisional, lesions=graded)


def grade_of_sample(sample: TissueSample) -> Conclusion:
    """The grade of one sample."""
    steps = Reasoning(BOOK, subject=" ".join(filter(None, [sample.site, str(sample.sampled or "")])))
    mitoses = _mitoses(sample, steps)
    _note_inputs(sample, mitoses, steps)
    share = sample.non_neuroendocrine_percent
    if share is not None and _mixed(share):
        return _mixed_neoplasm(sample, mitoses, share, steps)
    if share is None and sample.stated_grade == "MiNEN":
        return _stated_mixed(sample, mitoses, steps)
    if share is not None and share > 0:
        steps.flag("minor_component", share=share)
    result = _pure(sample, mitoses, steps)
    same = result.value == sample.stated_grade or (sample.stated_grade == "G3" and result.value in HIGH_GRADES)
    if sample.stated_grade and result.value and not same:
        steps.flag("grade_disagrees", stated=sample.stated_grade, computed=result.value)
        return result.model_copy(update={"flags": steps.flags})
    return result


def _rank(result: Conclusion) -> int:
    return ORDER.index(str(result.value))


def _mitoses(sample: TissueSample, steps: Reasoning) -> float | None:
    """Mitoses per 2 mm²; a count per 10 fields is converted only when the area of a field is known."""
    if sample.mitoses_per_2mm2 is not None or sample.mitoses_per_10_hpf is None:
        return sample.mitoses_per_2mm2
    steps.flag("legacy_unit", raw=sample.mitoses_per_10_hpf)
    if sample.field_area_mm2 is None:
        steps.lack("area of a high-power field")
        return None
    return sample.mitoses_per_10_hpf * BOOK.limit("ten_hpf_mm2") / (10 * sample.field_area_mm2)


def _note_inputs(sample: TissueSample, mitoses: float | None, steps: Reasoning) -> None:
    if steps.subject:
        steps.note(f"sample: {steps.subject}")
    steps.note(f"differentiation: {sample.differentiation}")
    if sample.ki67_percent is not None:
        steps.note(f"Ki-67 {sample.ki67_percent.printed()} %", sample.ki67_percent.high, "%")
        if sample.ki67_percent.single and 0 < sample.ki67_percent.high < 1:
            steps.flag("fraction_like", ki67=sample.ki67_percent.high)
    if mitoses is not None:
        steps.note("mitoses per 2 mm²", mitoses, "/(2.mm2)")


def _mixed(share: float) -> bool:
    return at_least(share, BOOK.limit("minen_lower_percent")) and not above(share, BOOK.limit("minen_upper_percent"))


def _mixed_neoplasm(sample: TissueSample, mitoses: float | None, share: float, steps: Reasoning) -> Conclusion:
    steps.note("non-neuroendocrine part", share, "%")
    part = _pure(sample, mitoses, Reasoning(BOOK, subject=steps.subject))
    parts = {}
    if part.value:
        steps.fire("component", grade=part.value)
        parts = {"neuroendocrine component": part.value}
        steps.flags.extend(part.flags)
    steps.fire("minen", share=share, least=BOOK.limit("minen_lower_percent"))
    return steps.conclude("MiNEN", parts=parts)


def _stated_mixed(sample: TissueSample, mitoses: float | None, steps: Reasoning) -> Conclusion:
    """MiNEN as the pathologist wrote it; Ki-67 and mitoses grade its neuroendocrine part alone."""
    part = _pure(sample.model_copy(update={"stated_grade": None}), mitoses, Reasoning(BOOK, subject=steps.subject))
    steps.fire("stated_minen")
    steps.lack("share of the non-neuroendocrine part")
    parts = {"neuroendocrine component": part.value} if part.value else {}
    return steps.conclude("MiNEN", parts=parts, provisional=True)


def _pure(sample: TissueSample, mitoses: float | None, steps: Reasoning) -> Conclusion:
    """The class by differentiation, without a second component."""
    if sample.differentiation == "poor":
        return _carcinoma(sample, mitoses, steps)
    ki67 = sample.ki67_percent
    if ki67 is None:
        steps.lack("Ki-67")
    if mitoses is None:
        steps.lack("mitoses per 2 mm²")
    if sample.differentiation == "unknown":
        steps.lack("differentiation")
    if ki67 is None and mitoses is None:
        return _without_indices(sample, steps)
    low = max(_grade_low(ki67), _grade_of_mitoses(mitoses))
    high = max(_grade_high(ki67), _grade_of_mitoses(mitoses))
    if ki67 is not None and not ki67.single:
        steps.flag("ki67_range", given=f"{ki67.printed()} %", low=GRADES[low - 1], high=GRADES[high - 1])
    if low != high and ki67 is not None and not ki67.upper_end_given:
        return steps.not_assessable("upper end of Ki-67", possible=GRADES[low - 1 : high])
    ranged = low != high
    if ranged:
        steps.lack("a single value of Ki-67")
    return _graded(sample, mitoses, high, ranged, steps)


def _carcinoma(sample: TissueSample, mitoses: float | None, steps: Reasoning) -> Conclusion:
    ki67 = sample.ki67_percent
    cells = {"small": " of small cells", "large": " of large cells", "unknown": ""}[sample.cell_type]
    steps.fire("nec", cells=cells)
    if ki67 is not None and mitoses is not None and max(_grade_high(ki67), _grade_of_mitoses(mitoses)) < 3:
        steps.flag("inconsistent_proliferation")
    if ki67 is not None and ki67.single:
        steps.flag(
            "nec_from_55" if at_least(ki67.high, BOOK.limit("nec_band_percent")) else "nec_below_55", ki67=ki67.high
        )
    return steps.conclude("NEC", parts={"cell type": sample.cell_type})


def _without_indices(sample: TissueSample, steps: Reasoning) -> Conclusion:
    if sample.stated_grade:
        steps.fire("stated", grade=sample.stated_grade)
        bare = "NET G3" if sample.differentiation == "well" else UNDETERMINED
        return steps.conclude(bare if sample.stated_grade == "G3" else sample.stated_grade, provisional=True)
    return steps.not_assessable(possible=GRADES if sample.differentiation == "well" else ())


def _graded(sample: TissueSample, mitoses: float | None, grade: int, ranged: bool, steps: Reasoning) -> Conclusion:
    """The grade by the indices that are known; provisional while anything lacking could change it."""
    ki67 = sample.ki67_percent
    shown = {
        "ki67": ki67.printed() if ki67 else "not known",
        "mitoses": "not known" if mitoses is None else number(mitoses),
        "grade": grade,
    }
    _band_flags(ki67, grade, steps)
    if sample.differentiation == "unknown":
        if grade == 3:
            steps.fire("undetermined", ki67=shown["ki67"], mitoses=shown["mitoses"])
            return steps.conclude(UNDETERMINED, provisional=True)
        steps.fire("presumed", **shown)
        steps.flag("differentiation_presumed")
        return steps.conclude(GRADES[grade - 1], provisional=True)
    if ki67 is not None and mitoses is not None:
        steps.fire("both", **shown, g_ki67=_grade_high(ki67), g_mitoses=_grade_of_mitoses(mitoses))
        return steps.conclude(GRADES[grade - 1], provisional=ranged)
    steps.fire("ki67_only" if ki67 is not None else "mitoses_only", **shown)
    if grade == 3 and not ranged:
        steps.flag("INSENSITIVE_TO_MISSING", missing=", ".join(steps.lacking))
        return steps.conclude(GRADES[2])
    return steps.conclude(GRADES[grade - 1], provisional=True)


def _band_flags(ki67: KiIndex | None, grade: int, steps: Reasoning) -> None:
    if ki67 is None or not ki67.upper_end_given:
        return
    value = ki67.high
    if grade == 2 and at_least(value, BOOK.limit("high_g2_percent")):
        steps.flag("high_g2", ki67=value)
    if grade == 3 and above(value, BOOK.limit("g3_ki67_percent")):
        steps.flag(
            "above_trial_range" if above(value, BOOK.limit("trial_upper_percent")) else "trial_range", ki67=value
        )


def _grade_high(ki67: KiIndex | None) -> int:
    """Grade of the upper end of Ki-67; 0 when it is not known."""
    if ki67 is None:
        return 0
    if ki67.high_open and not above(ki67.high, BOOK.limit("g2_ki67_percent")):
        return 1
    return _grade(ki67.high, BOOK.limit("g2_ki67_percent"), BOOK.limit("g3_ki67_percent"))


def _grade_low(ki67: KiIndex | None) -> int:
    """Grade of the lower end of Ki-67; 0 when it is not known."""
    if ki67 is None:
        return 0
    if ki67.low_open and at_least(ki67.low, BOOK.limit("g3_ki67_percent")):
        return 3
    return _grade(ki67.low, BOOK.limit("g2_ki67_percent"), BOOK.limit("g3_ki67_percent"))


def _grade_of_mitoses(mitoses: float | None) -> int:
    return 0 if mitoses is None else _grade(mitoses, BOOK.limit("g2_mitoses"), BOOK.limit("g3_mitoses"))


def _grade(value: float, second: float, third: float) -> int:
    if above(value, third):
        return 3
    return 2 if at_least(value, second) else 1


CRITERION = Criterion(book=BOOK, input_model=WhoGradeInput, run=who_grade)
