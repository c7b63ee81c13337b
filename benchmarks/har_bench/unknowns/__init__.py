"""How well unknown activities and placements are recognised as unknown."""
