"""C16 to C25: what the rules concluded is what is printed, and simple rules are recomputed from the findings."""

from __future__ import annotations

import re
from collections.abc import Iterator

from isletscope.assessment import assess
from isletscope.criteria import citations
from isletscope.model import Conclusion, ExamKind, TracerClass
from isletscope.report.checks.fault import Fault
from isletscope.report.checks.material import Material, cells
from isletscope.report.words import words

_DUAL = ("netpet", "karfis", "zidan", "concordance")
_TNM = re.compile(r"\bc?(?P<t>T[0-4X](?:is)?(?:\([\dm]+\))?) c(?P<n>N[0-2X])(?: by imaging)? c?(?P<m>M[01][abc]?)\b")
_STAGE = re.compile(r"\b[Ss]tage[ \u00a0](?P<stage>I{1,3}[ABC]?|IV[ABC]?)\b")
_GRADE = re.compile(r"\b(?:NET[ \u00a0])?G[123]\b|\bNEC\b|\bMiNEN\b")
_LOCAL = ("resectability_net", "resectability_nccn", "resectability_systems")
_CODED = ("netpet", "karfis", "zidan", "sstr_rads", "who_grade", "recist")
_CLASSES = {"R": "resectable", "BR": "borderline", "LA": "locally advanced", "unlikely_curative": "unlikely"}
_PRRT = {
    "supports": "imaging supports discussion of PRRT",
    "borderline": "uptake borderline for discussion of PRRT",
    "discordant": "PRRT alone is not supported by imaging",
    "too_low": "SSTR uptake does not support discussion of PRRT",
    "mixed": "uptake borderline for discussion of PRRT",
}
_SOURCE = re.compile(r"\[([^\]\d][^\]]*)\]")


def c16(material: Material) -> Iterator[Fault]:
    """T, N, M and stage: the same in every sentence, and those of the findings as they are now."""
    conclusion = material.conclusion("tnm")
    if conclusion is None:
        yield from _not_possible(material)
    else:
        yield from _other_tnm(material, conclusion)
    yield from _stale(material)


def _other_tnm(material: Material, conclusion: Conclusion) -> Iterator[Fault]:
    """Printed T, N, M and stages that are not those of the rule."""
    wanted = tuple(conclusion.parts.get(name, "") for name in "TNM")
    stage = conclusion.parts.get("stage")
    for placed in material.findings:
        for match in _TNM.finditer(placed.text):
            if not _same_tnm(tuple(match[name] for name in "tnm"), wanted):
                yield Fault("C16", placed.where, match.group(), f"c{' c'.join(wanted)}")
        if not any(system in placed.text for system in ("UICC", "ENETS", "AJCC v9")):
            for match in _STAGE.finditer(placed.text):
                if match["stage"] != stage:
                    yield Fault("C16", placed.where, match.group(), f"stage {stage}")


def _not_possible(material: Material) -> Iterator[Fault]:
    """Printed T, N, M and stages where the rule has no result, save those that it leaves possible."""
    asked = material.assessed.conclusion("tnm")
    left = asked.possible if asked else []
    for placed in material.findings:
        for match in (*_TNM.finditer(placed.text), *_STAGE.finditer(placed.text)):
            if not any(match.group().replace("\u00a0", " ") in one for one in left):
                expected = " or ".join(left) or "no TNM, because the rule has no result"
                yield Fault("C16", placed.where, match.group(), expected)


def _same_tnm(printed: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    return all(found.split("(")[0] == rule.split("(")[0] for found, rule in zip(printed, wanted, strict=True))


def _stale(material: Material) -> Iterator[Fault]:
    """Conclusions that the findings would not give any more."""
    anew = next(
        (one for one in assess(material.case).assessments if one.time_point == material.narrative.time_point), None
    )
    if anew is None:
        return
    for one in material.assessed.conclusions:
        again = anew.conclusion(one.name, one.subject)
        if again is None or (again.state, again.value) != (one.state, one.value):
            value = again.value or "no result" if again else "not asked"
            where = f"score {one.name} {one.subject}".strip()
            yield Fault("C16", where, one.value or "no result", f"{value}, from the findings as they are")


def c17(material: Material) -> Iterator[Fault]:
    """Grade words only with a sample; the grade of the report is that of the rule."""
    grade = material.conclusion("who_grade")
    known = {grade.value, *(lesion.value for lesion in grade.lesions)} if grade else set()
    for placed in material.within("summary", "step 2", "step 9", "impression"):
        for match in _GRADE.finditer(placed.text):
            if re.search(r"if NEC|brain|screen|criteria|for NEC", placed.text):
                continue
            word = match.group().replace("\u00a0", " ").removeprefix("NET ")
            if not any(word in (value or "") for value in known):
                yield Fault("C17", placed.where, match.group(), "the grade of a sample, with site and date")


def c18(material: Material) -> Iterator[Fault]:
    """Krenning of each lesion from its SSTR SUVmax and the means of blood pool, liver and spleen."""
    conclusion = material.assessed.conclusion("krenning")
    means = [material.reference_mean(TracerClass.SSTR, name) for name in ("blood_pool", "liver", "spleen")]
    if conclusion is None or any(mean is None for mean in means):
        return
    blood, liver, spleen = (mean for mean in means if mean is not None)
    printed = cells(material.narrative.lesions, "Krenning")
    for scored in conclusion.lesions:
        lesion = material.lesions.get(scored.subject)
        maximum = material.number(lesion, "suv_max", ExamKind.SSTR_PET) if lesion else None
        look = material.view.looked(lesion, ExamKind.SSTR_PET) if lesion else None
        if maximum is None or look is None or look.features.get("uptake_visible") == "no":
            continue
        wanted = str(1 + sum(maximum > mean + 1e-9 for mean in (blood, liver, spleen)))
        if scored.value is not None and scored.value != wanted and "reader" not in scored.because:
            yield Fault(
                "C18", f"score krenning {scored.subject}", scored.value, f"{wanted} at SSTR SUVmax {maximum:.1f}"
            )
        text = printed.get(scored.subject, wanted)
        if "§" not in text and re.match(r"\d", text) and text[0] != (scored.value or wanted):
            yield Fault("C18", f"lesion table, {scored.subject}", text, scored.value or wanted)


def c19(material: Material) -> Iterator[Fault]:
    """NETPET, Karfis and Zidan against the scores of the lesions on both tracers, and against their rules in print."""
    sstr, fdg = (_levels(material, name) for name in ("krenning", "fdg_uptake"))
    sure = [name for name, level in fdg.items() if level >= 3 and sstr.get(name) == 0]
    dark = bool(fdg) and all(level <= 1 for level in fdg.values())
    for name, with_mismatch, without_fdg in (
        ("karfis", {"C3"}, {"C1", "unclassifiable"}),
        ("zidan", {"4"}, {"1", "2"}),
    ):
        conclusion = material.conclusion(name)
        if conclusion is not None and sure and conclusion.value not in with_mismatch:
            yield Fault("C19", f"score {name}", str(conclusion.value), f"the class of {', '.join(sure)}, SSTR−/FDG+")
        if conclusion is not None and dark and conclusion.value not in without_fdg:
            yield Fault("C19", f"score {name}", str(conclusion.value), "a class without FDG-positive lesions")
    for placed in material.findings:
        for name, pattern in (
            ("netpet", r"\bNETPET[ \u00a0](P\d[ab]?)\b"),
            ("karfis", r"\bKarfis[ \u00a0](?:class[ \u00a0])?(C\d)\b"),
            ("zidan", r"\bZidan[ \u00a0](?:class[ \u00a0])?(\d)\b"),
        ):
            conclusion = material.conclusion(name)
            for match in re.finditer(pattern, placed.text):
                if f"P{match[1][-1]} to" in placed.text[match.start() :]:
                    continue
                if conclusion is None or match[1] != conclusion.value:
                    expected = str(conclusion.value) if conclusion else "no result"
                    yield Fault("C19", placed.where, match.group(), expected)


def _levels(material: Material, name: str) -> dict[str, int]:
    """Ordinal uptake of each lesion by that criterion, where it is known."""
    conclusion = material.assessed.conclusion(name)
    lesions = conclusion.lesions if conclusion else []
    return {one.subject: int(one.value) for one in lesions if one.value is not None and one.value.isdigit()}


def _mismatched(concordance: Conclusion) -> int:
    """Number of lesions of the label "mismatch": SSTR-negative, FDG-positive."""
    match = re.match(r"(\d+) of \d+ mismatched", concordance.value or "")
    return int(match[1]) if match else 0


def c20(material: Material) -> Iterator[Fault]:
    """Dual-tracer results need both tracers; no survival figure for P0 or a flagged P5."""
    both = material.view.done(ExamKind.SSTR_PET) and material.view.done(ExamKind.FDG_PET)
    for name in _DUAL:
        conclusion = material.conclusion(name)
        if conclusion is not None and not both:
            yield Fault("C20", f"score {name}", str(conclusion.value), "no result, because both tracers are needed")
    netpet = material.conclusion("netpet")
    withheld = netpet is None or netpet.value == "P0" or (netpet.value == "P5" and bool(_doubt(netpet)))
    for placed in material.placed:
        told = placed.text.lower()
        if not re.search(r"median (?:overall )?survival", told):
            continue
        if "netpet" in told and withheld:
            yield Fault("C20", placed.where, "a cohort's survival", "none for P0 or a P5 that rests on one small focus")
        if "individual prediction" not in told:
            yield Fault("C20", placed.where, "a cohort's survival", "the words that it is no individual prediction")


def _doubt(netpet: Conclusion) -> set[str]:
    return {code for code in netpet.flag_codes() if "minor" in code.lower()}


def c21(material: Material) -> Iterator[Fault]:
    """The wording on PRRT against the rule that fired, and that rule against lesions."""
    conclusion = material.conclusion("prrt")
    rule = conclusion.parts.get("rule", "") if conclusion else ""
    asked = material.assessed.conclusion("prrt")
    left = [one.lower() for one in asked.possible] if asked is not None else []
    for placed in material.findings:
        text = placed.text.lower()
        if left and "needed:" in text and all(one in text for one in left):
            continue  # the results that remain, told as such with what would settle it
        for name, wording in _PRRT.items():
            if wording.lower() not in text or _PRRT.get(rule) == wording:
                continue
            if name == "supports" and "does not support discussion" in text:
                continue
            yield Fault(
                "C21", placed.where, f"“{wording}”", f"“{_PRRT.get(rule, 'no wording: the rule has no result')}”"
            )
    concordance, krenning = material.conclusion("concordance"), material.conclusion("krenning")
    if rule == "supports" and concordance is not None and _mismatched(concordance):
        yield Fault(
            "C21", "score prrt", rule, f"not with {_mismatched(concordance)} SSTR-negative, FDG-positive lesions"
        )
    if rule == "supports" and krenning is not None and krenning.parts.get("lowest", "4") in "01":
        yield Fault("C21", "score prrt", rule, f"not with a lowest Krenning score of {krenning.parts['lowest']}")


def c22(material: Material) -> Iterator[Fault]:
    """Every local class that has a result stands in the scores with that result; so do the coded scores."""
    shown = {score.name.partition("/")[0]: score for score in material.narrative.scores}
    for name in _LOCAL:
        conclusion = material.conclusion(name)
        if conclusion is not None and name not in shown:
            yield Fault("C22", "scores", f"no line of {conclusion.title}", str(conclusion.value))
    for score in material.narrative.scores:
        name, _, subject = score.name.partition("/")
        conclusion = material.conclusion(name, subject)
        if conclusion is None or not conclusion.value or name not in (*_LOCAL, *_CODED):
            continue
        wanted = _CLASSES.get(conclusion.value, conclusion.value.split(",")[0].split("_")[0])
        if wanted not in score.result and conclusion.value not in score.result:
            yield Fault("C22", f"score {score.title}", score.result, wanted)


def c23(material: Material) -> Iterator[Fault]:
    """One why line for each score: inputs, arrow, result, source or its mark."""
    seen: set[str] = set()
    for score in material.narrative.scores:
        where = f"score {score.title}"
        if score.title in seen:
            yield Fault("C23", where, "two lines", "one why line")
        seen.add(score.title)
        if not score.why.strip():
            yield Fault("C23", where, "no why line", "inputs, arrow, result and source")
            continue
        if "→" not in score.why:
            yield Fault("C23", where, "no arrow in the why line", "inputs → rule and branch → result")
        if not re.search(r"\[[^\]]+\]|\(conv\.|\(recall|\(computed", score.why):
            yield Fault("C23", where, "no source in the why line", "a source key, (conv.) or (recall)")


def c24(material: Material) -> Iterator[Fault]:
    """Values that a rule found within their error of a threshold say so in the why line or in a step."""
    told = " ".join(
        [*(placed.text for placed in material.findings), *(score.why for score in material.narrative.scores)]
    )
    for conclusion in material.assessed.conclusions:
        near = [
            flag for one in (conclusion, *conclusion.lesions) for flag in one.flags if flag.code == "NEAR_THRESHOLD"
        ]
        shown = [score for score in material.narrative.scores if score.name.partition("/")[0] == conclusion.name]
        if near and shown and not re.search(r"NEAR_THRESHOLD|borderline|within (?:its )?error|near the", told):
            yield Fault("C24", f"score {conclusion.name}", "no word on the threshold", near[0].text)


def c25(material: Material) -> Iterator[Fault]:
    """Source keys in brackets against the registry of citations."""
    known = {*citations(), *words().citations}
    listed = {source.key for source in material.narrative.sources}
    lines = [*((one.where, one.text) for one in material.placed), *_whys(material), *_footer(material)]
    for where, text in lines:
        for match in _SOURCE.finditer(text):
            for key in re.split(r"[,;] ?", match[1]):
                name = key.strip()
                if not re.fullmatch(r"[A-Za-z][\w.-]*", name):
                    continue
                if name not in known:
                    yield Fault("C25", where, f"[{name}]", "a key of the registry of citations")
                elif listed and name not in listed:
                    yield Fault("C25", where, f"[{name}]", "its line in the list of sources")


def _whys(material: Material) -> list[tuple[str, str]]:
    return [(f"score {score.title}", score.why) for score in material.narrative.scores]


def _footer(material: Material) -> list[tuple[str, str]]:
    return [("footer", line.text) for line in material.narrative.footer]
