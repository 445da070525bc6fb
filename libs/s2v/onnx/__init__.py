"""ONNX models: built, and given further outputs, without the onnx package."""
