"""What leaves a case for other people's systems: DICOM objects, FHIR, HL7 v2, templates, plain text."""

__all__: list[str] = []
