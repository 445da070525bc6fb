"""The gateway: takes media and jobs from clients, keeps them, and gives films back."""
