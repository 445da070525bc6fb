"""Speak by a server that is asked over HTTP: what Fish-Speech, HeyGem's and OpenAI's kind share."""
