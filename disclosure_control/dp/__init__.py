"""The differentially private track: calibrated noise, then suppression of the noisy value."""
