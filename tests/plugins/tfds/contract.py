from contract_case import Case

CONTRACT = {"tfds": Case(needs_files=True)}
