"""What a model costs on this machine: latency, memory, energy."""
