"""Ways to render, one package each, imported only when they are used."""
