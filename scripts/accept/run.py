"""Which items there are, in which order they are measured, and what is done with the results."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from scripts.accept.alignment_real import alignment_real_claims, measure_alignment_real
from scripts.accept.claims import Claim, print_claims
from scripts.accept.clinical_mind import advice_claims, measure_advice, measure_statements, statement_claims
from scripts.accept.document import write_document
from scripts.accept.image_lesions_real import image_lesions_real_claims, measure_image_lesions_real
from scripts.accept.many_exams import ALL, SOME, many_exams_claims, measure_many_exams
from scripts.accept.named_vessels import measure_named_vessels, named_vessel_claims
from scripts.accept.organs import measure_organs_real, organs_real_claims
from scripts.accept.plans import measure_plans, plan_claims
from scripts.accept.program import KEPT, ROOT, Result, kept, source_digest
from scripts.accept.real_patients import measure_qin, measure_sarcoma, real_patient_claims
from scripts.accept.reference_images import (
    contact_claims,
    measure_contacts,
    measure_images,
    reference_image_claims,
)
from scripts.accept.reference_objects import (
    given_region_claims,
    measure_given_regions,
    measure_suv_objects,
    suv_object_claims,
)
from scripts.accept.reference_patients import SEEDS, measure_patient, reference_patient_claims
from scripts.accept.speed import measure_speed, speed_claims
from scripts.accept.vessel_contact import measure_vessel_contacts, vessel_contact_claims

SARCOMAS = ("STS_002", "STS_003", "STS_025")
PARTS = ("objects", "regions", "real", "images", "clinical", "vessels", "plans", "speed", "exams", "patients")
OWN_PARTS = ("images", "clinical", "vessels", "plans", "speed", "exams", "patients")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command line."""
    parser.add_argument("--size", choices=("small", "full"), default="small", help="of the reference patients")
    parser.add_argument("--document", type=Path, help="write the whole of it as this Markdown file")
    parser.add_argument("--every-scenario", action="store_true", help="of those with several exams, at any size")
    parser.add_argument("--only", choices=PARTS, action="append", help="measure this part alone; may be repeated")


def run(options: argparse.Namespace) -> int:
    """Measure everything that is not kept, print the claims; 1 when one of them fails."""
    data = Path(os.environ.get("ISLETSCOPE_TEST_DATA", ROOT.parent / "shared" / "data"))
    parts = options.only or PARTS
    if not (data / "reference.json").is_file() and not set(parts) <= set(OWN_PARTS):
        print(
            f"No public test data at {data}: set ISLETSCOPE_TEST_DATA (docs/test-data.md). "
            "Only reference patients are measured."
        )
        parts = list(OWN_PARTS)
    KEPT.mkdir(exist_ok=True)
    results = measure(data, parts, options.size, every_scenario=options.every_scenario)
    claims = all_claims(results)
    print_claims(claims)
    if options.document:
        write_document(options.document, options.size, results, claims)
        print(f"Written: {options.document}")
    failed = [claim for claim in claims if claim.holds is False]
    print(f"{len(claims)} figures, {len(failed)} of them fail their bar." if failed else "Every claim holds.")
    return 1 if failed else 0


def measure(
    data: Path, parts: list[str] | tuple[str, ...], size: str, *, every_scenario: bool = False
) -> dict[str, Result]:
    """All results by item, from what is kept or measured now."""
    items: dict[str, Callable[[Path], Result]] = {}
    if "objects" in parts:
        items["objects"] = partial(measure_suv_objects, data)
    if "regions" in parts:
        items["regions"] = partial(measure_given_regions, data)
    if "real" in parts:
        items["qin"] = partial(measure_qin, data)
        items["qin-with-seg"] = partial(measure_qin, data, with_segmentation=True)
        items["qin-as-fdg"] = partial(measure_qin, data, with_entry=True)
        items |= {patient.lower(): partial(measure_sarcoma, data, patient) for patient in SARCOMAS}
        items["organs-real"] = partial(measure_organs_real, data)
        items["alignment-real"] = partial(measure_alignment_real, data, SARCOMAS)
        items["image-lesions-real"] = partial(measure_image_lesions_real, data)
    if "images" in parts:
        items[f"images-{size}"] = partial(measure_images, size)
        items["contacts"] = measure_contacts
    if "vessels" in parts:
        items["vessel-contact"] = measure_vessel_contacts
        items[f"named-vessels-{size}"] = partial(measure_named_vessels, size)
    if "plans" in parts:
        items["plans"] = measure_plans
    if "speed" in parts:
        items[f"speed-{size}"] = partial(measure_speed, size)
    if "clinical" in parts:
        items |= {"statements": measure_statements, "advice": measure_advice}
    digest = source_digest()
    results = {name: kept(name, digest, item, _say) for name, item in items.items()}
    own: dict[str, Callable[[Path], Result]] = {}
    if "patients" in parts:
        own |= {f"patient-{seed}-{size}": partial(measure_patient, seed, size) for seed in SEEDS}
    if "exams" in parts:
        scenarios = ALL if every_scenario or size == "full" else SOME
        own |= {f"exams-{name}-{size}": partial(measure_many_exams, name, size) for name in scenarios}
    return results | _side_by_side(own, digest)


def _side_by_side(names: dict[str, Callable[[Path], Result]], digest: str) -> dict[str, Result]:
    """Reference patients, as many side by side as there are cores (two at most, for memory)."""
    with ThreadPoolExecutor(max_workers=min(2, os.cpu_count() or 1)) as pool:
        waiting = {name: pool.submit(kept, name, digest, item, _say) for name, item in names.items()}
        return {name: future.result() for name, future in waiting.items()}


def _say(line: str) -> None:
    print(line, flush=True)


def all_claims(results: dict[str, Result]) -> list[Claim]:
    """The claims that the results answer."""
    claims: list[Claim] = []
    if "objects" in results:
        claims += suv_object_claims(results["objects"])
    if "regions" in results:
        claims += given_region_claims(results["regions"])
    if "qin" in results:
        claims += real_patient_claims("whole-body FDG PET", results["qin"], whole_body=True)
        claims += real_patient_claims("the same with its SEG", results["qin-with-seg"], whole_body=True)
        claims += real_patient_claims("the same, tracer entered as FDG", results["qin-as-fdg"], whole_body=True)
    for patient in SARCOMAS:
        if patient.lower() in results:
            claims += real_patient_claims(f"limb {patient}", results[patient.lower()], whole_body=False)
    for name in ("images-small", "images-full"):
        if name in results:
            claims += reference_image_claims(results[name])
    if "contacts" in results:
        claims += contact_claims(results["contacts"])
    if "vessel-contact" in results:
        claims += vessel_contact_claims({"all": results["vessel-contact"]})
    for size in ("small", "full"):
        if f"named-vessels-{size}" in results:
            claims += named_vessel_claims(results[f"named-vessels-{size}"], size)
    if "plans" in results:
        claims += plan_claims(results["plans"])
    if "statements" in results:
        claims += statement_claims(results["statements"]) + advice_claims(results["advice"])
    for name in ("speed-small", "speed-full"):
        if name in results:
            claims += speed_claims(results[name])
    if "organs-real" in results:
        claims += organs_real_claims(results["organs-real"])
    if "alignment-real" in results:
        claims += alignment_real_claims(results["alignment-real"])
    if "image-lesions-real" in results:
        claims += image_lesions_real_claims(results["image-lesions-real"])
    exams = {name: result for name, result in results.items() if name.startswith("exams-")}
    if exams:
        claims += many_exams_claims(exams)
    patients = {name: result for name, result in results.items() if name.startswith("patient-")}
    if patients:
        claims += reference_patient_claims(patients)
    return claims
