"""C26 to C33: no two statements of a report exclude each other."""

from __future__ import annotations

import re
from collections.abc import Iterator

from isletscope.model import Compartment, ExamKind, Visibility
from isletscope.report.checks.fault import Fault
from isletscope.report.checks.material import Material, cells

_EXTRAHEPATIC = (Compartment.BONE, Compartment.LUNG, Compartment.PERITONEUM, Compartment.BRAIN, Compartment.HEART)
_EXAM_WORDS = {
    ExamKind.CT: r"CT",
    ExamKind.MRI: r"MRI",
    ExamKind.SSTR_PET: r"SSTR PET(?:/CT)?",
    ExamKind.FDG_PET: r"FDG PET(?:/CT)?",
    ExamKind.EXENDIN_PET: r"exendin PET(?:/CT)?",
    ExamKind.FDOPA_PET: r"(?:18F-)?F?DOPA PET(?:/CT)?",
}
_REGIONS = {
    "liver": "liver",
    "bone": "bone",
    "peritone": "peritoneum",
    "lung": "chest",
    "node": "abdominal_nodes",
    "brain": "brain",
}
_RIGHT, _LEFT = {"5", "6", "7", "8"}, {"2", "3", "4", "4a", "4b"}
_RECIST_WORDS = re.compile(
    r"\b(?:partial response|complete response|stable disease|progressive disease|progression|CR|PR|SD|PD)\b"
)


def c26(material: Material) -> Iterator[Fault]:
    """cN1 needs a node, cN0 excludes one; "no node seen" excludes node rows."""
    conclusion = material.conclusion("tnm")
    nodes = material.tumours(Compartment.NODE)
    if conclusion is not None and conclusion.parts.get("N", "").startswith("N1") and not nodes:
        yield Fault("C26", "score tnm", "cN1", "a node row, or cN0 by imaging")
    if nodes:
        for placed in material.findings:
            if re.search(
                r"\b[Nn]o (?:suspicious |regional )?nodes? (?:is |are )?seen\b|\b[Nn]o suspicious node\b", placed.text
            ):
                yield Fault("C26", placed.where, "no node seen", f"the nodes {', '.join(one.id for one in nodes)}")


def c27(material: Material) -> Iterator[Fault]:
    """M against the compartments of the tumours."""
    conclusion = material.conclusion("tnm")
    category = conclusion.parts.get("M", "") if conclusion else ""
    liver = material.tumours(Compartment.LIVER)
    beyond = material.tumours(*_EXTRAHEPATIC)
    names = ", ".join(one.id for one in (*liver, *beyond))
    if category == "M0" and (liver or beyond):
        yield Fault("C27", "score tnm", "cM0", f"the metastases {names}")
    if category in ("M1a", "M1c") and not liver:
        yield Fault("C27", "score tnm", f"c{category}", "a liver metastasis among the lesions")
    if category == "M1a" and beyond:
        yield Fault("C27", "score tnm", "cM1a", f"M1b or M1c with {', '.join(one.id for one in beyond)}")
    if category == "M1c" and not (beyond or material.tumours(Compartment.NODE, Compartment.OTHER)):
        yield Fault("C27", "score tnm", "cM1c", "liver and other sites together")


def c28(material: Material) -> Iterator[Fault]:
    """ "Not dilated" against calibres, "no contact" against angles, "patent" against narrowing."""
    for found in material.view.point.structures:
        upstream, downstream = found.number("calibre_upstream"), found.number("calibre_downstream")
        wide = upstream is not None and upstream >= 3.0 and (downstream is None or upstream > downstream)
        if not wide or "pancreatic_duct" not in found.structure:
            continue
        for placed in material.findings:
            if re.search(r"pancreatic duct .{0,90}\bnot dilated", placed.text):
                yield Fault("C28", placed.where, "duct not dilated", f"dilated, {upstream:.1f} mm upstream")
    touched = {
        one.vessel
        for one in material.view.point.vessels
        if (angle := one.contact_deg.get("1.0")) is not None and angle.value is not None and angle.value >= 0.5
    }
    for placed in material.findings:
        if re.search(r"\b[Nn]o vessel (?:contact|is touched)\b", placed.text) and touched:
            yield Fault("C28", placed.where, "no vessel contact", f"contact with {', '.join(sorted(touched))}")
    for one in material.view.point.vessels:
        narrowing = one.number("narrowing")
        if one.features.get("occlusion") == "no" and narrowing is not None and narrowing >= 99.5:
            yield Fault("C28", f"{one.lesion} and {one.vessel}", "patent at 100 % narrowing", "occluded")


def c29(material: Material) -> Iterator[Fault]:
    """Exams that were not done are no evidence; "not seen on X" needs X with the region in it."""
    view = material.view
    for kind, pattern in _EXAM_WORDS.items():
        if view.done(kind) or (kind is ExamKind.CT and any(name.value.endswith("_pet") for name in view.kinds)):
            continue
        claimed = re.compile(rf"\bseen on (?:[\w/ ,]+ and |[\w/ ]+, )?(?<![\w/]){pattern}(?![\w/-])")
        for placed in material.findings:
            match = claimed.search(placed.text)
            if match is not None and not re.search(r"prior|compared|not done", placed.text):
                yield Fault("C29", placed.where, match.group(), f"no such evidence: {kind.value} was not done")
    for placed in material.within("step 4", "step 5", "step 6"):
        for clause in re.split(r"[.;]\s", placed.text):
            yield from _uncovered(material, placed.where, clause)


def _uncovered(material: Material, where: str, clause: str) -> Iterator[Fault]:
    match = re.search(r"not seen on (?P<exams>[^.;:]+)|[Nn]o [\w ,]+ (?:is|are) seen on (?P<others>[^.;:]+)", clause)
    if match is None:
        return
    exams = match["exams"] or match["others"]
    subject = clause[: match.start()] + match.group()
    for word, region in _REGIONS.items():
        if word not in subject.lower():
            continue
        for kind, pattern in _EXAM_WORDS.items():
            named = re.search(rf"(?<![\w/]){pattern}(?![\w/-])", exams)
            if (
                named
                and kind is not ExamKind.CT
                and material.view.done(kind)
                and not material.view.covered(region, kind)
            ):
                yield Fault("C29", where, f"{region} not seen on {named.group()}", f"an exam that shows the {region}")


def c30(material: Material) -> Iterator[Fault]:
    """ "New" needs a prior that covered the place; "unchanged" needs a difference of 0."""
    earlier = material.view.earlier
    for placed in material.findings:
        for match in re.finditer(r"\bfrom (\d+(?:\.\d)?) to (\d+(?:\.\d)?)[ \u00a0]mm[^.;]*\bunchanged\b", placed.text):
            if match[1] != match[2]:
                yield Fault("C30", placed.where, match.group(), "larger, smaller or within measurement error")
        for match in re.finditer(
            r"\b([PNLHOXD]\d{1,2})\b[^.;:]{0,40}\b(?:is|are) new\b|\bnew lesions?:? ([PNLHOX]\d+)", placed.text
        ):
            lesion = material.lesions.get(match[1] or match[2])
            if lesion is None:
                continue
            before = [one for one in lesion.observations if earlier and one.exam_key in earlier.point.exam_keys]
            if earlier is None or not any(one.visibility is Visibility.NOT_SEEN for one in before):
                expected = "first seen; prior not comparable"
                yield Fault("C30", placed.where, f"{lesion.id} is new", expected)


def c31(material: Material) -> Iterator[Fault]:
    """Response words only after the name of their criterion; SD excludes an unequivocal new lesion."""
    allowed = re.compile(
        r"(?:m?RECIST(?: 1\.1)?|Choi|PERCIST(?: 1\.0)?|EORTC|GREPONET|best response)[^.]{0,40}?:[ \u00a0]?[^.]*$",
        re.IGNORECASE,
    )
    for placed in material.findings:
        for match in _RECIST_WORDS.finditer(placed.text):
            if not allowed.search(placed.text[: match.end()]):
                yield Fault("C31", placed.where, match.group(), "the criterion in front, as in “RECIST 1.1: SD”")
    conclusion = material.conclusion("recist")
    if conclusion is not None and conclusion.value in ("SD", "PR", "CR") and conclusion.parts.get("new") == "yes":
        yield Fault("C31", "score recist", conclusion.value or "", "PD with an unequivocal new lesion")


def c32(material: Material) -> Iterator[Fault]:
    """Every lesion named in the text exists; none carries a retired name; the table has each tumour once."""
    letters = {name[:1] for name in material.lesions}
    letters &= set("PNLHOXD")
    known = set(material.lesions)
    mentioned = re.compile(rf"(?<![\w/-])(?:[{''.join(sorted(letters)) or 'P'}]\d{{1,2}}(?:\.\d)?)(?![\w%/-])")
    vertebra = re.compile(r"(?:vertebra(?:l body)?|lumbar) (?:body )?[CTLS]\d{1,2}\b")
    score = re.compile(r"(?:NETPET|group|pNET table)[ \u00a0](?:P\d[ab]?(?: to |, | or )?)+")
    for placed in material.findings:
        text = vertebra.sub(" ", score.sub(" ", re.sub(r"“[^”]*”|\[[^\]]*\]", " ", placed.text)))
        for match in mentioned.finditer(text):
            name = match.group()
            if name in known:
                continue
            if _is_score(name, text, match.start()):
                continue
            yield Fault("C32", placed.where, name, "the name of a lesion of the case")
    for name in material.case.retired_names:
        if name in known:
            yield Fault("C32", "lesions", f"{name} used again", "a name that was never used")
    table = material.narrative.lesions
    subjects = [row.subject for row in table.rows] if table else []
    for subject in dict.fromkeys(subjects):
        if subjects.count(subject) > 1:
            yield Fault(
                "C32", "lesion table", f"{subject} in {subjects.count(subject)} rows", "one row for each lesion"
            )
        if subject in ("all", "sum", "") or subject in known:
            continue
        yield Fault("C32", "lesion table", subject, "the name of a lesion of the case")


def _is_score(name: str, text: str, start: int) -> bool:
    """NETPET grades P0 to P5 and rows of the table of local classes are no lesions."""
    return name.startswith("P") and bool(re.search(r"(?:NETPET|grade|table|row)[\w ,]*$", text[:start]))


def c33(material: Material) -> Iterator[Fault]:
    """Side and segment of liver lesions agree; stations called regional are regional for the primary."""
    for lesion in material.tumours(Compartment.LIVER):
        segment, side = lesion.place.region, lesion.place.side
        wrong = (side == "right" and segment in _LEFT) or (side == "left" and segment in _RIGHT)
        if wrong:
            yield Fault("C33", lesion.id, f"segment {segment}, {side}", "right is 5 to 8, left is 2 to 4")
    for placed in material.findings:
        for match in re.finditer(r"\b(right|left) (?:lobe|hemiliver),? segment[ \u00a0](\d)", placed.text):
            if match[2] in (_LEFT if match[1] == "right" else _RIGHT):
                yield Fault("C33", placed.where, match.group(), "right is 5 to 8, left is 2 to 4")
    sites = cells(material.narrative.lesions, "site")
    for subject, printed in sites.items():
        shown = re.search(r"seg(?:ment)?[ \u00a0](\d)", printed)
        row = material.lesions.get(subject)
        if shown and row and row.place.region and row.place.region[:1] != shown[1]:
            yield Fault("C33", f"lesion table, {subject}", printed, f"segment {row.place.region}")
