"""From the case to HTML, PDF and tables."""

from isletscope.report.images import ImageSource, NoImages
from isletscope.report.table import write_lesion_table
from isletscope.report.write import ReportFiles, write_report

__all__ = ["ImageSource", "NoImages", "ReportFiles", "write_lesion_table", "write_report"]
