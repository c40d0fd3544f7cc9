"""MR as Enhanced MR Image objects: a whole series in one file, with functional groups for each frame.

Diffusion weighting stands in the MR Diffusion group, contrast phases in Contrast/Bolus Usage and Temporal Position
Index, the echoes of a dual-echo series in MR Echo (DICOM PS3.3 C.8.13). The ADC map carries a real-world value mapping.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import EnhancedMRImageStorage

from isletscope.phantom.mr_sequences import ADC_IMAGE, Hold, MrImage, mr_protocol
from isletscope.phantom.mr_series import PROTON_MHZ_PER_TESLA, SeriesToWrite, series_of
from isletscope.phantom.scanner_mr import MrExam
from isletscope.phantom.visit import Visit
from isletscope.phantom.writing import FileNamer, base_dataset, code, decimal, save, set_pixels
from isletscope.phantom.writing_frames import ABDOMEN, frame_groups, multiframe_header, shared_groups
from isletscope.phantom.writing_mr_contrast import enhanced_agent, is_enhanced

_ADC_UNIT = ("um2/s", "UCUM", "um2/s")
_INDEX_OF = {
    "dual_echo": (0x00189082, 0x00189114),
    "dynamic": (0x00209128, 0x00209111),
    "dwi": (0x00189087, 0x00189117),
}


def write_enhanced_mr(exam: MrExam, visit: Visit, folder: Path, name_of: FileNamer) -> list[Path]:
    """One Enhanced MR Image file for each series. Returns the files. Raises OutputError when one cannot be written."""
    paths = []
    for series in series_of(exam, visit):
        path = folder / name_of(series.file_kind, 0)
        save(_dataset(series), path, series.syntax)
        paths.append(path)
    return paths


def _dataset(series: SeriesToWrite) -> Dataset:
    layout, first = series.layout, series.layout.images[0]
    settings, geometry = series.settings(first), series.exam.geometry(first)
    count = geometry.shape[0] * len(layout.images)
    dataset = base_dataset(series.visit, series.facts)
    dataset.SOPClassUID = EnhancedMRImageStorage
    dataset.SOPInstanceUID = series.visit.uid(series.kind, "enhanced")
    multiframe_header(dataset, series.visit, series.start(first), count, series.kind)
    _image_module(dataset, series, settings)
    if first != ADC_IMAGE:
        _pulse_sequence(dataset, series, settings)
    if is_enhanced(series.settings(layout.images[-1])):
        dataset.ContrastBolusAgentSequence = enhanced_agent(series.visit, series.exam.rule)
    step = 1.0 if first == ADC_IMAGE else series.units_per_stored(first)
    top = step * series.vendor.full_scale
    shared = shared_groups(geometry, ABDOMEN, (decimal(round(top / 4, 2)), decimal(round(top / 2, 2))))
    for keyword, item in _shared_technique(series, settings).items():
        setattr(shared, keyword, DicomSequence([item]))
    shared.PixelValueTransformationSequence = DicomSequence([_transformation(step)])
    if first == ADC_IMAGE:
        shared.RealWorldValueMappingSequence = DicomSequence([_adc_mapping(series.vendor.full_scale)])
    dataset.SharedFunctionalGroupsSequence = DicomSequence([shared])
    images = [series.exam.series[key].image for key in layout.images]
    frames = [(n, k) for k in range(geometry.shape[0]) for n in range(len(images))]
    if len(images) > 1:
        _add_index(dataset, settings)
    dataset.PerFrameFunctionalGroupsSequence = DicomSequence([_frame(series, n, k) for n, k in frames])
    stored = np.stack(images, axis=1).reshape(count, *geometry.shape[1:]) / np.float32(step)
    set_pixels(dataset, np.clip(np.rint(stored), 0, series.vendor.full_scale), False, series.vendor.bits)
    return dataset


def _add_index(dataset: Dataset, settings: MrImage) -> None:
    """What tells frames at one place apart, as a third dimension."""
    index = Dataset()
    index.DimensionOrganizationUID = dataset.DimensionOrganizationSequence[0].DimensionOrganizationUID
    index.DimensionIndexPointer, index.FunctionalGroupPointer = _INDEX_OF[settings.hold]
    dataset.DimensionIndexSequence.append(index)


def _description(item: Dataset, settings: MrImage, key: str) -> None:
    """The MR Image Description macro: at the top for the whole series, and for each frame."""
    item.PixelPresentation = "MONOCHROME"
    item.VolumetricProperties = "VOLUME"
    item.VolumeBasedCalculationTechnique = "NONE"
    item.ComplexImageComponent = "MAGNITUDE"
    contrast = {"gradient_echo": "T1", "spin_echo": "T2"}[settings.excitation.method]
    item.AcquisitionContrast = "DIFFUSION" if settings.hold == "dwi" else contrast


def _type_of(settings: MrImage, key: str) -> list[str]:
    if key == ADC_IMAGE:
        return ["DERIVED", "PRIMARY", "DIFFUSION", "ADC"]
    flavour = {"dual_echo": "OTHER", "dynamic": "DYNAMIC", "dwi": "DIFFUSION"}.get(settings.hold, "VOLUME")
    if settings.hold == "dual_echo":
        flavour = "IN_PHASE" if settings.excitation.fat == "in_phase" else "OUT_PHASE"
    return ["ORIGINAL", "PRIMARY", flavour, "NONE"]


def _image_module(dataset: Dataset, series: SeriesToWrite, settings: MrImage) -> None:
    keys = series.layout.images
    types = [_type_of(series.settings(key), key) for key in keys]
    dataset.ImageType = types[0] if all(t == types[0] for t in types) else [*types[0][:2], "MIXED", "NONE"]
    _description(dataset, settings, keys[0])
    last = series.settings(keys[-1])
    dataset.AcquisitionDuration = float(last.start_s + last.lasts_s - settings.start_s)
    dataset.ResonantNucleus = "1H"
    dataset.KSpaceFiltering = "HAMMING"
    dataset.MagneticFieldStrength = decimal(mr_protocol().field_strength_t)
    dataset.ApplicableSafetyStandardAgency = "IEC"
    dataset.IsocenterPosition = [0.0, 0.0, 0.0]


def _pulse_sequence(dataset: Dataset, series: SeriesToWrite, settings: MrImage) -> None:
    spin, planar = settings.excitation.method == "spin_echo", settings.hold == "dwi"
    values: dict[str, Any] = {
        "PulseSequenceName": series.layout.name.format(b=0),
        "MRAcquisitionType": series.layout.dimension,
        "EchoPulseSequence": "SPIN" if spin else "GRADIENT",
        "MultiPlanarExcitation": "NO",
        "PhaseContrast": "NO",
        "TimeOfFlightContrast": "NO",
        "SteadyStatePulseSequence": "NONE",
        "EchoPlanarPulseSequence": "YES" if planar else "NO",
        "SaturationRecovery": "NO",
        "SpectrallySelectedSuppression": "FAT" if settings.excitation.fat == "saturated" else "NONE",
        "OversamplingPhase": "2D",
        "SegmentedKSpaceTraversal": "SINGLE" if planar else "PARTIAL",
        "GeometryOfKSpaceTraversal": "RECTILINEAR",
        "RectilinearPhaseEncodeReordering": "LINEAR",
        "NumberOfKSpaceTrajectories": 1,
    }
    if series.layout.dimension == "3D":
        values["CoverageOfKSpace"] = "FULL"
    if spin:
        values["MultipleSpinEcho"] = "NO" if planar else "YES"
    for keyword, value in values.items():
        setattr(dataset, keyword, value)


def _transformation(step: float) -> Dataset:
    item = Dataset()
    item.RescaleIntercept, item.RescaleSlope, item.RescaleType = "0", decimal(step), "US"
    return item


def _adc_mapping(highest: int) -> Dataset:
    item = Dataset()
    item.LUTExplanation, item.LUTLabel = "Apparent diffusion coefficient", "ADC"
    item.RealWorldValueFirstValueMapped, item.RealWorldValueLastValueMapped = 0, highest
    item.RealWorldValueIntercept, item.RealWorldValueSlope = 0.0, 1.0
    item.MeasurementUnitsCodeSequence = code(_ADC_UNIT)
    return item


def _shared_technique(series: SeriesToWrite, settings: MrImage) -> dict[str, Dataset]:
    hold = mr_protocol().holds[settings.hold]
    rows, columns = series.exam.geometry(series.layout.images[0]).shape[1:]
    return {
        "MRTimingAndRelatedParametersSequence": _timing(settings, hold),
        "MRFOVGeometrySequence": _field_of_view(rows, columns, hold),
        "MRModifierSequence": _modifiers(settings),
        "MRImagingModifierSequence": _imaging_modifiers(hold),
        "MRReceiveCoilSequence": _receive_coil(series.vendor.coil),
        "MRTransmitCoilSequence": _transmit_coil(),
    }


def _timing(settings: MrImage, hold: Hold) -> Dataset:
    excitation = settings.excitation
    item = Dataset()
    item.RepetitionTime, item.FlipAngle = decimal(excitation.repetition_ms), decimal(excitation.flip_degrees)
    item.EchoTrainLength = hold.echo_train
    item.RFEchoTrainLength = 0 if excitation.method == "gradient_echo" else hold.echo_train
    item.GradientEchoTrainLength = 1 if excitation.method == "gradient_echo" else 0
    rate = Dataset()
    rate.SpecificAbsorptionRateDefinition, rate.SpecificAbsorptionRateValue = "IEC_WHOLE_BODY", 0.9
    item.SpecificAbsorptionRateSequence = DicomSequence([rate])
    item.OperatingModeSequence = DicomSequence([_mode("STATIC FIELD"), _mode("RF"), _mode("GRADIENT")])
    item.GradientOutputType, item.GradientOutput = "DB_DT", 40.0
    return item


def _mode(kind: str) -> Dataset:
    item = Dataset()
    item.OperatingModeType, item.OperatingMode = kind, "IEC_NORMAL"
    return item


def _field_of_view(rows: int, columns: int, hold: Hold) -> Dataset:
    item = Dataset()
    item.InPlanePhaseEncodingDirection = "COLUMN"
    item.MRAcquisitionFrequencyEncodingSteps = round(columns / hold.acquired)
    item.MRAcquisitionPhaseEncodingStepsInPlane = round(rows / hold.acquired)
    item.MRAcquisitionPhaseEncodingStepsOutOfPlane = 1
    item.PercentSampling, item.PercentPhaseFieldOfView = "100", decimal(round(100 * rows / columns, 2))
    return item


def _modifiers(settings: MrImage) -> Dataset:
    item = Dataset()
    item.InversionRecovery = "NO"
    item.FlowCompensation = "NONE"
    item.Spoiling = "RF_AND_GRADIENT" if settings.excitation.method == "gradient_echo" else "NONE"
    item.T2Preparation = "NO"
    item.SpectrallySelectedExcitation = "NONE"
    item.SpatialPresaturation = "NONE"
    item.PartialFourier = "NO"
    item.ParallelAcquisition = "NO"
    return item


def _imaging_modifiers(hold: Hold) -> Dataset:
    item = Dataset()
    item.MagnetizationTransfer = "NONE"
    item.BloodSignalNulling = "NO"
    item.Tagging = "NONE"
    item.TransmitterFrequency = mr_protocol().field_strength_t * PROTON_MHZ_PER_TESLA
    item.PixelBandwidth = decimal(hold.bandwidth_hz)
    return item


def _receive_coil(name: str) -> Dataset:
    item, element = Dataset(), Dataset()
    item.ReceiveCoilName, item.ReceiveCoilManufacturerName = name[:16], ""
    item.ReceiveCoilType, item.QuadratureReceiveCoil = "MULTICOIL", "NO"
    element.MultiCoilElementName, element.MultiCoilElementUsed = "ALL", "YES"
    item.MultiCoilDefinitionSequence = DicomSequence([element])
    return item


def _transmit_coil() -> Dataset:
    item = Dataset()
    item.TransmitCoilName, item.TransmitCoilManufacturerName, item.TransmitCoilType = "BODY", "", "BODY"
    return item


def _frame(series: SeriesToWrite, n: int, k: int) -> Dataset:
    """Functional groups of the n-th image of slice ``k``."""
    keys = series.layout.images
    key, settings = keys[n], series.settings(keys[n])
    geometry, excitation = series.exam.geometry(key), settings.excitation
    frame = frame_groups(geometry, k, k + 1, series.start(key), settings.lasts_s)
    content = frame.FrameContentSequence[0]
    if len(keys) > 1:
        content.DimensionIndexValues = [1, k + 1, n + 1]
    if settings.hold == "dynamic":
        content.TemporalPositionIndex = n + 1
    kind, echo, averages = Dataset(), Dataset(), Dataset()
    kind.FrameType = _type_of(settings, key)
    _description(kind, settings, key)
    echo.EffectiveEchoTime = float(excitation.echo_ms)
    averages.NumberOfAverages = float(settings.averages)
    frame.MRImageFrameTypeSequence = DicomSequence([kind])
    frame.MREchoSequence = DicomSequence([echo])
    frame.MRAveragesSequence = DicomSequence([averages])
    if settings.hold == "dwi":
        frame.MRDiffusionSequence = DicomSequence([_diffusion(excitation.b_s_mm2, key)])
    if is_enhanced(series.settings(keys[-1])):
        frame.ContrastBolusUsageSequence = DicomSequence([_usage(settings)])
    return frame


def _diffusion(b_value: float, key: str) -> Dataset:
    item = Dataset()
    if key != ADC_IMAGE:
        item.DiffusionBValue = float(b_value)
    item.DiffusionDirectionality = "ISOTROPIC" if b_value or key == ADC_IMAGE else "NONE"
    item.DiffusionAnisotropyType = "FRACTIONAL"
    return item


def _usage(settings: MrImage) -> Dataset:
    given = is_enhanced(settings)
    item = Dataset()
    item.ContrastBolusAgentNumber = 1
    item.ContrastBolusAgentAdministered = "YES" if given else "NO"
    item.ContrastBolusAgentDetected = "YES" if given else "NO"
    if given:
        item.ContrastBolusAgentPhase = "POST_CONTRAST"
    return item
