"""The level of uptake of an organ that may be full of tumour: that of what takes up least, not the middle of all."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from isletscope.anatomy.found import THRESHOLDS as T


def least_affected(values: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """Those of an organ's uptakes (g/mL, any shape) that are no tumour by their height: up to twice the low percentile.

    Of an even organ nearly all remain (noise of 25 % loses 1 %), and the median of what remains is its median; where
    metastases of higher uptake fill up to three quarters of a liver it is the level of the rest. Metastases of lower
    uptake than the organ are not told apart.
    """
    low = float(np.percentile(values, T.number("level.low_percentile")))
    return np.asarray(values[values <= T.number("level.up_to_times_low") * low])
