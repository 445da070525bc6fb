"""Say what is written: numbers, formulas, dates, money and all that is no plain word."""
