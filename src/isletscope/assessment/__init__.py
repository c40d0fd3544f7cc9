"""From findings to what the report says: conclusions of the criteria, discordances, answers to the items.

Reads and writes the case document only; knows no pixels, files or layout.
"""

from isletscope.assessment.assess import assess

__all__ = ["assess"]
