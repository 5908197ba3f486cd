"""From image bytes to facial expressions: decode, detect faces, crop, classify. No Flask, no settings, no globals."""
