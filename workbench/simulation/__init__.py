"""The int8 network in NumPy: what each blob becomes, equal to ncnn to the bit."""
