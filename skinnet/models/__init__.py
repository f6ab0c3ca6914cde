"""The networks, and what the rest of the project may ask about one.

- `registry`: names, `build`, `normalisation`. Adding a network is one new file and one line in `NETWORKS`.
- `backbone`: `trunk`, `head`, `last_feature_layer` and `middle_layers` of a network.
- `committee`: several networks as one.
- `efficientnet_lite` (with `lite_weights`), `vision_transformer`, `torchvision_classifiers`: a file for each family.
"""
