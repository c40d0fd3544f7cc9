"""From the case to HTML, PDF and tables."""
