"""Collects what is found while a PET series is quantified: evidence, warnings and refusals, in the user's words."""

from __future__ import annotations

from dataclasses import dataclass, field

from isletscope.intake.suv_tables import finding_texts
from isletscope.model import Evidence, QualityFinding, Severity

_UNNEEDED = {"doubt": Severity.WARNING, "lack": Severity.INFO}


@dataclass
class Notes:
    """Evidence and findings of one series, in the order in which they arose."""

    evidence: list[Evidence] = field(default_factory=list)
    findings: list[QualityFinding] = field(default_factory=list)

    def saw(self, text: str, value: float | None = None, unit: str | None = None) -> None:
        """Record an input that was used."""
        self.evidence.append(Evidence(text=text, value=value, unit=unit))

    def say(self, code: str, found: str = "", *, needed: bool = True, **values: object) -> None:
        """Add the finding ``code`` of ``suv_findings.yaml``, its placeholders filled with ``values``.

        ``needed``: whether SUV depends on the value; it decides the severity of doubts and lacks.
        """
        text = finding_texts()[code]
        problem = text.problem.format(**values)
        if text.severity in _UNNEEDED:
            severity = Severity.ERROR if needed else _UNNEEDED[text.severity]
            problem += "; SUV cannot be computed" if needed else "; the SUV of this series does not depend on it"
        else:
            severity = Severity(text.severity)
        self.findings.append(
            QualityFinding(
                code=code,
                severity=severity,
                problem=problem,
                found=found,
                expected=text.expected.format(**values),
                remedy=text.remedy.format(**values),
            )
        )

    @property
    def refused(self) -> bool:
        """Whether any finding forbids SUV."""
        return any(finding.severity is Severity.ERROR for finding in self.findings)
