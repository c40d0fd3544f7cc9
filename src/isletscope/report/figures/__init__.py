"""Pictures of the report: projections with named lesions, key slices, scale and colour bars."""
