"""Enhanced (multi-frame) CT and PET objects: a whole series in one file.

Enhanced PET holds the administered activity in MBq and names its units by a real-world value mapping
(DICOM PS3.3 C.8.22.4); its values are decay-corrected to Decay Correction DateTime.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import EnhancedCTImageStorage, EnhancedPETImageStorage

from isletscope.phantom.scanner import CtScan, PetScan
from isletscope.phantom.visit import Visit
from isletscope.phantom.writing import (
    FileNamer,
    SeriesFacts,
    base_dataset,
    code,
    date_text,
    decimal,
    moment_text,
    save,
    set_pixels,
    time_text,
)
from isletscope.phantom.writing_pet import INTRAVENOUS, bed_times
from isletscope.spatial import Geometry

_WHOLE_BODY = ("38266002", "SCT", "Entire body")
_TRANSVERSE = ("62824007", "SCT", "Transverse")
_BQ_ML = ("Bq/ml", "UCUM", "Becquerels/milliliter")
_CT_SLOPE, _CT_INTERCEPT = 1.0, -1024.0


def write_enhanced_ct(scan: CtScan, visit: Visit, folder: Path, name_of: FileNamer) -> list[Path]:
    """The CT series as one Enhanced CT Image object (HU). Returns the file."""
    start = visit.scan_start - dt.timedelta(minutes=4)
    dataset = base_dataset(visit, SeriesFacts("ct", "CT", 2, "CT WB low dose enhanced", start))
    dataset.SOPClassUID = EnhancedCTImageStorage
    dataset.SOPInstanceUID = visit.uid("ct", "enhanced")
    _general(dataset, visit, start, scan.geometry.shape[0])
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    dataset.AcquisitionDuration = 15.0
    dataset.MultienergyCTAcquisition = "NO"
    shared = _shared(scan.geometry)
    shared.CTImageFrameTypeSequence = _frame_type(["ORIGINAL", "PRIMARY", "VOLUME", "NONE"])
    transformation = Dataset()
    transformation.RescaleIntercept, transformation.RescaleSlope = decimal(_CT_INTERCEPT), decimal(_CT_SLOPE)
    transformation.RescaleType = "HU"
    shared.PixelValueTransformationSequence = DicomSequence([transformation])
    for keyword, item in _ct_technique(scan.geometry, visit).items():
        setattr(shared, keyword, DicomSequence([item]))
    dataset.SharedFunctionalGroupsSequence = DicomSequence([shared])
    frames = [_frame(scan.geometry, k, start, 0.5) for k in range(scan.geometry.shape[0])]
    dataset.PerFrameFunctionalGroupsSequence = DicomSequence(frames)
    set_pixels(dataset, scan.image.astype(np.int32) - int(_CT_INTERCEPT), signed=False)
    return [_saved(dataset, folder / name_of("CT", 0), visit)]


def write_enhanced_pet(scan: PetScan, visit: Visit, folder: Path, name_of: FileNamer) -> list[Path]:
    """The PET series as one Enhanced PET Image object (Bq/mL, dose in MBq). Returns the file."""
    dataset = base_dataset(visit, SeriesFacts("pet", "PT", 4, "PET WB enhanced", visit.scan_start))
    dataset.SOPClassUID = EnhancedPETImageStorage
    dataset.SOPInstanceUID = visit.uid("pet", "enhanced")
    _general(dataset, visit, visit.scan_start, scan.geometry.shape[0])
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    _pet_acquisition(dataset, visit)
    factor = 1.0 / visit.suv_factor
    slope = float(decimal(max(float(scan.image.max()), 1e-6) * factor / 32767.0))
    shared = _shared(scan.geometry)
    shared.PETFrameTypeSequence = _frame_type(["ORIGINAL", "PRIMARY", "VOLUME", "NONE"])
    shared.PETFrameCorrectionFactorsSequence = DicomSequence([_correction_factors()])
    shared.PETReconstructionSequence = DicomSequence([_reconstruction(scan.geometry)])
    for keyword, item in _pet_technique().items():
        setattr(shared, keyword, DicomSequence([item]))
    transformation = Dataset()
    transformation.RescaleIntercept, transformation.RescaleSlope, transformation.RescaleType = "0", decimal(slope), "US"
    shared.PixelValueTransformationSequence = DicomSequence([transformation])
    shared.RealWorldValueMappingSequence = DicomSequence([_mapping(slope)])
    dataset.SharedFunctionalGroupsSequence = DicomSequence([shared])
    beds = bed_times(visit, scan.geometry.shape[0], scan.geometry.spacing_mm[0])
    frames = [_frame(scan.geometry, k, bed.start, visit.bed_seconds) for k, bed in enumerate(beds)]
    dataset.PerFrameFunctionalGroupsSequence = DicomSequence(frames)
    stored = np.rint(scan.image * np.float32(factor / slope))
    set_pixels(dataset, np.clip(stored, 0, 32767), signed=False)
    return [_saved(dataset, folder / name_of("PT", 0), visit)]


def _saved(dataset: Dataset, path: Path, visit: Visit) -> Path:
    save(dataset, path, visit.rule.transfer_syntax)
    return path


def _general(dataset: Dataset, visit: Visit, start: dt.datetime, frames: int) -> None:
    """What both kinds share: equipment, multi-frame, dimensions, acquisition context."""
    dataset.PatientPosition = "HFS"
    dataset.InstanceNumber = 1
    dataset.AcquisitionNumber = 1
    dataset.ContentDate, dataset.ContentTime = date_text(start), time_text(start)
    dataset.AcquisitionDateTime = moment_text(start)
    dataset.NumberOfFrames = frames
    dataset.PixelPresentation = "MONOCHROME"
    dataset.VolumetricProperties = "VOLUME"
    dataset.VolumeBasedCalculationTechnique = "NONE"
    dataset.ContentQualification = "RESEARCH"
    dataset.BurnedInAnnotation = "NO"
    dataset.LossyImageCompression = "00"
    dataset.PresentationLUTShape = "IDENTITY"
    dataset.AcquisitionContextSequence = DicomSequence([])
    organisation = Dataset()
    organisation.DimensionOrganizationUID = visit.uid("dimension", dataset.Modality)
    dataset.DimensionOrganizationSequence = DicomSequence([organisation])
    index = Dataset()
    index.DimensionOrganizationUID = organisation.DimensionOrganizationUID
    index.DimensionIndexPointer = 0x00200032
    index.FunctionalGroupPointer = 0x00209113
    dataset.DimensionIndexSequence = DicomSequence([index])


def _shared(geometry: Geometry) -> Dataset:
    shared = Dataset()
    measures = Dataset()
    measures.SliceThickness = decimal(geometry.spacing_mm[0])
    measures.SpacingBetweenSlices = decimal(geometry.spacing_mm[0])
    measures.PixelSpacing = [decimal(geometry.spacing_mm[1]), decimal(geometry.spacing_mm[2])]
    shared.PixelMeasuresSequence = DicomSequence([measures])
    orientation = Dataset()
    orientation.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    shared.PlaneOrientationSequence = DicomSequence([orientation])
    anatomy = Dataset()
    anatomy.FrameLaterality = "U"
    anatomy.AnatomicRegionSequence = code(_WHOLE_BODY)
    shared.FrameAnatomySequence = DicomSequence([anatomy])
    window = Dataset()
    window.WindowCenter, window.WindowWidth = "40", "400"
    shared.FrameVOILUTSequence = DicomSequence([window])
    return shared


def _frame(geometry: Geometry, k: int, start: dt.datetime, seconds: float) -> Dataset:
    frame = Dataset()
    content = Dataset()
    content.FrameAcquisitionDateTime = moment_text(start)
    content.FrameReferenceDateTime = moment_text(start + dt.timedelta(seconds=seconds / 2))
    content.FrameAcquisitionDuration = float(seconds * 1000)
    content.DimensionIndexValues = [k + 1]
    content.StackID, content.InStackPositionNumber, content.TemporalPositionIndex = "1", k + 1, 1
    frame.FrameContentSequence = DicomSequence([content])
    position = Dataset()
    position.ImagePositionPatient = [decimal(round(float(v), 6)) for v in geometry.to_lps([k, 0, 0])]
    frame.PlanePositionSequence = DicomSequence([position])
    return frame


def _frame_type(values: list[str]) -> DicomSequence:
    item = Dataset()
    item.FrameType = values
    item.PixelPresentation = "MONOCHROME"
    item.VolumetricProperties = "VOLUME"
    item.VolumeBasedCalculationTechnique = "NONE"
    return DicomSequence([item])


def _ct_technique(grid: Geometry, visit: Visit) -> dict[str, Dataset]:
    """Functional groups of CT technique, with the values of a low-dose whole-body scan."""
    acquisition, details, table = Dataset(), Dataset(), Dataset()
    acquisition.AcquisitionType = "SPIRAL"
    acquisition.ConstantVolumeFlag = acquisition.FluoroscopyFlag = "NO"
    details.RotationDirection = "CW"
    details.RevolutionTime, details.SingleCollimationWidth, details.TotalCollimationWidth = 0.5, 0.6, 38.4
    details.TableHeight, details.GantryDetectorTilt, details.DataCollectionDiameter = 160.0, 0.0, 500.0
    table.TableSpeed, table.TableFeedPerRotation, table.SpiralPitchFactor = 60.0, 30.0, 0.8
    geometry, reconstruction, exposure, beam = Dataset(), Dataset(), Dataset(), Dataset()
    geometry.DistanceSourceToDetector, geometry.DistanceSourceToDataCollectionCenter = 1085.0, 595.0
    reconstruction.ReconstructionAlgorithm = "FILTER_BACK_PROJ"
    reconstruction.ConvolutionKernel = "B30f"
    reconstruction.ConvolutionKernelGroup = "SOFT_TISSUE"
    reconstruction.ReconstructionDiameter = 500.0
    reconstruction.ReconstructionPixelSpacing = [float(v) for v in grid.spacing_mm[1:]]
    reconstruction.ImageFilter = "NONE"
    reconstruction.ReconstructionAngle = 360.0
    exposure.ExposureTimeInms, exposure.XRayTubeCurrentInmA, exposure.ExposureInmAs = 500.0, 45.0, 28.0
    exposure.ExposureModulationType = "NONE"
    beam.KVP = "120"
    beam.FocalSpots = 1.2
    beam.FilterType = "WEDGE"
    beam.FilterMaterial = "ALUMINUM"
    position, event = Dataset(), Dataset()
    position.TablePosition = 0.0
    position.ReconstructionTargetCenterPatient = [0.0, 0.0, 0.0]
    position.DataCollectionCenterPatient = [0.0, 0.0, 0.0]
    event.IrradiationEventUID = visit.uid("ct", "irradiation")
    return {
        "CTPositionSequence": position,
        "IrradiationEventIdentificationSequence": event,
        "CTAcquisitionTypeSequence": acquisition,
        "CTAcquisitionDetailsSequence": details,
        "CTTableDynamicsSequence": table,
        "CTGeometrySequence": geometry,
        "CTReconstructionSequence": reconstruction,
        "CTExposureSequence": exposure,
        "CTXRayDetailsSequence": beam,
    }


def _pet_acquisition(dataset: Dataset, visit: Visit) -> None:
    tracer = visit.tracer
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
        "AttenuationCorrected": "YES",
        "ScatterCorrected": "YES",
        "DeadTimeCorrected": "YES",
        "GantryMotionCorrected": "NO",
        "PatientMotionCorrected": "NO",
        "CountLossNormalizationCorrected": "YES",
        "RandomsCorrected": "YES",
        "NonUniformRadialSamplingCorrected": "YES",
        "SensitivityCalibrated": "YES",
        "DetectorNormalizationCorrection": "YES",
        "RandomsCorrectionMethod": "DLYD",
        "AttenuationCorrectionSource": "CT",
        "ScatterCorrectionMethod": "Model-based",
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
        "AttenuationCorrectionTemporalRelationship": "SEPARATE",
    }
    window = Dataset()
    window.EnergyWindowLowerLimit, window.EnergyWindowUpperLimit = "435", "650"
    dataset.EnergyWindowRangeSequence = DicomSequence([window])
    dataset.ViewCodeSequence = code(_TRANSVERSE)
    dataset.SliceProgressionDirection = "FEET_TO_HEAD"
    for keyword, value in flags.items():
        setattr(dataset, keyword, value)


def _pet_technique() -> dict[str, Dataset]:
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
