def line(text):
    type_, name, bottoms, tops, *words = text.split()
    middle = int(bottoms)
    return type_, name, words[:middle], words[middle : middle + int(tops)]


def size(count):
    return 4 + (2 * count + 3) // 4 * 4


def readers(graph, blob):
    found = []
    for layer in graph.consumers[blob]:
        if layer.type == "Split":
            found += [name for top in layer.tops for name in readers(graph, top)]
        else:
            found.append(layer.name)
    return sorted(set(found))


def before(graph, blob):
    layer = graph.producers[blob]
    return {layer.name}.union(*(before(graph, bottom) for bottom in layer.bottoms))


def one_split(graph, blob):
    found = set()
    for layer in graph.consumers[blob]:
        tops = layer.tops if layer.type == "Split" else ()
        found |= {reader.name for top in tops for reader in graph.consumers[top]} or {layer.name}
    return found


def twice(graph, blob):
    layers = graph.consumers[blob]
    return [
        name
        for layer in layers
        for name in (
            [n for top in layer.tops for n in twice(graph, top)]
            if layer.type == "Split"
            else [layer.name]
        )
    ]


def earlier(graph, blob):
    names = [layer.name for layer in graph.layers]
    return names[: names.index(graph.producers[blob].name) + 1]


RIGHT = {"line": line, "size": size, "readers": readers, "before": before}
WRONG = {
    "line": [
        lambda text: tuple(text.split()[:4]),
        lambda text: (*text.split()[:2], text.split()[4:5], text.split()[5:6]),
        lambda text: (*line(text)[:2], line(text)[3], line(text)[2]),
    ],
    "size": [
        lambda count: 4 + 2 * count,  # no padding
        lambda count: (2 * count + 3) // 4 * 4,  # no tag
        lambda count: 4 + 4 * count,  # 32 bits
        lambda count: 8 + 2 * count // 4 * 4,
    ],
    "readers": [
        lambda graph, blob: [layer.name for layer in graph.consumers[blob]],
        one_split,
        twice,
    ],
    "before": [
        lambda graph, blob: [graph.producers[blob].name],
        lambda graph, blob: before(graph, blob) - {graph.producers[blob].name},
        lambda graph, blob: [layer.name for layer in graph.layers],
        earlier,
    ],
}
