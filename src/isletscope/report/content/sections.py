"""Sections that the many-exam reading adds to the report; each is built by one function from the case and its pixels.

A builder gives None where the case has nothing to say under that heading.
"""

from __future__ import annotations

from collections.abc import Callable

from isletscope.model import Case
from isletscope.report.content.alignment_section import alignment_section
from isletscope.report.content.contact_section import contact_section
from isletscope.report.content.course_section import course_section
from isletscope.report.content.document import Section
from isletscope.report.content.heterogeneity_section import heterogeneity_section
from isletscope.report.content.image_reading_section import image_reading_section
from isletscope.report.content.liver_section import liver_section
from isletscope.report.content.phenotype_section import phenotype_section
from isletscope.report.content.plan_section import plan_section
from isletscope.report.images import ImageSource

SectionBuilder = Callable[[Case, ImageSource], Section | None]

BUILDERS: tuple[SectionBuilder, ...] = (
    contact_section,
    phenotype_section,
    heterogeneity_section,
    course_section,
    liver_section,
    plan_section,
    image_reading_section,
    alignment_section,
)
"""In print order."""


def sections(case: Case, images: ImageSource) -> tuple[Section, ...]:
    """Every section that the case has."""
    built = (builder(case, images) for builder in BUILDERS)
    return tuple(section for section in built if section is not None)
