from contract_case import Case

RANDOM = {"name": "vgg16", "weights": "random"}

CONTRACT = {
    "perceptual": Case(options={"features": RANDOM, "layer": "block1_conv2"}),
    "lpips": Case(options={"features": RANDOM}),
}
