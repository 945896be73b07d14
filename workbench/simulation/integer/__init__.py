"""Full int8: scales through the whole graph, and every op that can in integers.

`wishes` finds which scale each blob is wanted in, `propagation` what it gets, `picture` draws it;
`weighted`, `ops` and `steps` compute with it, `tables` compares the schemes.
"""
