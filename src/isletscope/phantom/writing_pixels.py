"""Compressed pixel data: one frame through GDCM's encoders, and the encapsulated form of DICOM PS3.5 A.4."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import gdcm

from isletscope.errors import OutputError

_ENCODERS = {
    "rle": gdcm.TransferSyntax.RLELossless,
    "jpeg2000": gdcm.TransferSyntax.JPEG2000Lossless,
    "jpegls": gdcm.TransferSyntax.JPEGLSLossless,
    "jpeg": gdcm.TransferSyntax.JPEGLosslessProcess14_1,
}
_PIXEL_DATA = (0x7FE0, 0x0010)


@dataclass(frozen=True)
class PixelLayout:
    """How the pixels of one frame lie: 16 bits allocated, one sample, little endian."""

    rows: int
    columns: int
    bits_stored: int
    signed: bool

    @property
    def frame_bytes(self) -> int:
        """Length of one frame before compression."""
        return 2 * self.rows * self.columns


def is_compressed(syntax: str) -> bool:
    """Whether a transfer syntax holds encapsulated pixel data."""
    return syntax in _ENCODERS


def encapsulated_element(pixels: bytes, layout: PixelLayout, syntax: str) -> bytes:
    """The whole Pixel Data element (OB, undefined length): empty offset table, one fragment for each frame.

    Raises OutputError when the encoder refuses the frame.
    """
    size = layout.frame_bytes
    frames = [encode_frame(pixels[at : at + size], layout, syntax) for at in range(0, len(pixels), size)]
    return _encapsulate(frames)


def encode_frame(pixels: bytes, layout: PixelLayout, syntax: str) -> bytes:
    """One frame, losslessly compressed. Raises OutputError when the encoder refuses it."""
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimension(0, layout.columns)
    image.SetDimension(1, layout.rows)
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(gdcm.PhotometricInterpretation.MONOCHROME2))
    image.SetPixelFormat(gdcm.PixelFormat(1, 16, layout.bits_stored, layout.bits_stored - 1, int(layout.signed)))
    image.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.ExplicitVRLittleEndian))
    element = gdcm.DataElement(gdcm.Tag(*_PIXEL_DATA))
    element.SetByteStringValue(pixels)
    image.SetDataElement(element)
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(_ENCODERS[syntax]))
    image.thisown = False  # GDCM counts references: the filter frees the image, Python must not do it again
    change.SetInput(image)
    if not change.Change():
        raise OutputError("the image cannot be compressed", subject=f"transfer syntax {syntax}", found="GDCM refuses")
    # GDCM's parts belong to the whole they came from: each must stay named until the bytes are copied.
    output = change.GetOutput()
    encoded = output.GetDataElement()
    fragments = encoded.GetSequenceOfFragments()
    value = fragments.GetFragment(0).GetByteValue()
    buffer = value.GetBuffer()
    return buffer if isinstance(buffer, bytes) else buffer.encode("utf-8", "surrogateescape")


def _encapsulate(frames: Sequence[bytes]) -> bytes:
    pieces = [struct.pack("<HH2sHL", *_PIXEL_DATA, b"OB", 0, 0xFFFFFFFF), struct.pack("<HHL", 0xFFFE, 0xE000, 0)]
    for frame in frames:
        even = frame if len(frame) % 2 == 0 else frame + b"\0"
        pieces += [struct.pack("<HHL", 0xFFFE, 0xE000, len(even)), even]
    pieces.append(struct.pack("<HHL", 0xFFFE, 0xE0DD, 0))
    return b"".join(pieces)
