"""Ranking of exams: rows of the pathways, what is done, what exists, and what this patient cannot have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from isletscope.criteria.clinical import ClinicalFile, ExamDone, ExamGroup, Finding
from isletscope.criteria.imaging_book import Caution, Exam, Pathway, Role, Row, imaging_book
from isletscope.criteria.imaging_facts import CONDITIONS, Facts, all_of, any_of, negated
from isletscope.criteria.imaging_plan import ExamAnswered, Statement, convention, stated, statement

ROLES: tuple[Role, ...] = ("first", "add", "problem_solver", "avoid")
RECENT_DAYS = {"prrt_selection": 92, "resectability": 31}
RECENT_DAYS_OTHERWISE = 184
"""Days for which an earlier exam answers the question (software convention; three months for radioligand treatment)."""


@dataclass(frozen=True)
class Ranked:
    """An exam in the plan before its details are filled in."""

    exam: str
    role: Role
    pathway: str
    reasons: tuple[Statement, ...]
    yields: tuple[str, ...] = ()
    condition: str = ""


@dataclass
class Ranking:
    """Exams in order, exams already answered, and what is missing."""

    exams: list[Ranked] = field(default_factory=list)
    done: list[ExamAnswered] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def exam(self, name: str) -> Ranked | None:
        """The exam of that name, if it is in the plan."""
        return next((item for item in self.exams if item.exam == name), None)

    def put(self, item: Ranked, *, before: str = "") -> None:
        """Put an exam in the place of the same exam; a new one goes before the named exam, or to the end."""
        names = [known.exam for known in self.exams]
        if item.exam in names:
            self.exams[names.index(item.exam)] = item
        else:
            self.exams.insert(names.index(before) if before in names else len(names), item)


def rank_exams(
    pathways: Sequence[str], clinical: ClinicalFile, facts: Facts, *, available: set[ExamGroup], today: date
) -> Ranking:
    """Every exam of the pathways with its role; the order within a role is that of the pathways."""
    ranking = Ranking()
    for name in pathways:
        for item in _pathway_exams(name, facts, ranking.missing):
            known = ranking.exam(item.exam)
            ranking.put(item if known is None else _merged(known, item))
    _answer(ranking, clinical, today)
    _avoid(ranking, facts)
    _move_up(ranking, available)
    ranking.exams.sort(key=lambda item: ROLES.index(item.role))
    return ranking


def condition_holds(when: Sequence[str], unless: Sequence[str], facts: Facts) -> bool | None:
    """Whether all of ``when`` and none of ``unless`` hold; None when the clinical file leaves it open."""
    return all_of([facts[name] for name in when] + [negated(facts[name]) for name in unless])


def applying_cautions(exam: Exam, facts: Facts) -> list[tuple[str, Caution]]:
    """The cautions that touch this exam in this patient."""
    found = []
    for name, caution in imaging_book().cautions.items():
        if not exam.touched() & set(caution.touches):
            continue
        asked = caution.ask is not None and not facts[caution.ask]
        applies = asked or (caution.ask is None and condition_holds(caution.when, (), facts))
        if applies and any_of(facts[name] for name in caution.unless) is not True:
            found.append((name, caution))
    return found


def _pathway_exams(name: str, facts: Facts, missing: list[str]) -> list[Ranked]:
    found: list[Ranked] = []
    for row in imaging_book().pathways[name].rows:
        holds = condition_holds(row.when, row.unless, facts)
        if holds is False or (holds is None and row.role == "avoid"):
            continue
        condition = "" if holds else _condition(row, facts, missing)
        promoted = row.promote_when is not None and facts[row.promote_when] is True
        role: Role = "first" if promoted else row.role
        reason = Statement(text=row.because, support=row.support, sources=list(row.cite))
        item = Ranked(row.exam, role, name, (reason,), row.yields, condition)
        twin = next((known for known in found if known.exam == row.exam), None)
        if twin is None:
            found.append(item)
        else:
            found[found.index(twin)] = _merged(twin, item)
    if any(item.exam == "exendin_pet" and item.role == "first" for item in found):
        found.sort(key=lambda item: item.exam == "eus" and item.role == "first")
    return found


def _condition(row: Row, facts: Facts, missing: list[str]) -> str:
    texts = []
    for name in [*row.when, *row.unless]:
        if facts[name] is None:
            words, entry = CONDITIONS[name]
            texts.append(f"unless {words}" if name in row.unless else f"if {words}")
            missing.append(entry)
    return " and ".join(texts)


def _merged(known: Ranked, new: Ranked) -> Ranked:
    """Two rows about one exam: a definite one leads a conditional one, then the stronger role."""

    def weight(item: Ranked) -> tuple[int, int]:
        against_itself = item.role == "avoid" and known.pathway != new.pathway
        return (1 if item.condition or against_itself else 0, ROLES.index(item.role))

    lead, other = sorted((known, new), key=weight)
    prefix = f"{other.condition[:1].upper()}{other.condition[1:]}: " if other.condition else ""
    extra = tuple(
        reason.model_copy(update={"text": prefix + reason.text})
        for reason in other.reasons
        if reason not in lead.reasons
    )
    return replace(lead, reasons=lead.reasons + extra, yields=tuple(dict.fromkeys(lead.yields + other.yields)))


def _answer(ranking: Ranking, clinical: ClinicalFile, today: date) -> None:
    """Move exams that were done, recently and for this question, out of the plan, with what follows from them."""
    book = imaging_book()
    for done in clinical.done:
        for item in list(ranking.exams):
            pathway = book.pathways[item.pathway]
            if book.exams[item.exam].group is not done.exam or item.role not in ("first", "add"):
                continue
            if _repeats(item.pathway, pathway) or not _same_exam(item, done, ranking):
                continue
            limit = RECENT_DAYS.get(item.pathway, RECENT_DAYS_OTHERWISE)
            if done.done_on is not None and (today - done.done_on).days > limit:
                text = f"Done on {done.done_on}, more than {limit} days ago: to be repeated."
                ranking.put(replace(item, reasons=(*item.reasons, convention(text))))
                continue
            ranking.exams.remove(item)
            ranking.done.append(_answered(item, done, pathway))
            if done.done_on is None:
                ranking.missing.append(f"done.done_on of the {done.exam}")


def _repeats(name: str, pathway: Pathway) -> bool:
    """Whether the pathway asks for the same exam again and again: follow-up and response."""
    return bool(pathway.schedule) or name.startswith(("response", "after_resection"))


def _same_exam(item: Ranked, done: ExamDone, ranking: Ranking) -> bool:
    """An exam done answers the first exam of its group in the plan, and others only when its note names them."""
    book = imaging_book()
    group = [
        known.exam for known in ranking.exams if book.exams[known.exam].group is done.exam and known.role != "avoid"
    ]
    words = done.note.lower()
    named = [name for name in group if name in words or book.exams[name].name.lower() in words]
    return item.exam in (named or group[:1])


def _answered(item: Ranked, done: ExamDone, pathway: Pathway) -> ExamAnswered:
    outcome = {
        Finding.POSITIVE: pathway.outcomes.positive,
        Finding.NEGATIVE: pathway.outcomes.negative,
        Finding.EQUIVOCAL: pathway.outcomes.equivocal,
    }[done.finding]
    return ExamAnswered(
        exam=item.exam,
        name=imaging_book().exams[item.exam].name,
        finding=done.finding,
        done_on=str(done.done_on or ""),
        next_step=stated(outcome),
    )


def _avoid(ranking: Ranking, facts: Facts) -> None:
    """Exams that this patient cannot have go to avoid; what stands in takes their role."""
    queue = [item.exam for item in ranking.exams]
    while queue:
        item = ranking.exam(queue.pop(0))
        if item is None or item.role == "avoid":
            continue
        against = [
            pair for pair in applying_cautions(imaging_book().exams[item.exam], facts) if pair[1].effect == "avoid"
        ]
        if not against:
            continue
        reasons = tuple(statement(caution.text, caution) for _, caution in against)
        ranking.put(replace(item, role="avoid", reasons=reasons, condition="", yields=()))
        queue += _stand_in(ranking, item, [name for _, caution in against for name in caution.instead])


def _stand_in(ranking: Ranking, item: Ranked, names: Sequence[str]) -> list[str]:
    book, added = imaging_book(), []
    if item.role == "problem_solver":
        return []
    for name in dict.fromkeys(names):
        known = ranking.exam(name)
        if name in [answered.exam for answered in ranking.done] or (known is not None and known.role == "avoid"):
            continue
        reason = convention(f"In place of: {book.exams[item.exam].name}.")
        if known is None:
            ranking.put(Ranked(name, item.role, item.pathway, (reason,)), before=item.exam)
            added.append(name)
        elif ROLES.index(known.role) >= ROLES.index(item.role):
            reasons = known.reasons if reason in known.reasons else (*known.reasons, reason)
            ranking.put(replace(known, role=item.role, reasons=reasons))
    return added


def _move_up(ranking: Ranking, available: set[ExamGroup]) -> None:
    """When no first-line exam is left that exists and holds for certain, the next ones take its place.

    A tumour that an earlier exam found is no reason to go down the list.
    """
    if any(item.finding == Finding.POSITIVE for item in ranking.done):
        return
    book = imaging_book()

    def usable(item: Ranked) -> bool:
        return book.exams[item.exam].group in available

    if any(item.role == "first" and usable(item) and not item.condition for item in ranking.exams):
        return
    for role in ("add", "problem_solver"):
        candidates = [
            item
            for item in ranking.exams
            if item.role == role and usable(item) and not item.condition and _has_first_line(item.pathway)
        ]
        for item in candidates:
            reason = convention("Moved up: no first-line exam is left to do here.")
            ranking.put(replace(item, role="first", reasons=(*item.reasons, reason)))
        if candidates:
            return


def _has_first_line(pathway: str) -> bool:
    """Whether the pathway asks for any exam at once; some wait for symptoms."""
    return any(row.role == "first" for row in imaging_book().pathways[pathway].rows)
