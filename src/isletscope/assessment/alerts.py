"""Discordances: what does not fit together at a time point, in the fixed form, alerts first, then notes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from isletscope.assessment.alert_book import LESION_NAME, in_order, joined, make_alert
from isletscope.assessment.alerts_course import course_alerts
from isletscope.assessment.alerts_exams import PRINTED, exam_alerts
from isletscope.assessment.gathered import Gathered
from isletscope.assessment.view import ANATOMICAL, View
from isletscope.criteria import CONCORDANCE_BOOK, MISMATCH, Subtype
from isletscope.model import Alert, Conclusion, ExamKind, Lesion, Visibility

_FORM = re.compile(
    r"^ALERT, discordance: (?P<finding>.+?) against (?P<against>.+)\. Meaning: (?P<meaning>.+)\. "
    r"Would be settled by: (?P<settled_by>.+)\.$"
)
_FINER = re.compile(r"(stage [IV]+|M1)[A-Da-d]\b")
_OTHER_NAMES = {"UR-LA": "LA", "irresectable": "LA"}
_PART_OF_SITE = "most informative site if sampling is discussed"
_COMPARED = (
    "tnm",
    "hereditary_size",
    "surveillance",
    "resectability_net",
    "resectability_nccn",
    "resectability_systems",
    "recist",
    "remnant",
)
"""Criteria whose other editions, systems or guidelines may give this patient another result."""
_CODING = "registry coding"
"""Rules for registries code contact as growth; they describe no other reading of the findings."""


def find_alerts(view: View, gathered: Gathered) -> list[Alert]:
    """Every alert and note of a time point."""
    histology = list(_histology(view, gathered))
    told = {name for alert in histology for name in alert.lesions}
    tracers = [alert for alert in _tracers(view, gathered) if not set(alert.lesions) <= told]
    told.update(name for alert in tracers for name in alert.lesions)
    return in_order(
        [
            *histology,
            *tracers,
            *_sstr_rads(view, gathered, told),
            *exam_alerts(view),
            *course_alerts(view),
            *_overrides(view),
            *_systems(gathered),
            *_older_limits(gathered),
        ]
    )


def _labelled(gathered: Gathered, criterion: str, value: str) -> list[str]:
    """Lesions to which a criterion gave that value."""
    conclusion = gathered.get(criterion)
    return [one.subject for one in conclusion.lesions if one.value == value] if conclusion is not None else []


def _by_id(view: View) -> dict[str, Lesion]:
    return {lesion.id: lesion for lesion in view.case.lesions}


def _site_to_sample(gathered: Gathered, lesions: list[str]) -> str:
    """The most informative of these lesions; the first where the rules name another one."""
    asked = gathered.get("phenotype_histology")
    named = asked.parts.get(_PART_OF_SITE, "").split(",")[0] if asked is not None else ""
    return named if named in lesions else lesions[0]


def _tracers(view: View, gathered: Gathered) -> Iterator[Alert]:
    lesions = _labelled(gathered, "concordance", CONCORDANCE_BOOK.labels[MISMATCH])
    if lesions:
        found = [view.find(_by_id(view)[name], "suv_max", (ExamKind.FDG_PET,)) for name in lesions]
        values = [one.value for one in found if one is not None]
        suv = f" (FDG SUVmax up to {max(values):.1f})" if values else ""
        yield make_alert(
            "sstr_negative_fdg_positive",
            lesions=lesions,
            rests_on=[
                "conclusion/concordance",
                "conclusion/krenning",
                *(one.reference for one in found if one is not None),
            ],
            suv=suv,
            scores=joined(_scores(gathered, lesions)),
            site=_site_to_sample(gathered, lesions),
        )


def _scores(gathered: Gathered, lesions: list[str]) -> list[str]:
    """Krenning scores of these lesions, each once; every score below the limit where one is not settled."""
    asked = gathered.get("krenning")
    found = {one.subject: one for one in asked.lesions} if asked is not None else {}
    values = {value for name in lesions for value in ([found[name].value] if name in found else []) if value}
    return sorted(values) or ["0 or 1"]


def _sstr_rads(view: View, gathered: Gathered, told: set[str]) -> Iterator[Alert]:
    """3C and 3D; cold lesions that another alert has named already are not said twice."""
    intense = _labelled(gathered, "sstr_rads", "3C")
    if intense:
        site = _site_to_sample(gathered, intense)
        yield make_alert("sstr_rads_3c", lesions=intense, rests_on=["conclusion/sstr_rads"], site=site)
    cold = [name for name in _labelled(gathered, "sstr_rads", "3D") if name not in told]
    if cold:
        kinds = [kind for kind in (*ANATOMICAL, ExamKind.EXENDIN_PET) if any(_sees(view, name, kind) for name in cold)]
        insulinoma = view.clinical.subtype is Subtype.INSULINOMA
        exam = "exendin PET" if insulinoma else "FDG PET"
        done = ExamKind.EXENDIN_PET if insulinoma else ExamKind.FDG_PET
        if view.done(done):
            exam = "endoscopic or intraoperative ultrasound" if insulinoma else "contrast-enhanced MRI"
        yield make_alert(
            "sstr_rads_3d_insulinoma" if insulinoma else "sstr_rads_3d",
            lesions=cold,
            rests_on=["conclusion/sstr_rads"],
            exams=joined([PRINTED[kind] for kind in kinds]) or "CT or MRI",
            exam=exam,
            site=_site_to_sample(gathered, cold),
        )


def _sees(view: View, name: str, kind: ExamKind) -> bool:
    one = view.looked(_by_id(view)[name], kind)
    return one is not None and one.visibility is Visibility.SEEN


def _histology(view: View, gathered: Gathered) -> Iterator[Alert]:
    """The alarms of the criterion on phenotype and histology, which words them in the fixed form itself."""
    asked = gathered.get("phenotype_histology")
    for branch in asked.branches if asked is not None else ():
        form = _FORM.match(branch.text)
        if form is None:
            continue
        lesions = [name for name in LESION_NAME.findall(form["against"]) if name in _by_id(view)]
        if branch.rule.endswith(".mismatch"):
            lesions = _labelled(gathered, "concordance", CONCORDANCE_BOOK.labels[MISMATCH])
        rests_on = ["conclusion/phenotype_histology", "conclusion/who_grade"]
        alert = make_alert("phenotype_against_histology", lesions=lesions, rests_on=rests_on, **form.groupdict())
        yield alert.model_copy(update={"support": branch.support, "sources": list(branch.sources)})


def _overrides(view: View) -> Iterator[Alert]:
    """Verdicts that a reader changed."""
    at_hand = {lesion.id for lesion in (*view.lesions, *view.unsure)}
    for one in view.case.overrides:
        if one.computed is not None and one.computed is not one.verdict and one.lesion in at_hand:
            yield make_alert(
                "reader_against_rule",
                lesions=[one.lesion],
                rests_on=[f"lesion/{one.lesion}"],
                reader=one.verdict.value,
                computed=one.computed.value,
                why=f"{one.who}, {one.when[:10]}: {one.why.rstrip('.')}",
            )


def _systems(gathered: Gathered) -> Iterator[Alert]:
    """Other editions, guidelines or limits that give another result than the default."""
    for conclusion in gathered.in_order():
        others = [
            one
            for one in conclusion.alternatives
            if _plain(one.value) != _plain(conclusion.value or "") and not one.system.startswith(_CODING)
        ]
        if conclusion.value is None or not others or conclusion.name not in _COMPARED:
            continue
        yield make_alert(
            "two_systems",
            lesions=_subject_lesions(conclusion),
            rests_on=[_reference(conclusion)],
            title=" ".join(filter(None, [conclusion.title, conclusion.subject, conclusion.parts.get("edition", "")])),
            value=conclusion.value.replace("_", " "),
            others=joined([f"{one.value.replace('_', ' ')} ({one.system})" for one in others]),
        )


def _older_limits(gathered: Gathered) -> Iterator[Alert]:
    """Tumours above the size limit of older MEN1 guidance and not above today's."""
    found = [
        one.subject
        for one in gathered.in_order()
        if one.name == "hereditary_size" and one.value == "below_limit" and "ABOVE_OLD_LIMIT" in one.flag_codes()
    ]
    if found:
        yield make_alert("older_limit", lesions=found, rests_on=[f"conclusion/hereditary_size/{one}" for one in found])


def _plain(value: str) -> str:
    """Without the finer groups and other names of one edition: IIA does not contradict II, nor UR-LA LA."""
    return _FINER.sub(r"\1", _OTHER_NAMES.get(value, value))


def _subject_lesions(conclusion: Conclusion) -> list[str]:
    return LESION_NAME.findall(conclusion.subject)


def _reference(conclusion: Conclusion) -> str:
    return "/".join(filter(None, ["conclusion", conclusion.name, conclusion.subject]))
