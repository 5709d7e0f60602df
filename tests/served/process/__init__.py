"""The process as an operator has it: start, first words, signals, crashes, HTTP/2, the examples as written."""
