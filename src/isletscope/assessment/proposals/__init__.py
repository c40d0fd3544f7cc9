"""Answers to the report's items as far as findings, clinical file, exams and conclusions hold them.

One module for a reading step or a group of its items; :data:`PROPOSERS` is the list of all. A proposer gives an answer
with the references it rests on, or nothing. What the exams did not show becomes "none" only where an exam shows the
region; what they could not show becomes "not assessable", with the reason.
"""

from isletscope.assessment.proposals.answering import PROPOSERS, Filled, fill_items, notes_on_items
from isletscope.assessment.proposals.facts import known_facts
from isletscope.assessment.proposals.known import Known

__all__ = ["PROPOSERS", "Filled", "Known", "fill_items", "known_facts", "notes_on_items"]
