"""How a film is made of an order, and how far it is."""
