"""Organ masks and reference regions on PET/CT; knows nothing of tumours."""
