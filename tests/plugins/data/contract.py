from contract_case import Case

CONTRACT = {
    "gaussians": Case(options={"count": 20}),
    "folder": Case(needs_files=True),
    "hdf5": Case(needs_files=True),
    "paired_folder": Case(needs_files=True),
}
