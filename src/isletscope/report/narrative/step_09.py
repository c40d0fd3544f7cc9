"""Step 9, synthesis: stage, local class, what the rules list for discussion, the next exam; never an order."""

from __future__ import annotations

from collections.abc import Iterator

from isletscope.model import Conclusion
from isletscope.report.narrative.fitting import Ranked
from isletscope.report.narrative.known import Known
from isletscope.report.narrative.lesion_words import pattern
from isletscope.report.narrative.parts import Sentence
from isletscope.report.narrative.phrases import NOTHING, Phrase, counted, joined, listed, tell
from isletscope.report.narrative.step_07 import krenning_words
from isletscope.report.narrative.vocabulary import vocabulary
from isletscope.report.narrative.why import near_threshold


def step_09(known: Known) -> Iterator[Ranked]:
    """The sentences of the step; never none, because an empty step would not say why."""
    found = list(_findings(known))
    yield from found or [Ranked(_nothing(known), 0)]


def _nothing(known: Known) -> Sentence:
    asked = known.asked("tnm")
    if asked is None or not asked.missing:
        return tell("synthesis.nothing_plain", *(f"exam/{exam.key}" for exam in known.view.exams))
    return tell("synthesis.nothing", "conclusion/tnm", needed=vocabulary().needed(asked.missing, 3))


def _findings(known: Known) -> Iterator[Ranked]:
    yield from _critical(known)
    for rank, words in (
        (0, stage(known) or _left(known, "tnm")),
        (1, local_class(known)),
        (1, surgery(known)),
        (2, operations(known)),
        (3, dissection(known)),
        (2, liver_pattern(known)),
        (1, extrahepatic(known)),
        (1, cytoreduction(known)),
        (1, prrt(known)),
    ):
        if words is not None:
            yield Ranked(words, rank)
    yield from _open(known)
    yield from _next(known)


def _critical(known: Known) -> Iterator[Ranked]:
    told = known.told("SUM.critical")
    found = [str(one) for one in told.value if one != "none"] if told and isinstance(told.value, list) else []
    if told and found:
        to = known.told("SUM.critical", "told")
        words = listed(vocabulary().answer("SUM.critical", one) for one in found)
        said = f"; told to {to.value}{to.mark}" if to else ""
        yield Ranked(tell("synthesis.critical", findings=told.phrase(str(words)), told=said), 0)


def tnm_words(found: Conclusion) -> str:
    """T, N and M as imaging gives them: "cT1 cN0 by imaging cM0"."""
    parts = [found.parts.get(name, "") for name in ("T", "N", "M")]
    shown = [f"c{part}" if not part.startswith(("c", "p", "y")) else part for part in parts if part]
    return " ".join(f"{one} by imaging" if one == "cN0" else one for one in shown)


def stage(known: Known) -> Sentence | None:
    """TNM and stage with the edition."""
    found = known.conclusion("tnm")
    if found is None:
        return None
    edition, group = found.parts.get("edition", ""), found.parts.get("stage", "")
    tnm = Phrase(tnm_words(found), ("conclusion/tnm",))
    if not group or group == "unknown":
        return tell("synthesis.unstaged", tnm=tnm, edition=edition)
    return tell("synthesis.stage", tnm=tnm, edition=edition, stage=group)


def local_class(known: Known) -> Sentence | None:
    """The local class of every system that gave one, the one that differs included."""
    nccn, net = known.conclusion("resectability_nccn"), known.conclusion("resectability_net")
    parts = []
    for name, title, found in (("resectability_nccn", "NCCN wording", nccn), ("resectability_net", "pNET table", net)):
        if found is not None and found.value:
            words = vocabulary().outcome(name, found.value)
            parts.append(Phrase(f"{title} {words}", (f"conclusion/{name}",)))
    parts += _other_systems(known)
    if not parts:
        return None
    return tell("synthesis.local", classes=joined(parts, "; "))


def _other_systems(known: Known) -> list[Phrase]:
    """Systems whose class is another than that of the NCCN wording."""
    systems, nccn = known.conclusion("resectability_systems"), known.conclusion("resectability_nccn")
    if systems is None:
        return []
    words = vocabulary()
    usual = words.outcome("resectability_nccn", nccn.value) if nccn is not None and nccn.value else ""
    found = [
        f"{title} {shown}"
        for name, title in words.local_systems.items()
        if (shown := words.local_classes.get(systems.parts.get(name, ""), "")) and shown != usual
    ]
    return [Phrase(", ".join(found), ("conclusion/resectability_systems",))] if found else []


def surgery(known: Known) -> Sentence | None:
    """What the rule on surgery or surveillance supports for discussion."""
    found = known.conclusion("surveillance")
    if found is None or not found.value:
        return None
    outcome = Phrase(vocabulary().outcome("surveillance", found.value), ("conclusion/surveillance",))
    return tell("synthesis.surgery", who="Localised tumour", outcome=outcome, near=near_words(found))


def near_words(found: Conclusion) -> str:
    """The first threshold that lies within the error of a value: "; near the threshold of 20 mm, error 2 mm"."""
    near = near_threshold(found).removeprefix("; NEAR_THRESHOLD ")
    return f"; near the threshold of {near.split(';')[0]}" if near else ""


def operations(known: Known) -> Sentence | None:
    """Operations that the rule lists, and the gate of enucleation."""
    found = known.conclusion("operations")
    if found is None or not found.value or found.value == "none":
        return None
    names = [vocabulary().outcome("operations", one.strip()) for one in found.value.split(",")]
    gate = found.parts.get("enucleation_gate", "")
    shown = f"; enucleation gate {vocabulary().outcome('gates', gate)}" if gate else ""
    words = Phrase(f"{', '.join(names[:4])}{shown}", ("conclusion/operations",))
    return tell("synthesis.operations", operations=words)


def dissection(known: Known) -> Sentence | None:
    """Whether node dissection is listed; nothing is said of it before the stage is known."""
    found = known.conclusion("lymphadenectomy")
    if found is None or not found.value or known.conclusion("tnm") is None:
        return None
    words = Phrase(vocabulary().outcome("lymphadenectomy", found.value), ("conclusion/lymphadenectomy",))
    return tell("synthesis.nodes", outcome=words)


def liver_pattern(known: Known) -> Sentence | None:
    """The pattern of liver metastases, when there are any."""
    found = known.conclusion("liver_pattern")
    if found is None or found.value in (None, "none"):
        return None
    words = Phrase(vocabulary().outcome("liver_pattern", str(found.value)), ("conclusion/liver_pattern",))
    return tell("synthesis.liver", pattern=words)


def extrahepatic(known: Known) -> Sentence | None:
    """Disease outside the liver, when there is liver disease to set it against."""
    found, liver = known.conclusion("extrahepatic"), known.conclusion("liver_pattern")
    if found is None or found.value is None or liver is None or liver.value == "none":
        return None
    words = Phrase(vocabulary().outcome("extrahepatic", found.value), ("conclusion/extrahepatic",))
    return tell("synthesis.extrahepatic", words=words)


def cytoreduction(known: Known) -> Sentence | None:
    """Whether the imaging criteria for discussing cytoreduction are met."""
    found = known.conclusion("cytoreduction_fit")
    if found is None or found.value is None:
        return None
    words = Phrase(vocabulary().outcome("cytoreduction_fit", found.value), ("conclusion/cytoreduction_fit",))
    return tell("synthesis.cytoreduction", outcome=words)


def prrt(known: Known) -> Sentence | None:
    """What uptake says for a discussion of PRRT, with the scores or the lesions behind it."""
    found = known.conclusion("prrt")
    if found is None or found.value is None:
        return None
    if localised(known) and found.parts.get("rule") != "discordant":
        return tell("synthesis.no_prrt", "conclusion/tnm", "conclusion/prrt")
    discordant = [one.id for one in known.tumours if pattern(known, one) == "fdg_only"]
    if found.parts.get("rule") == "discordant":
        names = name_list(discordant)
        inside = (
            Phrase(f" (FDG-positive and SSTR-negative: {names})", ("conclusion/concordance",)) if names else NOTHING
        )
    else:
        words = krenning_words(known)
        inside = Phrase(f" (Krenning {words})", ("conclusion/krenning",)) if words else NOTHING
    return tell("synthesis.prrt", outcome=Phrase(found.value, ("conclusion/prrt",)), scores=inside)


def name_list(names: list[str]) -> str:
    """Up to six names, else their number."""
    return str(listed(names)) if len(names) <= 6 else counted(len(names), "lesion")


def localised(known: Known) -> bool:
    """Whether staging found no distant disease."""
    found = known.conclusion("tnm")
    return found is not None and found.parts.get("M") == "M0"


_PRINTED_OPEN = ("prrt", "surveillance", "resectability_nccn", "netpet", "cytoreduction_fit")


def _open(known: Known) -> Iterator[Ranked]:
    """Rules that lack an input but leave only a few results."""
    for name in _PRINTED_OPEN:
        words = _left(known, name)
        if words is not None:
            yield Ranked(words, 2)


def _left(known: Known, name: str) -> Sentence | None:
    """The results that a rule without all its inputs leaves, and what it needs."""
    found = known.asked(name)
    if found is None or found.value is not None or not found.possible:
        return None
    values = vocabulary().remaining(name, found.possible)
    needed = vocabulary().needed(found.missing, 2)
    title = vocabulary().title(name)
    return tell("synthesis.possible", f"conclusion/{name}", title=title, values=values, needed=needed)


def _next(known: Known) -> Iterator[Ranked]:
    exam = known.told("SUM.next", "exam")
    if exam is None:
        return
    interval = known.told("SUM.next", "interval")
    when = interval.phrase(f"; {_lower(str(interval.value)).rstrip('.')}") if interval else NOTHING
    yield Ranked(tell("synthesis.next", exam=exam.phrase(_lower(str(exam.value)).rstrip(".")), interval=when), 1)


def _lower(text: str) -> str:
    """The first letter small, unless the word is an abbreviation."""
    return text[:1].lower() + text[1:] if text[1:2].islower() else text
