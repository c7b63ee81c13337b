"""How one person does the activities: learnt from labelled seconds, without training, and kept in a profile."""
