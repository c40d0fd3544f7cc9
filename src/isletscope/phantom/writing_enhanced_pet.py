"""Enhanced (multi-frame) PET objects: a whole series in one file.

Enhanced PET holds the administered activity in MBq and names its units by a real-world value mapping
(DICOM PS3.3 C.8.22.4); its values are decay-corrected to Decay Correction DateTime.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import EnhancedPETImageStorage

from isletscope.phantom.scanner import PetScan
from isletscope.phantom.visit import Visit
from isletscope.phantom.writing import FileNamer, base_dataset, code, decimal, moment_text, save, set_pixels
from isletscope.phantom.writing_frames import WHOLE_BODY, frame_groups, frame_type, multiframe_header, shared_groups
from isletscope.phantom.writing_pet import INTRAVENOUS, bed_times, pet_facts, uncorrected_image
from isletscope.spatial import Geometry

_TRANSVERSE = ("62824007", "SCT", "Transverse")
_BQ_ML = ("Bq/ml", "UCUM", "Becquerels/milliliter")
_FRAME_TYPE = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]


def write_enhanced_pet(
    scan: PetScan, visit: Visit, folder: Path, name_of: FileNamer, *, corrected: bool = True
) -> list[Path]:
    """The PET series as one Enhanced PET Image object (Bq/mL, dose in MBq). Returns the file.

    ``corrected=False`` writes the series without attenuation correction. Raises OutputError when it cannot be written.
    """
    facts = pet_facts(visit, corrected)
    image = scan.image if corrected else uncorrected_image(scan)
    count = scan.geometry.shape[0]
    dataset = base_dataset(visit, facts)
    dataset.SOPClassUID = EnhancedPETImageStorage
    dataset.SOPInstanceUID = visit.uid(facts.kind, "enhanced")
    multiframe_header(dataset, visit, visit.scan_start, count, facts.kind)
    dataset.ImageType = _FRAME_TYPE
    _acquisition(dataset, visit, corrected)
    factor = 1.0 / visit.suv_factor
    slope = float(decimal(max(float(image.max()), 1e-6) * factor / 32767.0))
    shared = shared_groups(scan.geometry, WHOLE_BODY, (decimal(5 * factor), decimal(10 * factor)))
    shared.PETFrameTypeSequence = frame_type(_FRAME_TYPE)
    shared.PETFrameCorrectionFactorsSequence = DicomSequence([_correction_factors()])
    shared.PETReconstructionSequence = DicomSequence([_reconstruction(scan.geometry)])
    for keyword, item in _technique_groups().items():
        setattr(shared, keyword, DicomSequence([item]))
    transformation = Dataset()
    transformation.RescaleIntercept, transformation.RescaleSlope, transformation.RescaleType = "0", decimal(slope), "US"
    shared.PixelValueTransformationSequence = DicomSequence([transformation])
    shared.RealWorldValueMappingSequence = DicomSequence([_mapping(slope)])
    dataset.SharedFunctionalGroupsSequence = DicomSequence([shared])
    beds = bed_times(visit, count, scan.geometry.spacing_mm[0])
    frames = [frame_groups(scan.geometry, k, k + 1, bed.start, visit.bed_seconds) for k, bed in enumerate(beds)]
    dataset.PerFrameFunctionalGroupsSequence = DicomSequence(frames)
    stored = np.rint(image * np.float32(factor / slope))
    set_pixels(dataset, np.clip(stored, 0, 32767), signed=False)
    path = folder / name_of("PT" if corrected else "NC", 0)
    save(dataset, path, visit.rule.transfer_syntax)
    return [path]


def _acquisition(dataset: Dataset, visit: Visit, corrected: bool) -> None:
    tracer = visit.radiotracer
    item = Dataset()
    item.RadiopharmaceuticalAgentNumber = 1
    item.RadionuclideCodeSequence = code(tracer.radionuclide)
    item.AdministrationRouteCodeSequence = code(INTRAVENOUS)
    item.RadiopharmaceuticalStartDateTime = moment_text(visit.injection)
    item.RadionuclideTotalDose = decimal(visit.dose_bq / 1e6)
    item.RadionuclideHalfLife = decimal(tracer.half_life_s)
    item.RadionuclidePositronFraction = decimal(tracer.positron_fraction)
    item.RadiopharmaceuticalCodeSequence = code(tracer.code)
    dataset.RadiopharmaceuticalInformationSequence = DicomSequence([item])
    flags: dict[str, Any] = {
        "DecayCorrected": "YES",
        "AttenuationCorrected": "YES" if corrected else "NO",
        "ScatterCorrected": "YES" if corrected else "NO",
        "DeadTimeCorrected": "YES",
        "GantryMotionCorrected": "NO",
        "PatientMotionCorrected": "NO",
        "CountLossNormalizationCorrected": "YES",
        "RandomsCorrected": "YES",
        "NonUniformRadialSamplingCorrected": "YES",
        "SensitivityCalibrated": "YES",
        "DetectorNormalizationCorrection": "YES",
        "RandomsCorrectionMethod": "DLYD",
        "DecayCorrectionDateTime": moment_text(visit.scan_start),
        "CountsSource": "EMISSION",
        "TypeOfDetectorMotion": "STATIONARY",
        "AcquisitionStartCondition": "MANU",
        "AcquisitionTerminationCondition": "TIME",
        "TimeOfFlightInformationUsed": "TRUE",
        "TerminationTimeThreshold": float(visit.bed_seconds),
        "DetectorGeometry": "CYLINDRICAL_RING",
        "TransverseDetectorSeparation": 0.2,
        "AxialDetectorDimension": 216.0,
        "CollimatorType": "NONE",
        "CoincidenceWindowWidth": 4,
        "TableMotion": "STATIC",
        "AcquisitionDuration": float(visit.bed_seconds * 6),
    }
    if corrected:
        flags["AttenuationCorrectionSource"] = "CT"
        flags["AttenuationCorrectionTemporalRelationship"] = "SEPARATE"
        flags["ScatterCorrectionMethod"] = "Model-based"
    window = Dataset()
    window.EnergyWindowLowerLimit, window.EnergyWindowUpperLimit = "435", "650"
    dataset.EnergyWindowRangeSequence = DicomSequence([window])
    dataset.ViewCodeSequence = code(_TRANSVERSE)
    dataset.SliceProgressionDirection = "FEET_TO_HEAD"
    for keyword, value in flags.items():
        setattr(dataset, keyword, value)


def _technique_groups() -> dict[str, Dataset]:
    """Functional groups of PET acquisition."""
    usage, acquisition, position = Dataset(), Dataset(), Dataset()
    usage.RadiopharmaceuticalAgentNumber = 1
    acquisition.TableHeight, acquisition.GantryDetectorTilt, acquisition.GantryDetectorSlew = 160.0, 0.0, 0.0
    acquisition.DataCollectionDiameter = 700.0
    position.TablePosition = 0.0
    position.ReconstructionTargetCenterPatient = [0.0, 0.0, 0.0]
    position.DataCollectionCenterPatient = [0.0, 0.0, 0.0]
    return {
        "RadiopharmaceuticalUsageSequence": usage,
        "PETFrameAcquisitionSequence": acquisition,
        "PETPositionSequence": position,
    }


def _correction_factors() -> Dataset:
    item = Dataset()
    item.PrimaryPromptsCountsAccumulated = 1
    item.SliceSensitivityFactor = "1"
    item.DecayFactor = "1"
    item.ScatterFractionFactor = "0.3"
    item.DeadTimeFactor = "1"
    return item


def _reconstruction(grid: Geometry) -> Dataset:
    item = Dataset()
    item.ReconstructionType = "3D"
    item.ReconstructionAlgorithm = "REPROJECTION"
    item.IterativeReconstructionMethod = "YES"
    item.NumberOfIterations, item.NumberOfSubsets = 3, 21
    item.ReconstructionDiameter = float(grid.extent_mm[1])
    return item


def _mapping(slope: float) -> Dataset:
    item = Dataset()
    item.LUTExplanation, item.LUTLabel = "Activity concentration", "BQML"
    item.RealWorldValueFirstValueMapped, item.RealWorldValueLastValueMapped = 0, 32767
    item.RealWorldValueIntercept, item.RealWorldValueSlope = 0.0, slope
    item.MeasurementUnitsCodeSequence = code(_BQ_ML)
    return item
