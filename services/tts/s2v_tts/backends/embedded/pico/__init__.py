"""Speak European languages with SVOX Pico, whose voices lie inside the wheel of py-nanotts."""
