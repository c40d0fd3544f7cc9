"""Step 7, phenotype and heterogeneity: scores of the whole patient, volumes, differences between lesions."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from isletscope.assessment.proposals.heterogeneity import flipped, uneven_inside
from isletscope.assessment.proposals.known import ANY, Known, Proposer, propose
from isletscope.assessment.proposals.rules import rules
from isletscope.criteria import find_criterion
from isletscope.model import Answer, Conclusion, ExamKind, Lesion, State, TracerClass

_EACH = re.compile(r":? threshold [\d.]+ g/mL|(?<=background) \d+(?:\.\d+)?|(?<=SUVmax) \d+(?:\.\d+)?")
_PAIRS = {(False, False): "neither", (True, False): "sstr_only", (True, True): "both", (False, True): "fdg_only"}
_VOLUMES = {
    "sstr_pet": {"SSTR-TV (mL)": "sstr_volume_ml", "TLSRE (mL·SUV)": "sstr_expression"},
    "fdg_pet": {"MTV (mL)": "mtv_ml", "TLG (mL·SUV)": "tlg_g"},
}


def _levels(known: Known, lesion: Lesion) -> tuple[int, int] | None:
    """Krenning score and FDG level; None unless both are known."""
    sstr, fdg = known.of_lesion("krenning", lesion), known.of_lesion("fdg_uptake", lesion)
    if sstr is None or fdg is None:
        return None
    return int(str(sstr.value)), int(str(fdg.value))


def _dual(known: Known) -> Answer | None:
    """The pair of signs of the primary, positive by the limits of the rule on concordance."""
    primary = known.primary
    levels = _levels(known, primary) if primary is not None else None
    if primary is None or levels is None:
        return None
    book = find_criterion("concordance").book
    signs = (levels[0] >= book.limit("sstr_positive"), levels[1] >= book.limit("fdg_positive"))
    because = f"{primary.id}: Krenning {levels[0]}, FDG level {levels[1]}"
    references = ["conclusion/concordance", "conclusion/krenning", "conclusion/fdg_uptake"]
    return propose({"value": _PAIRS[signs]}, "concordance", because, references)


def _krenning(known: Known) -> Answer | None:
    """Highest and lowest; 0 and 0 where the PET was read and no lesion is there."""
    found = known.conclusion("krenning")
    if found is not None:
        value = {name: int(found.parts[name]) for name in ("highest", "lowest")}
        return propose(value, "krenning", found.because, ["conclusion/krenning"])
    shown = known.covered("liver", (ExamKind.SSTR_PET,)) and known.covered("pancreas", (ExamKind.SSTR_PET,))
    if shown and not known.view.lesions and not known.view.unsure:
        because = "no lesion is seen on any exam, so that none takes up tracer"
        references = [f"exam/{entry.partition('/')[0]}" for entry in shown]
        return propose({"highest": 0, "lowest": 0}, "krenning", because, references)
    return None


def _rads(known: Known) -> Answer | None:
    """The overall category; categories 1A and 1B are both benign. No lesion at all is benign too."""
    found = known.conclusion("sstr_rads")
    if found is not None:
        value = "1" if (found.value or "").startswith("1") else str(found.value)
        if value in ("1", "2", "3A", "3B", "3C", "3D", "4", "5"):
            return propose({"value": value}, "sstr_rads", found.because, ["conclusion/sstr_rads"])
    return None


def _pairs(known: Known) -> Answer | None:
    netpet = known.conclusion("netpet")
    if netpet is None:
        return None
    value: dict[str, Any] = {"netpet": netpet.value}
    references = ["conclusion/netpet"]
    zidan, karfis = known.conclusion("zidan"), known.conclusion("karfis")
    if zidan is not None and (zidan.value or "").isdigit():
        value["zidan"] = int(str(zidan.value))
        references.append("conclusion/zidan")
    if karfis is not None and karfis.value in ("C1", "C2", "C3"):
        value["karfis"] = karfis.value
        references.append("conclusion/karfis")
    return propose(value, "netpet", netpet.because, references)


def _volume(known: Known) -> Answer | None:
    """Volumes by tracer with the rule of the contour; a lower bound says so in the reason."""
    value: dict[str, Any] = {}
    references, doubts = [], []
    for kind, parts in _VOLUMES.items():
        found = known.conclusion("tumour_volume", kind)
        if found is None:
            continue
        references += [f"conclusion/tumour_volume/{kind}", *found.rests_on]
        value |= {part: float(found.parts[name]) for name, part in parts.items() if name in found.parts}
        doubts += found.missing
    if not value:
        return None
    contours = _contours(known)
    if contours:
        value["threshold"] = contours
    elif not any(value.values()):
        value["threshold"] = "no lesion with uptake to outline"
    because = "sums over all outlined lesions" + (f"; lower bounds, {len(doubts)} values are lacking" if doubts else "")
    return propose(value, "tumour_volume", because, references)


def _contours(known: Known) -> str:
    """How the lesions were outlined on PET: by their foci, without the numbers of each, else by the volumes' method."""
    readings = [known.view.reading(tracer) for tracer in (TracerClass.SSTR, TracerClass.FDG)]
    names = {name for lesion in known.view.lesions for name in lesion.focus_ids}
    foci = [focus for one in readings if one is not None for focus in one.foci if focus.id in names]
    if foci:
        return "; ".join(dict.fromkeys(_EACH.sub("", focus.delineation) for focus in foci))
    kinds = (ExamKind.SSTR_PET, ExamKind.FDG_PET)
    found = [known.view.find(lesion, "volume", (kind,)) for kind in kinds for lesion in known.view.lesions]
    return "; ".join(
        dict.fromkeys(one.measurement.method for one in found if one is not None and one.measurement.method)
    )


def _differences(known: Known) -> Answer | None:
    """Between lesions by labels or scores, inside where a reading told it, over time where targets move apart."""
    found: dict[str, list[str]] = {}
    references: list[str] = []
    labels = known.gathered.get("concordance")
    labelled = [one for one in labels.lesions if one.state is not State.MISSING] if labels is not None else []
    scores = known.conclusion("krenning")
    apart = int(scores.parts["highest"]) - int(scores.parts["lowest"]) if scores is not None else 0
    if len({one.value for one in labelled}) > 1:
        found["between"] = _standing_out(labelled)
        references.append("conclusion/concordance")
    elif apart > rules().alike and scores is not None:
        lowest = [one.subject for one in scores.lesions if one.value == scores.parts["lowest"]]
        found["between"] = lowest
        references.append("conclusion/krenning")
    inside = [
        one for one in known.view.lesions if (told := known.feature(one, "heterogeneous", ANY)) and told.word == "yes"
    ]
    uneven = list(dict.fromkeys([*(lesion.id for lesion in inside), *uneven_inside(known)]))
    if uneven:
        found["within"] = uneven
        references += [f"lesion/{name}" for name in uneven]
    response = known.gathered.get("recist")
    if response is not None and "MIXED_RESPONSE" in response.flag_codes():
        found["over_time"] = []
        references.append("conclusion/recist")
    turned = flipped(known)
    if turned:
        found["over_time"] = turned
        references.append("conclusion/concordance")
    if found:
        names = list(dict.fromkeys(name for group in found.values() for name in group))
        value: dict[str, Any] = {"value": list(found), **({"lesions": ", ".join(names)} if names else {})}
        because = "labels, scores or sizes of the lesions differ: " + ", ".join(found).replace("_", " ")
        return propose(value, "phenotype_histology", because, references)
    if scores is None:
        return None
    span = dict.fromkeys(scores.parts[name] for name in ("lowest", "highest"))
    because = f"every lesion scores {' to '.join(span)} on SSTR PET, and no other difference was told"
    return propose({"value": ["none"]}, "phenotype_histology", because, ["conclusion/krenning"])


def _standing_out(labelled: list[Conclusion]) -> list[str]:
    """Mismatched lesions where there are some, else those whose label is not the commonest."""
    mismatched = [one.subject for one in labelled if "mismatch" in (one.value or "")]
    if mismatched:
        return mismatched
    commonest = Counter(one.value for one in labelled).most_common(1)[0][0]
    return [one.subject for one in labelled if one.value != commonest]


def _leaning(known: Known) -> Answer | None:
    """The hint of the criterion; a hint, never a grade."""
    found = known.gathered.get("phenotype_histology")
    if found is None:
        return None
    hint = rules().grade_hints.get(found.parts.get("grade hint", ""))
    unknown = [one.text.partition(":")[0] for one in found.evidence if " or " in one.text]
    if hint is None or unknown:
        lacks = f"levels of {', '.join(unknown)} are not known" if unknown else f"lacking: {', '.join(found.missing)}"
        value = {"value": "insufficient", "drivers": f"{lacks}. Not histology."}
        return propose(value, "phenotype_histology", lacks, ["conclusion/phenotype_histology"])
    signs = "; ".join(one.text for one in found.evidence) or "no sign on PET"
    value = {"value": hint, "drivers": f"{signs}. Not histology."}
    references = ["conclusion/phenotype_histology", *found.rests_on]
    return propose(value, "phenotype_histology", "SSTR and FDG uptake of the lesions", references)


PROPOSERS: dict[str, Proposer] = {
    "PRI.dual": _dual,
    "PET.Kren": _krenning,
    "PET.RADS": _rads,
    "PET.NETPET": _pairs,
    "PET.vol": _volume,
    "SUM.hetero": _differences,
    "SUM.gradehint": _leaning,
}
