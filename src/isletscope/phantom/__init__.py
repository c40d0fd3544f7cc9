"""The digital reference patient: scenarios, body, physics, DICOM writing, truth, and marking of readings."""

import lazy_loader

# What marks a reading is loaded when it is first used: making a patient needs none of it.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

# Functions that bear their module's name: loaded later, the module would take the name.
from isletscope.phantom.generate import generate as generate  # noqa: E402
from isletscope.phantom.truth_alone import truth_alone as truth_alone  # noqa: E402
