"""Step 4, nodes: suspicious ones with station, size and uptake, then what imaging cannot exclude."""

from __future__ import annotations

from collections.abc import Iterator

from isletscope.model import Compartment, ExamKind, Lesion
from isletscope.report import format as fmt
from isletscope.report.narrative.fitting import Ranked
from isletscope.report.narrative.known import Known
from isletscope.report.narrative.lesion_words import how_many, place, size, size_of, uptake
from isletscope.report.narrative.phrases import Phrase, joined, listed, tell
from isletscope.report.narrative.step_02 import judged_groups
from isletscope.report.narrative.vocabulary import vocabulary
from isletscope.report.words import words

_SHOWN = 3


def step_04(known: Known) -> Iterator[Ranked]:
    """The sentences of the step; the caveat is never left out."""
    nodes = known.of(Compartment.NODE)
    if nodes:
        yield from _found(known, nodes)
    else:
        yield from _not_found(known)
    yield from _doubtful(known)
    yield Ranked(tell("nodes.caveat", *_exams(known), caveat=_caveat(bool(nodes))), 0)


def _caveat(further: bool) -> str:
    text = " ".join(words().nodal_caveat.split())
    return text.replace("exclude nodal", "exclude further nodal") if further else text


def _exams(known: Known) -> list[str]:
    return [f"exam/{exam.key}" for exam in known.view.exams]


def _found(known: Known, nodes: list[Lesion]) -> Iterator[Ranked]:
    if len(nodes) > _SHOWN and size_of(known, nodes[0]) is not None:
        largest = nodes[0]
        count = how_many(known, nodes, "suspicious node")
        yield Ranked(
            tell(
                "nodes.several",
                count=count,
                lesion=largest.id,
                place=place(largest),
                findings=findings(known, largest),
            ),
            0,
        )
    else:
        for node in nodes:
            yield Ranked(tell("nodes.one", lesion=node.id, place=place(node), findings=findings(known, node)), 1)
    yield from judged_groups(known, nodes, "nodes.judged")
    yield from _distant(known)


def _distant(known: Known) -> Iterator[Ranked]:
    told = known.told("LN.distant", "sites")
    if told is None or not isinstance(told.value, list):
        return
    sites = [vocabulary().answer("LN.distant", str(one)) for one in told.value if one != "none"]
    if sites:
        yield Ranked(tell("nodes.distant", *told.rests_on, sites=listed(sites), mark=told.mark), 0)
    else:
        yield Ranked(tell("nodes.none_distant", *told.rests_on), 2)


def findings(known: Known, node: Lesion) -> Phrase:
    """Size with its short axis, uptake on both tracers."""
    found = size_of(known, node)
    axis = Phrase("")
    if found is not None and len(found.axes_mm) > 1 and not found.on_pet:
        both = fmt.axes(found.axes_mm[:2], vocabulary().limits_mm(Compartment.NODE))
        axis = Phrase(f"{both}{fmt.NO_BREAK}mm", found.references, ("LN.regional",))
    uptakes = [uptake(known, node, kind) for kind in (ExamKind.SSTR_PET, ExamKind.FDG_PET)]
    if known.value("fdg_uptake", node.id) == "0":
        uptakes[1] = Phrase("FDG-negative", (f"conclusion/fdg_uptake/{node.id}",))
    return joined([axis or size(known, node), *uptakes]) or Phrase("size not measured")


def _not_found(known: Known) -> Iterator[Ranked]:
    shown = known.showing("abdominal_nodes")
    if not shown:
        yield Ranked(tell("nodes.not_examined", *_exams(known)), 0)
        return
    yield Ranked(tell("nodes.none", exams=known.exams(shown)), 0)


def _doubtful(known: Known) -> Iterator[Ranked]:
    for node in known.unsure(Compartment.NODE):
        what = joined([findings(known, node), "indeterminate"])
        yield Ranked(tell("nodes.one", lesion=node.id, place=place(node), findings=what), 1)
