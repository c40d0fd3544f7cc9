"""Named vessels about pancreas and liver on contrast CT, from images alone."""

from isletscope.anatomy.vessels.named import VESSEL_NAMES, find_named_vessels

__all__ = ["VESSEL_NAMES", "find_named_vessels"]
