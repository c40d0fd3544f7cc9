"""From findings to what the report says: conclusions of the criteria, discordances, answers to the items.

Reads and writes the case document only; knows no pixels, files or layout.
"""

from isletscope.assessment.assess import assess
from isletscope.assessment.view import KIND_OF_TRACER, View, kinds_of, views

__all__ = ["KIND_OF_TRACER", "View", "assess", "kinds_of", "views"]
