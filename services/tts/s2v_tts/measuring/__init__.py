"""What is measured on sound: where somebody speaks, how loud it is, how much noise is in it."""
