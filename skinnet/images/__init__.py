"""Pictures: from a file to pixels, and everything that measures or changes pixels. No network.

What other rooms use:
    photo         `open_photo`, `to_input`, `display_photo`: the one route from a picture file to the network's input
    source, decode, colours   its stations: bytes, pixels, sRGB; jpeg, heif and dicom are kinds of files
    tensors       `pixels_to_tensor`, from pixels to float32 in [0, 1]
    quality       `find_faults`: too small, dark, bright, blurred, empty or without its colours
    corruptions   `CORRUPTIONS` of five strengths, and mild `ALTERATIONS`
    artefacts     `ARTEFACTS`: hair, rulers, dark corners, ink and bubbles, drawn on batches
    lesion_masks  `lesion_mask` of HAM10000, and `off_centre`
"""
