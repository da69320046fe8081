"""Models before they ship: made smaller or faster, with what that costs.

The steps are transforms of the room ``model``; here they are chosen, done, compared and measured.
"""
