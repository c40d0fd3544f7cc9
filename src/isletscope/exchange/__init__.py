"""What leaves a case for other people's systems: DICOM objects, FHIR, HL7 v2, templates, plain text."""

from isletscope.exchange.formats import FORMATS, Format, chosen_formats
from isletscope.exchange.signing import checked_standing, signed_case
from isletscope.exchange.written import Written

__all__ = ["FORMATS", "Format", "Written", "checked_standing", "chosen_formats", "signed_case"]
