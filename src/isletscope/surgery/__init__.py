"""Surgery: contact with vessels, segments and remnant of the liver, procedures that clear most and leave enough."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
