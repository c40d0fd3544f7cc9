"""Enhanced (multi-frame) CT objects: a whole series in one file, low-dose or contrast phase."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import EnhancedCTImageStorage

from isletscope.phantom.ct_series import CtSeries, ct_habits, low_dose_series, technique
from isletscope.phantom.scanner import CtScan
from isletscope.phantom.visit import Visit
from isletscope.phantom.writing import FileNamer, base_dataset, code, decimal, save, time_text
from isletscope.phantom.writing_ct import BODY_PHANTOM, ct_facts, set_ct_pixels
from isletscope.phantom.writing_frames import (
    ABDOMEN,
    WHOLE_BODY,
    frame_groups,
    frame_type,
    multiframe_header,
    shared_groups,
)
from isletscope.phantom.writing_pet import INTRAVENOUS
from isletscope.spatial import Geometry

_IODINE = ("44588005", "SCT", "Iodine")
_CONTRAST_PHASES = {"late_arterial": "ARTERIAL", "portal_venous": "PORTAL_VENOUS", "delayed": "DELAYED"}
_FRAME_TYPE = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]


def write_enhanced_ct(
    scan: CtScan, visit: Visit, folder: Path, name_of: FileNamer, series: CtSeries | None = None
) -> list[Path]:
    """A CT series as one Enhanced CT Image object (HU). ``series``: None is the low-dose CT of a PET/CT.

    Frames run in the vendor's order, from head to feet or from feet to head. Returns the file. Raises OutputError when
    it cannot be written.
    """
    series = series or low_dose_series(visit)
    habits, geometry = ct_habits(visit.vendor.key), scan.geometry
    order = range(geometry.shape[0])[:: -1 if habits.descending else 1]
    dataset = base_dataset(visit, ct_facts(visit, series, geometry.spacing_mm[0]))
    dataset.SOPClassUID = EnhancedCTImageStorage
    dataset.SOPInstanceUID = visit.uid(series.key, "enhanced")
    multiframe_header(dataset, visit, series.start, len(order), series.key)
    dataset.PatientPosition = habits.patient_position if visit.tracer is None else "HFS"
    dataset.AcquisitionNumber = series.acquisition
    dataset.ImageType = _FRAME_TYPE
    dataset.AcquisitionDuration = round(series.second_per_slice * len(order), 2)
    dataset.MultienergyCTAcquisition = "NO"
    dataset.SharedFunctionalGroupsSequence = DicomSequence([_shared(scan, visit, series)])
    frames = []
    for place, k in enumerate(order, start=1):
        moment = series.start + dt.timedelta(seconds=round(series.second_per_slice * (place - 1), 2))
        frames.append(frame_groups(geometry, k, place, moment, technique(series).rotation_s))
    dataset.PerFrameFunctionalGroupsSequence = DicomSequence(frames)
    if series.injection is not None:
        dataset.ContrastBolusAgentSequence = DicomSequence([_agent(visit, series)])
    set_ct_pixels(dataset, scan.image[np.asarray(order)], habits)
    path = folder / name_of(series.file_kind, 0)
    save(dataset, path, visit.rule.transfer_syntax)
    return [path]


def _shared(scan: CtScan, visit: Visit, series: CtSeries) -> Dataset:
    habits = ct_habits(visit.vendor.key)
    window = habits.table["window"]
    anatomy = ABDOMEN if visit.tracer is None else WHOLE_BODY
    shared = shared_groups(scan.geometry, anatomy, (window["centre"][0], window["width"][0]))
    shared.CTImageFrameTypeSequence = frame_type(_FRAME_TYPE)
    transformation = Dataset()
    transformation.RescaleIntercept, transformation.RescaleSlope = decimal(habits.intercept), "1"
    transformation.RescaleType = "HU"
    shared.PixelValueTransformationSequence = DicomSequence([transformation])
    for keyword, item in _technique_groups(scan.geometry, visit, series).items():
        setattr(shared, keyword, DicomSequence([item]))
    if series.phase in _CONTRAST_PHASES:
        usage = Dataset()
        usage.ContrastBolusAgentNumber = 1
        usage.ContrastBolusAgentAdministered = usage.ContrastBolusAgentDetected = "YES"
        usage.ContrastBolusAgentPhase = _CONTRAST_PHASES[series.phase]
        shared.ContrastBolusUsageSequence = DicomSequence([usage])
    return shared


def _agent(visit: Visit, series: CtSeries) -> Dataset:
    """The agent and its injection (Enhanced Contrast/Bolus, DICOM PS3.3 C.7.6.4b)."""
    agent = ct_habits(visit.vendor.key).agent
    item = code(agent.code)[0]
    item.ContrastBolusAgentNumber = 1
    item.ContrastBolusAdministrationRouteSequence = code(INTRAVENOUS)
    item.ContrastBolusIngredientCodeSequence = code(_IODINE)
    item.ContrastBolusVolume = decimal(agent.volume_ml)
    item.ContrastBolusIngredientConcentration = decimal(agent.iodine_mg_ml)
    item.ContrastBolusIngredientOpaque = "YES"
    profile = Dataset()
    profile.ContrastBolusVolume = decimal(agent.volume_ml)
    if series.injection is not None:
        duration = agent.volume_ml / agent.flow_ml_s
        profile.ContrastBolusStartTime = time_text(series.injection)
        profile.ContrastBolusStopTime = time_text(series.injection + dt.timedelta(seconds=duration))
        profile.ContrastFlowRate = decimal(agent.flow_ml_s)
        profile.ContrastFlowDuration = decimal(round(duration, 3))
    item.ContrastAdministrationProfileSequence = DicomSequence([profile])
    return item


def _technique_groups(grid: Geometry, visit: Visit, series: CtSeries) -> dict[str, Dataset]:
    """Functional groups of CT technique."""
    habits, tube = ct_habits(visit.vendor.key), technique(series)
    acquisition, details, table = Dataset(), Dataset(), Dataset()
    acquisition.AcquisitionType = "SPIRAL"
    acquisition.ConstantVolumeFlag = acquisition.FluoroscopyFlag = "NO"
    details.RotationDirection = "CW"
    details.RevolutionTime = tube.rotation_s
    details.SingleCollimationWidth, details.TotalCollimationWidth = tube.single_mm, tube.total_mm
    details.TableHeight, details.GantryDetectorTilt = float(habits.table["table_height"]), 0.0
    details.DataCollectionDiameter = 500.0
    feed = tube.pitch * tube.total_mm
    table.TableSpeed, table.TableFeedPerRotation = round(feed / tube.rotation_s, 3), round(feed, 3)
    table.SpiralPitchFactor = tube.pitch
    geometry, reconstruction, exposure, beam = Dataset(), Dataset(), Dataset(), Dataset()
    geometry.DistanceSourceToDetector, geometry.DistanceSourceToDataCollectionCenter = 1085.0, 595.0
    reconstruction.ReconstructionAlgorithm = "FILTER_BACK_PROJ"
    reconstruction.ConvolutionKernel = series.kernel[0]
    reconstruction.ConvolutionKernelGroup = "SOFT_TISSUE"
    reconstruction.ReconstructionDiameter = round(grid.extent_mm[2], 4)
    reconstruction.ReconstructionPixelSpacing = [float(v) for v in grid.spacing_mm[1:]]
    reconstruction.ImageFilter = "NONE"
    reconstruction.ReconstructionAngle = 360.0
    exposure.ExposureTimeInms, exposure.XRayTubeCurrentInmA = 1000 * tube.rotation_s, float(tube.current_ma)
    exposure.ExposureInmAs, exposure.CTDIvol = float(tube.exposure_mas), tube.ctdi_mgy
    exposure.CTDIPhantomTypeCodeSequence = code(BODY_PHANTOM)
    exposure.ExposureModulationType = "NONE"
    beam.KVP = tube.kvp
    beam.FocalSpots = 1.2
    beam.FilterType = "WEDGE"
    beam.FilterMaterial = "ALUMINUM"
    position, event = Dataset(), Dataset()
    position.TablePosition = 0.0
    position.ReconstructionTargetCenterPatient = [0.0, 0.0, 0.0]
    position.DataCollectionCenterPatient = [0.0, 0.0, 0.0]
    event.IrradiationEventUID = visit.uid("irradiation", series.acquisition, series.use)
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
