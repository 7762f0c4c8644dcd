"""What every package may use: amounts, text, settings, files, HTTP. It knows nothing of markets."""
