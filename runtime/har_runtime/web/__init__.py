"""What the live page and the phone receiver share: their server, and who may do what there."""
