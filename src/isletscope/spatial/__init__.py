"""Space: voxel grids in the patient, volumes and masks on them, and the kernels that work on both.

Patient coordinates are DICOM LPS millimetres; arrays are indexed ``[k, j, i]``. Knows nothing of DICOM or medicine.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
