"""Tell animals' faces from people's."""

from s2v.face.arrays import Floats, Rgb


def is_animal(picture: Rgb, points: Floats) -> bool:
    """Tell whether the face under landmarks [478, 3] is surely an animal's."""
    return False
