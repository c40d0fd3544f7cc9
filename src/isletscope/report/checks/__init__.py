"""Forty checks that run on every generated report: numbers, rules, contradictions, provenance, language.

A fault prevents nothing from being written; one that blocks signing is listed on top of the report.
"""

from isletscope.report.checks.fault import CheckEntry, Fault, Group, Level, check_list
from isletscope.report.checks.run import function_of, run_checks

__all__ = ["CheckEntry", "Fault", "Group", "Level", "check_list", "function_of", "run_checks"]
