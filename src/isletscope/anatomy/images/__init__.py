"""Organs on diagnostic CT and MR by grey values and atlas bodies, without trained weights.

All series of an exam are looked at together. Atlas bodies (label maps that the reference patient's generator wrote)
are placed in the exam and tell where organs are to be expected; a mixture of grey values then draws them; self-checks
refuse what is not plausible. What is not found is missing, with the reason.
"""

from isletscope.anatomy.images.organs import IMAGE_LABELS, find_image_organs, grid_role

__all__ = ["IMAGE_LABELS", "find_image_organs", "grid_role"]
