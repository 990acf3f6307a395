"""One folder for each capability; `shipped.py` lists them in order."""
