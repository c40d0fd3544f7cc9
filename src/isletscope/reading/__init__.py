"""The pipeline: ordered steps, caching, the reader's entries, the case folder. Knows nothing of its faces."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
