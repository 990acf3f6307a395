"""Second factors: what an account is proven by beside its first proof."""
