"""From predictions to what a person reads: steady activities, honest doubt, events and totals."""
