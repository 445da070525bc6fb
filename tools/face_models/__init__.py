"""The parts of `tools/convert_face_models.py`."""
