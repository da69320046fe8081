"""Is this machine ready for a target?"""
