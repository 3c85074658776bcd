from contract_case import Case

LOSSES = ["comparison 'sample'", "pair 'sample'"]

CONTRACT = {
    "gradnorm": Case(options={"losses": LOSSES, "layer": "dense"}),
    "uncertainty": Case(options={"losses": LOSSES}),
}
