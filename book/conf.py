"""Sphinx's settings. Whatever would be fetched from elsewhere by a reader's browser is switched off or replaced."""

from importlib.metadata import version as installed

from book.reference import as_restructured

project = "PEFT by hand"
author = "the course's authors"
version = installed("peft-by-hand")
copyright = "code: MIT; text and figures: CC BY 4.0"
language = "en"

extensions = [
    "myst_nb",  # notebooks and Markdown as pages
    "sphinx.ext.autodoc",  # the reference, from docstrings
    "sphinx.ext.napoleon",  # these are written in Google's form
    "book.mathml",  # equations that the browser itself sets
]

nb_execution_mode = "off"  # notebooks are shown as they are
nb_ipywidgets_js = {}  # else a page with a widget asks a CDN for its scripts
nb_merge_streams = True  # what a cell prints is one block
myst_enable_extensions = ["dollarmath", "colon_fence", "deflist"]
myst_heading_anchors = 3  # links to a section of a page
myst_links_external_new_tab = False

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True  # 1e-4 rather than 0.0001
python_maximum_signature_line_length = 80
add_module_names = False
napoleon_custom_sections = ["Shapes", "Shape", "Source", "Letters"]
napoleon_use_param = True
default_role = "code"  # docstrings quote names with single backticks, as Markdown does

# Furo, and not pydata or sphinx-book-theme: a quarter of a megabyte, without Bootstrap or icon fonts; dark mode that
# follows the system or a switch, a layout that folds on a phone, a style for print; no request leaves the folder.
html_theme = "furo"
html_title = "PEFT by hand"
html_static_path = ["look.css"]
html_css_files = ["look.css"]
html_show_sourcelink = False
html_copy_source = False  # the sources are generated
html_show_sphinx = False
html_show_search_summary = False  # summaries fetch pages, which a browser refuses for a folder that it opened itself
html_theme_options = {"navigation_with_keys": True}


def setup(app):
    """Read docstrings as they are meant, before napoleon makes fields of their sections."""

    def mend(app, what, name, thing, options, lines):
        lines[:] = as_restructured(lines)

    app.connect("autodoc-process-docstring", mend, priority=400)
