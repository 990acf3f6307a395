"""How Sphinx builds the documentation: `make docs`."""

project = "Gatehouse"
author = "The Gatehouse authors"
project_copyright = author

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = "Gatehouse"
html_copy_source = False
html_show_sphinx = False

# Headings get anchors as they have on code hosts, so that the same links work in both places.
myst_heading_anchors = 3
