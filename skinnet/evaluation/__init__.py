"""Evaluation: from a table of predictions to every metric with its 95 % interval. No network, no image, no torch.

What other rooms use:
    scored_cases     `ScoredCases`, the table as arrays, by lesion (`by_lesion`) or by image (`by_image`)
    evaluate         `evaluate` and its result `Metrics`, all metrics of a table; `image_metrics` for training
    compare          `compare`, the paired comparison of two tables
    external_table   `read_external_table`, another network's CSV file
    bootstrap        `Estimate`, a value with its interval, and all that makes intervals
"""
