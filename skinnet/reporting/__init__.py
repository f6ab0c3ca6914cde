"""Reporting: metrics as tables, figures, model card and report. It renders what others computed.

What other rooms use:
    release         `release`, a checkpoint from a training run
    publish         `publish`, everything published with a checkpoint, from its predictions
    report          `write_evaluation`, one evaluation as files
    metric_tables   the tables of an evaluation; `table` has the type `Table`
    captions        the sentences beside published numbers
    study_tables    `write_study` and `study_tables`, the tables of the studies
    plots           the figures
    data_report     `write_data_report`, a page about the data
"""
