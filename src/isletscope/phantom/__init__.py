"""The digital reference patient: scenarios, body, physics, DICOM writing, truth."""
