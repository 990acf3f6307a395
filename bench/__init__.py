"""The benchmark: Gatehouse beside its peers, as ratios from one interleaved run."""
