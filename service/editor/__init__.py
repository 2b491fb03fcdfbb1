"""The editors' pages: templates, styles and scripts."""
