"""From a sentence of the report back to the voxels: answers, conclusions, findings, series, and what is lacking."""

from isletscope.report.explain.chain import explain_case
from isletscope.report.explain.parts import Explanation

__all__ = ["Explanation", "explain_case"]
