"""What leaves a case for other people's systems: DICOM objects, FHIR, HL7 v2, templates, plain text."""

from isletscope.exchange.formats import FORMATS, Format, chosen_formats, refuse_draft
from isletscope.exchange.mllp import Acknowledged, SendError, parse_place, send_mllp
from isletscope.exchange.signing import checked_standing, signed_case
from isletscope.exchange.written import Written

__all__ = [
    "FORMATS",
    "Acknowledged",
    "Format",
    "SendError",
    "Written",
    "checked_standing",
    "chosen_formats",
    "parse_place",
    "refuse_draft",
    "send_mllp",
    "signed_case",
]
