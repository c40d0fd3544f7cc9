"""The pipeline: ordered steps, caching, the reader's entries, the case folder."""
