"""Data sets: download, one table of all images with their splits, the cache of decoded images, batches."""

DEVELOPMENT = "train-and-val"
"""The partition for the last training, after all choices: no image is validated on."""
