"""What Digit Lab is measured against, each set up as its own documentation recommends."""
