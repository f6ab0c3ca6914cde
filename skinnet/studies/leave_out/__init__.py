"""Leave-out: networks trained without one clinic or one diagnosis, tested on exactly those photos.

`study.leave_out` trains, compares with the shipped network, and writes `clinics_left_out.csv`,
`diagnoses_left_out.csv` and their printable tables.
"""
