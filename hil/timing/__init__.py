"""What a delay is, how sure we are of it, and whether it is within budget. Pure: columns in, verdicts out.

`journeys` pairs stamps into one way through the system per plot, `budget` says what each hop may take and why, `percentiles`
and `uncertainty` say how sure a figure is, `verdict` judges. Nothing here reads a clock, a file or a socket.
"""
