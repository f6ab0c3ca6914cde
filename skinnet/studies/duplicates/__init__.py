"""Duplicates: photos of one lesion that stand under different lesion ids.

`search.find_duplicates` compares all prepared images and writes `duplicates.csv` and a sheet of the best pairs.
"""
