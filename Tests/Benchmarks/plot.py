"""Plots seconds against sockets on logarithmic scales, as SVG."""

import math

import targets

LINES = [
    ("list", "connreap list", "#0a7d33"),
    ("list --idle 1h", "connreap list --idle 1h", "#5cb85c"),
    ("lsof -nP -iTCP", "lsof -nP -iTCP", "#8a5a00"),
    ("ss -tnp", "ss -tnp", "#b3261e"),
    ("netstat -tanp", "netstat -tanp", "#7b3fa0"),
    ("ss -tn", "ss -tn (no owners)", "#666666"),
    (targets.DUMP_INFO, "floor: dump with tcp_info", "#1f6fb5"),
]
WIDTH, HEIGHT = 760, 440
LEFT, RIGHT, TOP, BOTTOM = 70, 230, 20, 50


class Scale:
    """Maps whole decades of values to a range of pixels."""

    def __init__(self, values, start, end):
        self.low = math.floor(math.log10(min(values)))
        self.high = max(math.ceil(math.log10(max(values))), self.low + 1)
        self.start, self.end = start, end

    def __call__(self, value):
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    @property
    def decades(self):
        return [10.0 ** power for power in range(self.low, self.high + 1)]


def label(value, unit=""):
    for size, suffix in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{suffix}{unit}"
    return f"{value:g}{unit}" if value >= 1 or not unit else f"{value * 1e3:g} m{unit.strip()}"


def points(loads, work):
    for size, load in loads.items():
        run = load["results"].get(work)
        if size != targets.SMALL and run and run["exit"] in ("0", "timeout"):
            yield load["sockets"], run["seconds"], run["exit"] == "timeout"


def svg(loads):
    curves = [(list(points(loads, work)), title, color) for work, title, color in LINES]
    curves = [curve for curve in curves if curve[0]]
    if not curves:
        return '<svg xmlns="http://www.w3.org/2000/svg"/>\n'
    every = [point for curve, _, _ in curves for point in curve]
    x = Scale([point[0] for point in every], LEFT, WIDTH - RIGHT)
    y = Scale([point[1] for point in every], HEIGHT - BOTTOM, TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
    ]
    for value in x.decades:
        parts.append(f'<path d="M{x(value):.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#ddd"/>')
        parts.append(f'<text x="{x(value):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">'
                     f'{label(value)}</text>')
    for value in y.decades:
        parts.append(f'<path d="M{LEFT} {y(value):.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end">'
                     f'{label(value, " s")}</text>')
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - 10}" '
                 'text-anchor="middle">TCP sockets</text>')
    for index, (curve, title, color) in enumerate(curves):
        path = "L".join(f"{x(sockets):.1f} {y(taken):.1f}" for sockets, taken, _ in curve)
        parts.append(f'<path d="M{path}" fill="none" stroke="{color}" stroke-width="2"/>')
        for sockets, taken, stopped in curve:
            fill = "white" if stopped else color
            parts.append(f'<circle cx="{x(sockets):.1f}" cy="{y(taken):.1f}" r="4" fill="{fill}" '
                         f'stroke="{color}"/>')
        top = TOP + 14 + 20 * index
        parts.append(f'<path d="M{WIDTH - RIGHT + 16} {top - 4}h18" stroke="{color}" '
                     'stroke-width="3"/>')
        parts.append(f'<text x="{WIDTH - RIGHT + 40}" y="{top}">{title}</text>')
    if any(stopped for _, _, stopped in every):
        top = TOP + 14 + 20 * len(curves)
        parts.append(f'<text x="{WIDTH - RIGHT + 16}" y="{top}">○ stopped</text>')
    return "\n".join(parts + ["</svg>", ""])
