"""How much of the score does not come from the lesion: photos with the lesion hidden, or everything else.

`study.measure_lesion_hidden` classifies the pictures of `pictures.hide_lesion`; `study.write_lesion_hidden` writes
`controls.csv` and its printable table.
"""
