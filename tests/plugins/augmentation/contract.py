from contract_case import Case

CONTRACT = {
    "ada": Case(options={"start": 0.5, "every": 2}, images_only=True),
    "consistency": Case(options={"fakes": True}, images_only=True),
    "diff_augment": Case(images_only=True),
}
