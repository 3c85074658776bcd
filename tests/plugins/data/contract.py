from contract_case import Case

CONTRACT = {
    "gaussians": Case(options={"count": 20}),
    "folder": Case(needs_files=True),
    "from_python": Case(needs_files=True),
    "hdf5": Case(needs_files=True),
    "npz": Case(needs_files=True),
    "paired_folder": Case(needs_files=True),
    "stacked": Case(options={"of": {"name": "digits"}, "count": 20}),
}
