"""How large the library is, why, and what was found: as text, JSON and a page."""
