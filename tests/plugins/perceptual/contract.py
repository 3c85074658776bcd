import numpy as np
from contract_case import Case

RANDOM = {"name": "vgg16", "weights": "random"}
STYLED = {name: np.full((16, 16, 3), level, np.uint8) for level, name in enumerate(("image", "content", "style"))}

CONTRACT = {
    "gram_style": Case(options={"features": RANDOM, "layers": ["block1_conv2"]}),
    "moment_style": Case(options={"features": RANDOM, "layers": ["block1_conv2"]}),
    "perceptual": Case(options={"features": RANDOM, "layer": "block1_conv2"}),
    "lpips": Case(options={"features": RANDOM}),
    "style_distances": Case(
        options={"features": RANDOM, "content_layer": "block1_conv1", "style_layers": ["block1_conv2"]}, example=STYLED
    ),
}
