"""The errors of Isletscope, and the refusals that are not errors.

    IsletscopeError           a sentence for the user: what, where, found, expected, what to do
    ├── InputError            files or values given by the user cannot be used
    │   ├── NothingReadable   no image at all was found
    │   ├── UnsafeArchive     a zip that would write outside its folder, or is absurdly large
    │   └── MixedPatients     more than one patient where one was expected
    ├── GeometryError         grids that cannot be brought together
    ├── OutputError           the result cannot be written (full disk, no permission)
    └── CaseError             a case folder or document that cannot be read

A :class:`Refusal` is the *value* given back when one thing cannot be used while the work goes on:
one file, one series, one measurement. It carries the same four answers as an error.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Refusal:
    """Why one item was not used, in the words the user will see.

    ``subject`` names the file, series or item; ``found`` and ``expected`` are facts; ``remedy`` says what to do.
    """

    subject: str
    problem: str
    found: str = ""
    expected: str = ""
    remedy: str = ""

    def sentence(self) -> str:
        """One readable line: subject, problem, found, expected, remedy."""
        parts = [f"{self.subject}: {self.problem}"]
        if self.found:
            parts.append(f"found {self.found}")
        if self.expected:
            parts.append(f"expected {self.expected}")
        line = "; ".join(parts).rstrip(".") + "."
        return f"{line} {self.remedy}".rstrip()


class IsletscopeError(Exception):
    """Base of all errors meant for the user; ``str(error)`` is the whole sentence."""

    def __init__(
        self, problem: str, *, subject: str = "", found: str = "", expected: str = "", remedy: str = ""
    ) -> None:
        self.refusal = Refusal(subject or "Isletscope", problem, found, expected, remedy)
        super().__init__(self.refusal.sentence() if subject else _without_subject(self.refusal))


def _without_subject(refusal: Refusal) -> str:
    return refusal.sentence().removeprefix(f"{refusal.subject}: ")


class InputError(IsletscopeError):
    """Files or values given by the user cannot be used."""


class NothingReadable(InputError):
    """No image at all was found in the input."""


class UnsafeArchive(InputError):
    """A zip that would write outside its folder or unpack to an absurd size."""


class MixedPatients(InputError):
    """More than one patient where one was expected; ``patient_ids`` lists them."""

    def __init__(self, patient_ids: list[str], *, subject: str = "") -> None:
        self.patient_ids = patient_ids
        super().__init__(
            "images of more than one patient lie together; they are never mixed",
            subject=subject,
            found=f"{len(patient_ids)} patients: {', '.join(patient_ids)}",
            expected="one patient",
            remedy="Choose one with --patient ID, or say that they are one person: --same-patient ID=ID --reason TEXT.",
        )


class GeometryError(IsletscopeError):
    """Two grids, or a grid and a mask, that cannot be brought together."""


class OutputError(IsletscopeError):
    """The result cannot be written."""


class CaseError(IsletscopeError):
    """A case folder or case document that cannot be read."""
