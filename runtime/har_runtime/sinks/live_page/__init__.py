"""The page of the `live:` sink: its server, its charts, and the HTML, CSS and JavaScript beside them.

Needs Bokeh and Tornado, so it is imported only once a `live:` sink is opened.
"""
