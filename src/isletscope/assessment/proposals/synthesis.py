"""Step 9, synthesis: stage, local class, what no operation clears, operations listed, the next exam."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from isletscope.assessment.proposals.heterogeneity import proposed_target
from isletscope.assessment.proposals.known import Known, Proposer, propose
from isletscope.assessment.proposals.rules import has_words, rules
from isletscope.criteria import ExamDone, ExamGroup, Finding, ImagingPlan, Recommendation, advise
from isletscope.errors import InputError
from isletscope.items import catalogue
from isletscope.model import Answer, Compartment, Conclusion, ExamKind

_CLASSES = {"R": "resectable", "BR": "borderline", "LA": "locally_advanced"}
_GROUPS = {
    ExamKind.CT: ExamGroup.CT,
    ExamKind.MRI: ExamGroup.MR,
    ExamKind.SSTR_PET: ExamGroup.SSTR,
    ExamKind.FDG_PET: ExamGroup.FDG,
    ExamKind.EXENDIN_PET: ExamGroup.EXENDIN,
    ExamKind.FDOPA_PET: ExamGroup.DOPA,
}
_NOT_CLEARED = ("limited_unresectable", "diffuse")
_LESION_SEEN = "once a lesion is seen"
_TIME = re.compile(r"\b(day|week|month|year)s?\b")
_CATEGORY = re.compile(r"(T(?:is|X|[0-4][a-c]?))|(N[X012])|(M[01][abc]?)")


def _tnm(known: Known) -> Answer | None:
    """The categories of the criterion; a category that is left open is left out."""
    found = known.conclusion("tnm")
    if found is None:
        return None
    allowed = catalogue().items["SUM.TNM"].answer
    value: dict[str, Any] = {}
    for part, name in (("t", "T"), ("n", "N"), ("m", "M")):
        match = _CATEGORY.match(found.parts.get(name, ""))
        if match is not None and " or " not in found.parts[name] and match[0] in allowed[part].values:
            value[part] = match[0]
    for name in ("stage", "edition"):
        if found.parts.get(name):
            value[name] = found.parts[name]
    doubts = f"provisional, lacks {', '.join(found.missing)}" if found.provisional else "clinical, by imaging"
    value["certainty"] = doubts
    return propose(value, "tnm", found.because, ["conclusion/tnm", *found.rests_on])


def _local(known: Known) -> Answer | None:
    """Metastatic where M is not M0; else the class of the scheme, with the neuroendocrine reading in the reason."""
    net, scheme, stage = (known.conclusion(name) for name in ("resectability_net", "resectability_nccn", "tnm"))
    spread = stage is not None and stage.parts.get("M", "").startswith("M1")
    others = {one.system: one.value for found in (net, scheme) if found is not None for one in found.alternatives}
    systems = known.gathered.get("resectability_systems")
    if systems is not None:
        others |= systems.parts
    tables = [f"{name}: {value}" for name, value in others.items()]
    if scheme is not None and scheme.value in _CLASSES:
        tables.insert(0, f"NCCN (for adenocarcinoma): {scheme.value}")
    if spread and stage is not None:
        local = f"; locally {net.value.replace('_', ' ')}" if net is not None and net.value else ""
        value: dict[str, Any] = {"value": "metastatic", "reason": f"{stage.parts['M']}{local}"}
        because = stage.because
    elif scheme is not None and scheme.value in _CLASSES:
        value = {"value": _CLASSES[scheme.value], "reason": _reason(net, scheme)}
        because = (net or scheme).because
    else:
        return None
    if tables:
        value["other_tables"] = "; ".join(tables)
    asked = {"resectability_net": net, "resectability_nccn": scheme, "tnm": stage}
    references = [f"conclusion/{name}" for name, found in asked.items() if found is not None]
    return propose(value, "resectability_net", because, references)


def _reason(net: Conclusion | None, scheme: Conclusion) -> str:
    if net is None:
        return scheme.because
    return f"{(net.value or '').replace('_', ' ')}: {net.because}"


def _uncleared(known: Known) -> Answer | None:
    """Places outside the liver that the rules count as not removable; no without any disease beyond the primary."""
    outside = known.conclusion("extrahepatic")
    if outside is None:
        return None
    if outside.value in _NOT_CLEARED:
        sites = [one.text.removesuffix(": lesions") for one in outside.evidence if one.text.endswith(": lesions")]
        rows = [{"site": site, "reason": outside.because} for site in sites if site != "regional nodes"]
        return propose({"any": True, "sites": rows}, "extrahepatic", outside.because, ["conclusion/extrahepatic"])
    local = known.conclusion("resectability_net")
    in_liver = known.view.of(Compartment.LIVER)
    if outside.value in ("none", "regional") and not in_liver and known.covered("liver") and local is not None:
        if local.value == "unlikely_curative":
            rows = [{"site": "primary tumour", "reason": local.because}]
            return propose(
                {"any": True, "sites": rows}, "resectability_net", local.because, ["conclusion/resectability_net"]
            )
        because = f"{outside.because} {local.because}"
        references = ["conclusion/extrahepatic", "conclusion/resectability_net"]
        return propose({"any": False}, "extrahepatic", because, references)
    return None


def _operations(known: Known) -> Answer | None:
    found = known.conclusion("operations")
    if found is None or not found.value:
        return None
    listed = found.value.replace("_", " ")
    return propose({"candidates": listed}, "operations", found.because or listed, ["conclusion/operations"])


def _cytoreduction(known: Known) -> Answer | None:
    """What each plan that was judged would remove; without a plan there is nothing to propose."""
    rows, references = [], []
    for found in known.gathered.in_order():
        if found.name == "cytoreduction" and "by_volume_percent" in found.parts:
            row: dict[str, Any] = {
                "plan": found.subject or "plan",
                "volume_percent": float(found.parts["by_volume_percent"]),
            }
            for part, name in (("count_percent", "by_count_percent"), ("sstr_percent", "by_sstr_percent")):
                if name in found.parts:
                    row[part] = float(found.parts[name])
            rows.append(row)
            references.append(f"conclusion/cytoreduction{'/' + found.subject if found.subject else ''}")
    if not rows:
        return None
    return propose({"plans": list(rows)}, "cytoreduction", "plans that were judged by the rule", references)


def _next(known: Known) -> Answer | None:
    """The first exam that the imaging rules list and this time point lacks, or their schedule of follow-up.

    Where the rules list only exams for doubtful cases the reader says.
    """
    plan = _plan(known)
    if plan is None:
        return None
    listed = [one for one in plan.recommendations if one.rank is not None and one.role in ("first", "add")]
    sample = known.view.clinical.histology.sample or ""
    taken = {exam for exam, words in rules().sampled_by.items() if has_words(sample, words)}
    listed = [one for one in listed if not one.condition and one.available and one.exam not in taken]
    if not listed:
        return None
    exam = listed[0]
    interval = _interval(known, plan, exam)
    if not interval:
        return None
    value: dict[str, Any] = {"exam": exam.name, "interval": interval}
    site = _most_informative(known)
    if site:
        value["biopsy_target"] = site
    reasons = exam.reasons[0].text if exam.reasons else plan.pathways[0].because
    references = ["conclusion/phenotype_histology"] if site else []
    return propose(
        value, "imaging_choice", reasons, [*references, *(f"exam/{key}" for key in known.view.point.exam_keys)]
    )


def _interval(known: Known, plan: ImagingPlan, exam: Recommendation) -> str:
    """When: the schedule of the rules, else the time that the reason names, else now for an exam that lacks here."""
    if plan.schedule:
        fitting = [one.text for one in plan.schedule if known.primary is not None and _LESION_SEEN in one.text]
        return fitting[0] if fitting else plan.schedule[0].text
    timed = [one.text for one in exam.reasons if _TIME.search(one.text)]
    if timed:
        return timed[0]
    kinds = {"ct": ExamKind.CT, "mr": ExamKind.MRI, "sstr": ExamKind.SSTR_PET, "fdg": ExamKind.FDG_PET}
    kind = kinds.get(exam.exam.partition("_")[0])
    return "" if kind is not None and known.view.done(kind) else "before the next decision"


def _plan(known: Known) -> ImagingPlan | None:
    """The imaging rules for this patient with the exams of this time point counted as done."""
    clinical = known.view.clinical
    today = date.fromisoformat(known.view.case.software.created[:10])
    done = [_done(known, kind, keys[-1]) for kind, keys in known.view.kinds.items() if kind in _GROUPS]
    asked = clinical.model_copy(update={"done": (*clinical.done, *done)})
    try:
        return advise(asked, today=today)
    except InputError:
        return None


def _done(known: Known, kind: ExamKind, key: str) -> ExamDone:
    looks = [known.view.looked(lesion, kind) for lesion in known.view.lesions]
    seen = any(one is not None and one.visibility.value == "seen" for one in looks)
    when = known.view.case.exam(key).date
    finding = Finding.POSITIVE if seen else Finding.NEGATIVE
    return ExamDone(exam=_GROUPS[kind], finding=finding, done_on=None if when is None else date.fromisoformat(when))


def _most_informative(known: Known) -> str:
    """The site that the criterion names; where it names none, the lesion that its map of both tracers speaks for."""
    found = known.gathered.get("phenotype_histology")
    site = found.parts.get("most informative site if sampling is discussed", "") if found is not None else ""
    target = proposed_target(known)
    lesion = next((one for one in known.view.lesions if target is not None and one.id == target.lesion), None)
    if site or target is None or lesion is None:
        return site
    return f"{lesion.id}, {lesion.compartment.value}, {target.part}"


PROPOSERS: dict[str, Proposer] = {
    "SUM.TNM": _tnm,
    "SUM.resect": _local,
    "SUR.uncleared": _uncleared,
    "SUR.operations": _operations,
    "SUR.cytoreduction": _cytoreduction,
    "SUM.next": _next,
}
