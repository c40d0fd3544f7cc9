"""Foci on PET, CT and MR: detect, delineate, tell physiologic from tumour, quantify, match, follow over time."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
