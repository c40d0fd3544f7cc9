"""C01 to C15: every printed number is a stored one, sums add up, and every quantity has its unit."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence

from isletscope.model import Compartment, Conclusion, ExamKind, Lesion, TracerClass, VesselFinding
from isletscope.report.checks.fault import Fault
from isletscope.report.checks.material import Material, cells, column
from isletscope.report.checks.stored import exam_intervals, pool_of
from isletscope.report.checks.tokens import Token, tokens
from isletscope.report.format import rounded

ANATOMICAL = (ExamKind.CT, ExamKind.MRI)
MONTH_DAYS = 30.4375
# Decimals that a unit may be printed with: (fewest, most).
_DECIMALS = {"mm": (0, 1), "g/mL": (1, 1), "HU": (0, 0), "°": (0, 0), "%": (0, 1), "MBq": (0, 0), "min": (0, 0)}
_IN_TABLES = {"mm", "°", "HU", "× 10⁻³ mm²/s"}
_MARKS = "†‡§~"
_COUNTED = {
    "liver": Compartment.LIVER,
    "bone": Compartment.BONE,
    "node": Compartment.NODE,
    "regional": Compartment.NODE,
}
_COUNT_WORDS = {
    word: number
    for number, word in enumerate(
        ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"), start=1
    )
}
_COUNT = re.compile(
    rf"\b(?P<count>\d+|{'|'.join(_COUNT_WORDS)})[ \u00a0]"
    r"(?P<noun>(?:regional )?nodes?\b(?= typical| suspicious|, )|(?:liver|bone) (?:metastas[ei]s|lesions?))",
    re.IGNORECASE,
)


def _plain(text: str) -> float | None:
    """The first number of a printed cell; None where it holds none."""
    match = re.search(r"[+−-]?\d+(?:\.\d+)?", text.strip(_MARKS))
    return float(match.group().replace("−", "-")) if match else None


def c01(material: Material) -> Iterator[Fault]:
    """Numbers in prose against the values that the sentence rests on."""
    names = [*material.lesions, *material.case.retired_names]
    for placed in material.findings:
        pool = pool_of(material, placed)
        printed = list(tokens(placed.text, names))
        for number, token in enumerate(printed):
            of_suv = token.before[-10:].rstrip("\u00a0 ").endswith(("SUVmax", "SUVmean", "SUVpeak"))
            if not token.unit and token.decimals == 0 and not of_suv:
                continue  # counts: C03
            if token.before.endswith("(ratio ") and _is_quotient(token, printed[:number]):
                continue
            if not pool.holds(token):
                close = pool.closest(token)
                expected = (
                    f"a stored value, nearest {close:.6g}" if close is not None else "a stored value of that unit"
                )
                yield Fault("C01", placed.where, token.printed, expected)
            elif (of_suv and token.decimals != 1) or not _decimals_fit(token):
                yield Fault("C01", placed.where, token.printed, f"the rounding of {token.unit or 'its quantity'}")


def _is_quotient(token: Token, before: Sequence[Token]) -> bool:
    """Whether the number is the quotient of the two before it, as far as their printed digits tell."""
    if len(before) < 2 or not before[-1].value or not before[-2].value:
        return False
    first, second = before[-2], before[-1]
    slack = sum(0.5 * 10.0**-one.decimals / abs(one.value) for one in (first, second))
    quotients = (first.value / second.value, second.value / first.value)
    return any(abs(one - token.value) <= one * slack + 0.5 * 10.0**-token.decimals for one in quotients)


def _decimals_fit(token: Token) -> bool:
    if token.unit == "mL" and abs(token.value) < 1:
        return token.decimals == 2 or token.value == 0
    if token.unit == "mL":
        return token.decimals == 1 or (token.decimals == 0 and abs(token.value) >= 10)
    fewest, most = _DECIMALS.get(token.unit, (0, 9))
    return fewest <= token.decimals <= most


def c02(material: Material) -> Iterator[Fault]:
    """Numbers of summary and impression against the printed tables."""
    told = material.narrative
    names = list(material.lesions)
    printed: dict[str, list[Token]] = {}
    for table in told.tables:
        for row in table.rows:
            for head, cell in zip(table.columns, row.cells, strict=False):
                for token in tokens(cell.printed.strip(_MARKS), names):
                    unit = token.unit or next((unit for unit in _IN_TABLES if unit in head), "")
                    printed.setdefault(unit, []).append(token)
    steps = [token for placed in material.placed if placed.where.startswith("step") for token in tokens(placed.text)]
    for token in steps:
        printed.setdefault(token.unit, []).append(token)
    for placed in material.within("summary", "impression"):
        for token in tokens(placed.text, names):
            if token.unit not in _IN_TABLES and "SUV" not in token.before[-12:]:
                continue
            if not any(_same(token, other) for unit in (token.unit, "") for other in printed.get(unit, [])):
                yield Fault("C02", placed.where, token.printed, "the number that a table or a step prints")


def _same(token: Token, other: Token) -> bool:
    finer, coarser = (other, token) if other.decimals >= token.decimals else (token, other)
    return coarser.prints(finer.value)


def c03(material: Material) -> Iterator[Fault]:
    """Counts of liver, bone and node lesions against the tumours of the case."""
    for placed in material.within("summary", "impression"):
        for match in _COUNT.finditer(placed.text):
            noun = match["noun"].lower()
            compartment = next(one for start, one in _COUNTED.items() if noun.startswith(start))
            count = _COUNT_WORDS.get(match["count"].lower()) or int(match["count"])
            rows = len(material.tumours(compartment))
            if count > rows:
                yield Fault("C03", placed.where, match.group(), f"{rows} in the lesion table")
    table = material.narrative.lesions
    if table is not None:
        shown = {row.subject for row in table.rows}
        for lesion in material.tumours():
            if lesion.id not in shown and not any(lesion.id in note.text for note in table.notes):
                yield Fault("C03", "lesion table", f"no row of {lesion.id}", "a row for each tumour")


def c04(material: Material) -> Iterator[Fault]:
    """The tumour volume of the liver table against the volumes of its lesions, when every one has a volume."""
    total = _plain(cells(material.narrative.liver, "tumour").get("all", ""))
    volumes = [_volume(material, lesion) for lesion in material.tumours(Compartment.LIVER)]
    if total is None or not volumes or any(volume is None for volume in volumes):
        return
    added = sum(volume for volume in volumes if volume is not None)
    slack = 0.5 + 0.05 * len(volumes) + 0.15 * added
    if abs(added - total) > slack:
        yield Fault("C04", "liver table, all", f"{total:g} mL", f"{added:.1f} mL, the sum of {len(volumes)} lesions")


def _volume(material: Material, lesion: Lesion) -> float | None:
    return material.number(lesion, "volume", *ANATOMICAL)


def c05(material: Material) -> Iterator[Fault]:
    """Parenchyma + tumour = total in every row; rows sum to the last."""
    table = material.narrative.liver
    heads = ("parenchyma", "tumour", "total")
    columns = {head: {k: _plain(v) for k, v in cells(table, head).items()} for head in heads}
    rounded_off = table is not None and any("rounded" in note.text.lower() for note in table.notes)
    for subject, total in columns["total"].items():
        parts = [columns[head].get(subject) for head in heads[:2]]
        known = [part for part in parts if part is not None]
        if total is not None and len(known) == 2 and abs(sum(known) - total) > (1.05 if rounded_off else 0.06):
            yield Fault("C05", f"liver table, {subject}", f"total {total:g}", f"{sum(known):g}")
    for head, column_ in columns.items():
        whole = column_.get("all")
        rows = [value for subject, value in column_.items() if subject != "all"]
        if whole is None or not rows or any(value is None for value in rows):
            continue
        added = sum(value for value in rows if value is not None)
        if abs(added - whole) > max(0.005 * whole, 0.5 * len(rows) if rounded_off else 0.05):
            yield Fault("C05", f"liver table, {head}", f"{whole:g}", f"{added:g}, the sum of the rows")


def c06(material: Material) -> Iterator[Fault]:
    """Burden against the liver findings, and its band."""
    conclusion = material.conclusion("liver_burden")
    percent = _plain(conclusion.parts.get("percent", "")) if conclusion else None
    if conclusion is None or percent is None:
        return
    livers = material.view.point.liver
    behind = [one for one in livers if f"liver/{one.exam_key}/whole_volume" in conclusion.rests_on]
    for liver in behind or livers:
        tumour, whole = liver.number("tumour_volume"), liver.number("whole_volume")
        if tumour is None or not whole:
            continue
        expected = 100 * tumour / whole
        if abs(expected - percent) > 0.06 + 0.005 * expected:
            yield Fault("C06", "score liver_burden", f"{percent:g} %", f"{expected:.1f} % of {whole:g} mL")
    bounds = [float(text) for text in re.findall(r"\d+(?:\.\d+)?", conclusion.value or "")]
    if len(bounds) == 2 and not bounds[0] <= percent <= bounds[1]:
        yield Fault("C06", "score liver_burden", f"band {conclusion.value}", f"the band of {percent:g} %")


def c07(material: Material) -> Iterator[Fault]:
    """The remnant's shares against the volumes that its conclusion rests on; nothing where no plan exists."""
    conclusion = material.conclusion("remnant")
    if conclusion is None:
        return
    given = _evidence(conclusion)
    remnant, tumour = given.get("functional remnant"), given.get("tumour volume in the liver", 0.0)
    measured = given.get("measured liver volume")
    whole = {"sflr": given.get("expected liver volume"), "rflr": measured - tumour if measured else None}
    for name, liver in whole.items():
        printed = _plain(conclusion.parts.get(name, ""))
        if remnant is None or not liver or printed is None:
            continue
        if abs(100 * remnant / liver - printed) > 0.1:
            yield Fault("C07", f"score remnant, {name}", f"{printed:g} %", f"{100 * remnant / liver:.1f} %")


def c08(material: Material) -> Iterator[Fault]:
    """The share removed against its volumes, and its class: 90 and 70 %."""
    conclusion = material.conclusion("cytoreduction")
    percent = _plain(conclusion.parts.get("by_volume_percent", "")) if conclusion else None
    if conclusion is None or percent is None:
        return
    given = _evidence(conclusion)
    total, cleared = given.get("tumour volume"), given.get("cleared volume")
    if total and cleared is not None and abs(100 * cleared / total - percent) > 0.1:
        yield Fault("C08", "score cytoreduction", f"{percent:g} %", f"{100 * cleared / total:.1f} %")
    fitting = {"optimal_90": (90.0, 100.0), "accepted_70": (70.0, 90.0), "suboptimal": (0.0, 70.0)}
    low, high = fitting.get(conclusion.value or "", (0.0, 100.0))
    if not low <= percent <= high:
        yield Fault("C08", "score cytoreduction", f"{conclusion.value} at {percent:g} %", f"{low:g} to {high:g} %")


def _evidence(conclusion: Conclusion) -> dict[str, float]:
    """Inputs of a conclusion that are numbers, by their text."""
    return {item.text: item.value for item in conclusion.evidence if item.value is not None}


def c09(material: Material) -> Iterator[Fault]:
    """Whole-body volumes and uptake on PET against the lesions, and their threshold in the footer."""
    for tracer, kind, total_name in (
        (TracerClass.SSTR, ExamKind.SSTR_PET, "SSTR-TV"),
        (TracerClass.FDG, ExamKind.FDG_PET, "MTV"),
    ):
        reading = material.view.reading(tracer)
        volumes = [material.number(lesion, "volume", kind) for lesion in material.tumours()]
        known = [volume for volume in volumes if volume is not None]
        for placed in material.findings:
            match = re.search(rf"{total_name}[ \u00a0](?:of [\w ,]+ )?(\d+(?:\.\d+)?)[ \u00a0]mL", placed.text)
            if match is None or reading is None or not known or " of " in match.group():
                continue
            if abs(float(match[1]) - sum(known)) > 0.05 * len(known) + 0.05:
                yield Fault("C09", placed.where, match.group(), f"{sum(known):.1f} mL, the sum of {len(known)} lesions")
            if not re.search(
                r"contour|threshold|%|[Oo]utlined|True values",
                " ".join(line.text for line in material.narrative.footer),
            ):
                yield Fault("C09", "footer", f"no threshold of {total_name}", "the threshold rule by name")


def c10(material: Material) -> Iterator[Fault]:
    """RECIST: sums and percentages against the targets, number of targets."""
    conclusion = material.assessed.conclusion("recist")
    if conclusion is not None:
        given = _evidence(conclusion)
        for word, total in (("baseline", "baseline sum"), ("now", "sum")):
            targets = [value for text, value in given.items() if text.endswith(f": {word}")]
            if total in given and targets and abs(sum(targets) - given[total]) > 0.06:
                yield Fault("C10", f"score recist, {total}", f"{given[total]:g} mm", f"{sum(targets):g} mm")
        for change, base in (
            ("change from baseline", "baseline sum"),
            ("change from the smallest sum", "smallest sum so far"),
        ):
            if change in given and "sum" in given and given.get(base):
                expected = 100 * (given["sum"] - given[base]) / given[base]
                if abs(expected - given[change]) > 0.06:
                    yield Fault("C10", f"score recist, {change}", f"{given[change]:g} %", f"{expected:.1f} %")
    yield from _target_faults(material)


def _target_faults(material: Material) -> Iterator[Fault]:
    conclusion = material.conclusion("recist_targets")
    named = (
        [name for name in re.split(r"[ ,]+", conclusion.value or "") if name in material.lesions] if conclusion else []
    )
    organs: dict[str, int] = {}
    for name in named:
        organ = material.lesions[name].compartment.value
        organs[organ] = organs.get(organ, 0) + 1
    if len(named) > 5:
        yield Fault("C10", "score recist_targets", f"{len(named)} targets", "at most 5")
    for organ, count in organs.items():
        if count > 2:
            yield Fault("C10", "score recist_targets", f"{count} targets in {organ}", "at most 2 in one organ")


def c11(material: Material) -> Iterator[Fault]:
    """The growth rate against sums and months, and its smallest detectable value."""
    conclusion = material.conclusion("growth_rate")
    if conclusion is None:
        return
    given = _evidence(conclusion)
    first, second, months = (
        given.get(name) for name in ("first sum of diameters", "second sum of diameters", "interval")
    )
    rate = given.get("growth rate")
    if first and second and months and rate is not None:
        expected = 100 * ((second / first) ** (3 / months) - 1)
        if abs(expected - rate) > 0.06:
            yield Fault("C11", "score growth_rate", f"{rate:.1f} %/month", f"{expected:.1f} %/month")
    if months is not None and not any(abs(days / MONTH_DAYS - months) < 0.02 for days in exam_intervals(material)):
        yield Fault("C11", "score growth_rate", f"{months:.2f} months", "the interval between two exams of the case")
    told = " ".join(placed.text for placed in material.within("step 8"))
    if "%/month" in told and "detectable" not in told:
        yield Fault("C11", "step 8", "a growth rate alone", "the smallest detectable rate beside it")


def c12(material: Material) -> Iterator[Fault]:
    """SUV ratios to liver and spleen, and HU and ADC ratios, against their two values."""
    pattern = re.compile(r"(\d+(?:\.\d+)?) against (\d+(?:\.\d+)?)(?:[ \u00a0]HU)? \((?:\w+ )?ratio (\d+\.\d+)\)")
    for placed in material.findings:
        for match in pattern.finditer(placed.text):
            first, second, ratio = (float(part) for part in match.groups())
            slack = (0.5 / abs(second) * (1 + abs(first / second)) if "." not in match[1] else 0.02) + 0.006
            if second and abs(first / second - ratio) > slack:
                yield Fault("C12", placed.where, match.group(), f"ratio {first / second:.2f}")
    for lesion in material.tumours():
        for name, region in (("to_liver", "liver"), ("to_spleen", "spleen")):
            ratio_now = material.number(lesion, name, ExamKind.SSTR_PET)
            highest = material.number(lesion, "suv_max", ExamKind.SSTR_PET)
            mean = material.reference_mean(TracerClass.SSTR, region)
            if ratio_now is None or highest is None or not mean:
                continue
            if abs(highest / mean - ratio_now) > 0.05 + 0.01 * ratio_now:
                yield Fault("C12", f"{lesion.id} {name}", f"{ratio_now:.2f}", f"{highest / mean:.2f}")


def c13(material: Material) -> Iterator[Fault]:
    """Outline volumes against the ellipsoid of three axes, all lesions that differ in one fault."""
    far = []
    notes = " ".join(note.text for table in material.narrative.tables for note in table.notes)
    for lesion in material.tumours():
        for kind in ANATOMICAL:
            axes = [material.number(lesion, name, kind) for name in ("long_axis", "short_axis", "craniocaudal")]
            volume = material.number(lesion, "volume", kind)
            known = [axis for axis in axes if axis]
            if volume is None or volume < 0.5 or len(known) < 3:
                continue
            ellipsoid = math.pi / 6 * math.prod(known) / 1000
            if abs(volume - ellipsoid) > 0.25 * ellipsoid and lesion.id not in notes:
                far.append(f"{lesion.id} {volume:.1f} against {ellipsoid:.1f} mL")
                break
    if far:
        more = f" and {len(far) - 5} more" if len(far) > 5 else ""
        yield Fault("C13", "lesion table", f"{'; '.join(far[:5])}{more}", "a volume near the ellipsoid, or the reason")


_BARE_QUANTITY = (
    (re.compile(r"\bdiameter (?:of )?\d+(?:\.\d+)?(?![\d.]|[ \u00a0]?(?:mm|×|to))"), "mm"),
    (re.compile(r"\bcontact (?:of )?\d+(?![\d.]|[ \u00a0]?(?:°|mm|\())"), "°"),
    (re.compile(r"\bvolume (?:of )?\d+(?:\.\d+)?(?![\d.]|[ \u00a0]?(?:mL|%))"), "mL"),
)
_SUV = re.compile(r"(?P<before>[\w-]+[ \u00a0])?(?<!·)\bSUV(?:max|mean|peak)?\b")
_TRACER_NAMES = ("SSTR", "FDG", "exendin", "Exendin", "DOPA", "liver", "spleen", "in", "FDOPA", "pool")


def c14(material: Material) -> Iterator[Fault]:
    """Quantities without unit, and SUV without tracer."""
    for placed in material.placed:
        for pattern, unit in _BARE_QUANTITY:
            for match in pattern.finditer(placed.text):
                yield Fault("C14", placed.where, match.group(), f"its unit, {unit}")
        for match in _SUV.finditer(placed.text):
            before = (match["before"] or "").strip(" \u00a0")
            if before not in _TRACER_NAMES and not _tracer_before(placed.text, match):
                yield Fault("C14", placed.where, f"{before} {match.group()}".strip(), "the tracer before SUV")
    for step in material.narrative.steps:
        for number, sentence in enumerate(step.sentences, start=1):
            if re.search(r"\d%", sentence.text):
                yield Fault("C14", f"step {step.number} {number}", "a percent sign without space", "a no-break space")


def _tracer_before(text: str, match: re.Match[str]) -> bool:
    """Whether the tracer was named already: in the clause of a value ("SSTR SUVmax 4.6, SUVmean 3.1"), in the sentence
    where no value follows ("FDG PET: the weight is missing; SUV cannot be computed")."""
    valued = re.match(r"(?:max|mean|peak)?[ \u00a0]*[~\d]", text[match.end() :])
    statement = re.split(r"[.;]\s" if valued else r"\.\s", text[: match.start()])[-1]
    return any(name in statement for name in ("SSTR", "FDG", "xendin", "DOPA"))


def c15(material: Material) -> Iterator[Fault]:
    """Contact angles of the findings and of the vessel table."""
    for vessel in material.view.point.vessels:
        yield from _contact_faults(vessel)
    table = material.narrative.vessels
    if column(table, "0.5", "1.0", "1.5") is None:
        return
    for subject, printed in cells(table, "0.5", "1.0", "1.5").items():
        angles = [float(text) for text in re.findall(r"\d+(?:\.\d+)?", printed)]
        if angles and (len(angles) != 3 or angles != sorted(angles) or angles[-1] > 360):
            yield Fault("C15", f"vessel table, {subject}", printed, "three rising angles of 0 to 360°")


def _contact_faults(vessel: VesselFinding) -> Iterable[Fault]:
    where = f"{vessel.lesion} and {vessel.vessel}"
    angles = [
        measurement.value
        for tolerance in ("0.5", "1.0", "1.5")
        if (measurement := vessel.contact_deg.get(tolerance)) is not None and measurement.value is not None
    ]
    if any(not 0 <= angle <= 360 for angle in angles) or angles != sorted(angles):
        yield Fault("C15", where, " / ".join(f"{angle:g}" for angle in angles), "rising angles of 0 to 360°")
    at_one = vessel.contact_deg.get("1.0")
    distance = vessel.number("distance")
    if at_one is None or at_one.value is None or distance is None:
        return
    touches = rounded(at_one.value, 0) > 0
    if touches and distance > 1.05:
        yield Fault("C15", where, f"contact {at_one.value:.0f}° at {distance:.1f} mm", "a distance of at most 1.0 mm")
    if not touches and distance < 0.5:
        yield Fault("C15", where, f"no contact at {distance:.1f} mm", "a distance above 1.0 mm, or contact")
