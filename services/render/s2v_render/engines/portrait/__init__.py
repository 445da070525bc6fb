"""The engine `portrait`: animates a photograph on a CPU by bending it along a face mesh."""
