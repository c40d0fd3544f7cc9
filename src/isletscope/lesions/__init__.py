"""Foci on PET: detect, delineate, tell physiologic from tumour, quantify."""
