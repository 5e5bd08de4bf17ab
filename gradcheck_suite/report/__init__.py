"""Reports: grades and findings as text for a terminal and as pages to read."""
