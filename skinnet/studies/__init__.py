"""Studies: measurements of a finished checkpoint, one file or folder each. Only the command line imports them.

What the command line uses:
    robustness      `measure_robustness`, on damaged photos and photos with artefacts
    lesion_hidden   `study.measure_lesion_hidden`, on photos without their lesion
    leave_out       `study.leave_out`, networks trained without a clinic or a diagnosis
    gate_study      `study.fit_and_measure`, the gate, the possible diagnoses and the stability of verdicts
    faithfulness    `measure.measure` and `report.write_report`, the heat maps
    duplicates      `search.find_duplicates`, photos of one lesion under different ids

`logits_cache` and `lesion_metrics` are shared. A new study is one file here that writes its data and calls
`skinnet.reporting.study_tables.write_study`, and one file in `skinnet/cli`: card, report and app then show its tables.
"""
