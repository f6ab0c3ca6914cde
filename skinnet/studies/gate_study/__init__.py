"""Gate study: which pictures the gate turns away, how good the sets of possible diagnoses are, how stable a verdict is.

`study.fit_and_measure` fits the gate and the sets (`skinnet.training.fit_gate`, `fit_conformal`), measures both, and
writes gate.safetensors, gate.json, uncertainty.json, GATE.md and the printable tables.
"""
