"""Faithfulness: whether the heat maps show what the network used, measured against blobs that ignore the photo.

`measure.measure` measures each photo, `report.write_report` summarises the results and writes the files of the study.
"""
