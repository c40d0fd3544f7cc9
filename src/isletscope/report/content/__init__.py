"""The report's words and numbers in print order, without layout."""
