"""The whole reading of one PET on a torso with lesions of known place, size and uptake."""

from __future__ import annotations

import numpy as np
import pytest

from isletscope.anatomy import Organs, find_organs, find_references
from isletscope.errors import InputError
from isletscope.lesions import LETTERS, PetReading, Settings, read_pet, tracking_uid_of
from isletscope.model import Focus, State, Tracer, TracerClass, Verdict
from isletscope.spatial import SUV_BODY_WEIGHT, Geometry, Volume
from tests.anatomy.torso import Torso, make_torso, turned

LIVER, NODE, BONE = ((-95, 0, 90), 24.0, 30.0), ((8, 20, -95), 20.0, 20.0), ((0, 65, 20), 22.0, 12.0)
SSTR = Tracer(tracer_class=TracerClass.SSTR, name="68Ga-DOTATATE", because="test")


def read(torso: Torso, tracer: Tracer = SSTR, *, with_ct: bool = True) -> tuple[PetReading, Organs]:
    organs = find_organs(torso.pet, torso.ct if with_ct else None, tracer.tracer_class)
    references = find_references(torso.pet, organs, tracer.tracer_class)
    return read_pet(torso.pet, organs, references, tracer, "pet-1"), organs


@pytest.fixture(scope="module")
def ill() -> Torso:
    return make_torso(lesions=(LIVER, NODE, BONE))


@pytest.fixture(scope="module")
def reading(ill: Torso) -> PetReading:
    return read(ill)[0]


def nearest(reading: PetReading, point: tuple[float, float, float]) -> Focus:
    return min(reading.reading.foci, key=lambda f: float(np.linalg.norm(np.subtract(f.centroid_lps_mm, point))))


@pytest.mark.parametrize(("lesion", "code"), [(LIVER, "liver"), (NODE, "node"), (BONE, "bone")])
def test_lesions_are_found_named_and_measured(reading: PetReading, lesion: tuple, code: str) -> None:  # type: ignore[type-arg]
    centre, diameter, suv = lesion
    focus = nearest(reading, centre)
    assert np.linalg.norm(np.subtract(focus.centroid_lps_mm, centre)) < 5
    assert focus.verdict is Verdict.TUMOUR
    assert focus.site_code == code
    volume = focus.measurements["volume"].value
    assert volume == pytest.approx(np.pi / 6 * diameter**3 / 1000, rel=0.3)
    assert focus.measurements["suv_max"].value == pytest.approx(suv, rel=0.15)
    assert focus.measurements["to_liver"].value == pytest.approx(focus.measurements["suv_max"].value / 6.0, rel=0.05)
    assert focus.measurements["to_liver"].method == "SUVmax / SUVmean"
    total = focus.measurements["total_uptake"].value
    mean = focus.measurements["suv_mean"].value
    assert total is not None
    assert mean is not None
    assert total == pytest.approx(volume * mean)
    assert focus.measurements["suv_max"].name == "SSTR SUVmax"


def test_only_the_lesions_are_called_tumour(reading: PetReading) -> None:
    assert sum(f.verdict is Verdict.TUMOUR for f in reading.reading.foci) == 3
    organs = {f.site for f in reading.reading.foci if f.verdict is Verdict.PHYSIOLOGIC}
    assert {"left kidney", "right kidney", "bladder"} <= organs


def test_label_map_and_foci_agree(reading: PetReading) -> None:
    assert set(np.unique(reading.foci_labels)) - {0} == {f.label for f in reading.reading.foci}
    for focus in reading.reading.foci:
        assert focus.id == f"pet-1/{focus.label}"
    tumours = [f for f in reading.reading.foci if f.verdict is Verdict.TUMOUR]
    assert [f.label for f in tumours] == [1, 2, 3]


def test_totals_are_sums_over_tumours(reading: PetReading) -> None:
    tumours = [f for f in reading.reading.foci if f.verdict is Verdict.TUMOUR]
    totals = reading.reading.totals
    volume = sum(f.measurements["volume"].value or 0 for f in tumours)
    uptake = sum(f.measurements["total_uptake"].value or 0 for f in tumours)
    assert totals["sstr_tv"].value == pytest.approx(volume)
    assert totals["tlsre"].value == pytest.approx(uptake)
    assert totals["mean_uptake"].value == pytest.approx(uptake / volume)
    assert totals["count_tumour"].value == 3


def test_every_focus_gives_other_delineations_with_volume_or_reason(reading: PetReading) -> None:
    for focus in reading.reading.foci:
        if focus.assessment.rule == "sstr.organ":
            assert focus.threshold.state is State.MISSING
            continue
        assert {"percent_of_maximum", "fixed_suv"} <= set(focus.other_delineations)
        for found in focus.other_delineations.values():
            assert found.method
            assert (found.value is None) == bool(found.missing_because)


def test_foci_have_letters_by_compartment_and_identities_of_their_own(reading: PetReading) -> None:
    foci = reading.reading.foci
    assert sorted(LETTERS[f.site_code] for f in foci if f.verdict is Verdict.TUMOUR) == ["L", "N", "O"]
    assert len({tracking_uid_of(focus) for focus in foci}) == len(foci)


def test_the_same_foci_however_the_image_is_stored(ill: Torso, reading: PetReading) -> None:
    pet, ct = (turned(v, (1, 2, 0), (True, False, True)) for v in (ill.pet, ill.ct))
    again, _ = read(Torso(pet, ct, {}))
    for focus in reading.reading.foci:
        if focus.verdict is Verdict.TUMOUR:
            twin = nearest(again, focus.centroid_lps_mm)
            assert twin.verdict is Verdict.TUMOUR
            assert twin.site == focus.site
            assert twin.measurements["suv_max"].value == pytest.approx(focus.measurements["suv_max"].value)
            assert twin.measurements["volume"].value == pytest.approx(focus.measurements["volume"].value, rel=0.05)


def test_a_healthy_torso_gives_zero_volume_and_no_mean() -> None:
    totals = read(make_torso())[0].reading.totals
    assert totals["sstr_tv"].value == 0
    assert totals["tlsre"].value == 0
    assert totals["mean_uptake"].state is State.MISSING
    assert "not defined" in (totals["mean_uptake"].missing_because or "")


def test_liver_noise_makes_no_foci() -> None:
    for seed in (1, 2):
        foci = read(make_torso(seed=seed, noise=0.12))[0].reading.foci
        assert not [f for f in foci if f.verdict is Verdict.TUMOUR], seed


def test_touching_lesions_stay_two() -> None:
    pair = (((-95, 0, 90), 20.0, 30.0), ((-95, 0, 66), 20.0, 30.0))
    foci = read(make_torso(lesions=pair))[0].reading.foci
    assert sum(f.site_code == "liver" for f in foci) == 2


@pytest.mark.parametrize(
    ("tracer_class", "suv"), [(TracerClass.SSTR, 22.0), (TracerClass.FDG, 9.0)], ids=["sstr", "fdg"]
)
def test_a_node_on_the_kidney_is_not_kidney(tracer_class: TracerClass, suv: float) -> None:
    place = (60.0, 22.0, 20.0)
    torso = make_torso(tracer_class, lesions=((place, 18.0, suv),))
    focus = nearest(read(torso, Tracer(tracer_class=tracer_class, name="tracer", because="test"))[0], place)
    assert np.linalg.norm(np.subtract(focus.centroid_lps_mm, place)) < 6
    assert focus.verdict is not Verdict.PHYSIOLOGIC


def test_a_node_on_the_spleen_is_not_spleen() -> None:
    place = (78.0, 22.0, 75.0)
    torso = make_torso(lesions=((place, 16.0, 26.0),))
    focus = nearest(read(torso)[0], place)
    assert np.linalg.norm(np.subtract(focus.centroid_lps_mm, place)) < 6
    assert focus.verdict is not Verdict.PHYSIOLOGIC


def test_a_liver_metastasis_that_touches_the_kidney_is_tumour_of_the_liver() -> None:
    place = (-75.0, 18.0, 42.0)
    torso = make_torso(lesions=((place, 34.0, 26.0),))
    focus = nearest(read(torso)[0], place)
    assert focus.verdict is Verdict.TUMOUR
    assert focus.site_code == "liver"


def test_unknown_tracer_is_said_and_nothing_is_called_tumour(ill: Torso) -> None:
    unknown = Tracer(tracer_class=TracerClass.UNKNOWN, name="unknown", because="no radiopharmaceutical in the header")
    found, _ = read(ill, unknown)
    assert all(f.verdict is not Verdict.TUMOUR for f in found.reading.foci)
    assert any("A reader may enter tracer_class" in line for line in found.reading.limits)
    assert "tracer_volume" in found.reading.totals


def test_without_ct_the_limit_is_said(ill: Torso) -> None:
    found, _ = read(ill, with_ct=False)
    assert any(line.startswith("No CT lies with this PET") for line in found.reading.limits)
    assert any("blood pool: missing" in line for line in found.reading.limits)


def test_missing_slices_take_the_volume_of_a_focus(ill: Torso) -> None:
    plane = round(float(ill.pet.geometry.to_index((8, 20, -95))[0]))
    pet = Volume(ill.pet.array, ill.pet.geometry, ill.pet.quantity, None, (plane + 1,))
    found, _ = read(Torso(pet, ill.ct, {}))
    assert any("missing slices" in line for line in found.reading.limits)
    for focus in found.reading.foci:
        inside = found.foci_labels[plane + 1] == focus.label
        if inside.any() and focus.assessment.rule != "sstr.organ":
            assert focus.measurements["volume"].state is State.MISSING


def test_an_empty_field_has_missing_totals_not_zero() -> None:
    pet = Volume(
        np.zeros((20, 20, 20), np.float32), Geometry((20, 20, 20), (4.0, 4.0, 4.0), (0, 0, 0)), SUV_BODY_WEIGHT
    )
    found, _ = read(Torso(pet, pet, {}), with_ct=False)
    assert not found.reading.foci
    assert found.reading.totals["sstr_tv"].state is State.MISSING
    assert found.reading.limits[0].startswith("No focus was sought")


def test_settings_file_lays_over_the_shipped_thresholds(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "settings.yaml"
    path.write_text("detection:\n  contrast: {value: 2.5, unit: '1', support: convention, source: 'our department'}\n")
    assert Settings.from_yaml(path).thresholds.number("detection.contrast") == 2.5
    assert Settings.from_yaml(path).thresholds.number("detection.smoothing_fwhm_mm") == 5
    path.write_text("detection:\n  colour: {value: 1, unit: '1', support: convention, source: 'our department'}\n")
    with pytest.raises(InputError, match=r"detection\.colour"):
        Settings.from_yaml(path)
    path.write_text("detection: 3\n")
    with pytest.raises(InputError, match="is no settings file"):
        Settings.from_yaml(path)
