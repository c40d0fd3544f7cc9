"""Isletscope: from the scans of a patient with a pancreatic NET to one standardized report."""

__version__ = "0.1.0"
