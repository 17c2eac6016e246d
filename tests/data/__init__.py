"""Files of the data sets, sound and damaged, on their way to the network."""
