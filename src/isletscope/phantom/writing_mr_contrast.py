"""Contrast agent of an MR exam in DICOM headers, classic and enhanced."""

from __future__ import annotations

import datetime as dt

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from isletscope.phantom.mr_rule import MrRule
from isletscope.phantom.mr_sequences import Agent, MrImage, mr_protocol
from isletscope.phantom.visit import Visit
from isletscope.phantom.writing import code, decimal, time_text

_INTRAVENOUS = ("47625008", "SCT", "Intravenous route")


def is_enhanced(image: MrImage) -> bool:
    """Whether the agent was given before an image was made, be it meant to show or not."""
    return image.start_s > mr_protocol().injection_s


def volume_ml(agent: Agent, weight_kg: float) -> float:
    """Injected volume, to a tenth of a mL."""
    return round(agent.dose_mmol_kg * weight_kg / agent.mmol_ml, 1)


def injection_time(visit: Visit) -> dt.datetime:
    """When the contrast agent was injected."""
    return visit.scan_start + dt.timedelta(seconds=mr_protocol().injection_s)


def add_contrast(dataset: Dataset, visit: Visit, rule: MrRule, image: MrImage) -> None:
    """The Contrast/Bolus module of a classic image made after injection; none before."""
    if not is_enhanced(image):
        return
    agent = mr_protocol().agents[rule.agent]
    millilitres, start = volume_ml(agent, visit.person.weight_kg), injection_time(visit)
    dataset.ContrastBolusAgent = agent.name
    dataset.ContrastBolusAgentSequence = code(agent.code)
    dataset.ContrastBolusRoute = "IV"
    dataset.ContrastBolusVolume = dataset.ContrastBolusTotalDose = decimal(millilitres)
    dataset.ContrastBolusStartTime = time_text(start)
    dataset.ContrastBolusStopTime = time_text(start + dt.timedelta(seconds=millilitres / agent.flow_ml_s))
    dataset.ContrastFlowRate = decimal(agent.flow_ml_s)
    dataset.ContrastFlowDuration = decimal(round(millilitres / agent.flow_ml_s, 2))
    dataset.ContrastBolusIngredient = "GADOLINIUM"
    dataset.ContrastBolusIngredientConcentration = decimal(round(agent.mmol_ml * 157.25, 2))


def enhanced_agent(visit: Visit, rule: MrRule) -> DicomSequence:
    """Contrast/Bolus Agent Sequence of the Enhanced Contrast/Bolus module: one agent, one administration."""
    agent = mr_protocol().agents[rule.agent]
    start, millilitres = injection_time(visit), volume_ml(agent, visit.person.weight_kg)
    (item,) = code(agent.code)
    item.ContrastBolusAgentNumber = 1
    item.ContrastBolusAdministrationRouteSequence = code(_INTRAVENOUS)
    item.ContrastBolusIngredientCodeSequence = code(("58281002", "SCT", "Gadolinium"))
    item.ContrastBolusVolume = decimal(millilitres)
    item.ContrastBolusIngredientConcentration = decimal(agent.mmol_ml * 157.25)
    profile = Dataset()
    profile.ContrastBolusVolume = decimal(millilitres)
    profile.ContrastBolusStartTime = time_text(start)
    profile.ContrastBolusStopTime = time_text(start + dt.timedelta(seconds=millilitres / agent.flow_ml_s))
    profile.ContrastFlowRate = decimal(agent.flow_ml_s)
    profile.ContrastFlowDuration = decimal(round(millilitres / agent.flow_ml_s, 2))
    item.ContrastAdministrationProfileSequence = DicomSequence([profile])
    return DicomSequence([item])
