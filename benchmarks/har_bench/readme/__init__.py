"""The figures and pictures of the READMEs."""
