from contract_case import Case

RANDOM = {"name": "vgg16", "weights": "random"}

CONTRACT = {
    "gram_style": Case(options={"features": RANDOM, "layers": ["block1_conv2"]}),
    "perceptual": Case(options={"features": RANDOM, "layer": "block1_conv2"}),
    "lpips": Case(options={"features": RANDOM}),
}
