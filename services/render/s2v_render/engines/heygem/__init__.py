"""The engine `heygem`: HeyGem and Duix-Avatar containers, asked over HTTP."""
