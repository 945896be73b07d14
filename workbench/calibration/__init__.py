"""From images to histograms, and from histograms to decisions."""
