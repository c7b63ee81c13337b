"""From predictions to answers: steady activities, doubt, events and totals."""
