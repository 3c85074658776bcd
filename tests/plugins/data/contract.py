from contract_case import Case

CONTRACT = {
    "gaussians": Case(options={"count": 20}),
    "edge_pairs": Case(options={"of": {"name": "photos", "tile": 64}}),
    "folder": Case(needs_files=True),
    "from_python": Case(needs_files=True),
    "grey_pairs": Case(options={"of": {"name": "photos", "tile": 64}}),
    "hdf5": Case(needs_files=True),
    "image_pairs": Case(needs_files=True),
    "npz": Case(needs_files=True),
    "paired_folder": Case(needs_files=True),
    "side_by_side": Case(needs_files=True),
    "stacked": Case(options={"of": {"name": "digits"}, "count": 20}),
}
