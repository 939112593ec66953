# SPDX-License-Identifier: MIT
"""Bars of what compare.py measured, as SVG files that need nothing else."""
import os

COLOURS = {"bare": "#8a8f98", "redial": "#1f7a4d", "haproxy": "#c2642d", "nginx": "#4a6fb3"}
LEFT, TOP, WIDTH, BAR, GAP = 210, 64, 430, 9, 12


def text(x, y, what, size=12, anchor="start", colour="#333"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
            f'fill="{colour}">{what}</text>')


def bars(title, unit, rows, most=None):
    """ROWS: (name, {way: (value, low, high)}); a bar from 0 for each, with its spread as a line."""
    ways = [way for way in COLOURS if any(way in values for _, values in rows)]
    most = most or max(value[2] for _, values in rows for value in values.values()) * 1.05
    height = TOP + len(rows) * (len(ways) * BAR + GAP) + 30
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 70} {height}" '
           'font-family="sans-serif">',
           f'<title>{title}</title><rect width="100%" height="100%" fill="#fff"/>',
           text(10, 20, title, 15)]
    for number, way in enumerate(ways):
        x = 10 + number * 90
        out.append(f'<rect x="{x}" y="32" width="12" height="12" fill="{COLOURS[way]}"/>')
        out.append(text(x + 17, 42, way))
    for step in range(5):
        value = most * step / 4
        x = LEFT + WIDTH * step / 4
        out.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 8}" y2="{height - 26}" '
                   'stroke="#ddd"/>')
        out.append(text(x, height - 10, f"{value:.4g}{unit}", 10, "middle", "#666"))
    y = TOP
    for name, values in rows:
        out.append(text(LEFT - 8, y + len(ways) * BAR / 2 + 4, name, 11, "end"))
        for way in ways:
            if way in values:
                value, low, high = (min(part, most) for part in values[way])
                width = WIDTH * value / most
                out.append(f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR - 1}" '
                           f'fill="{COLOURS[way]}"/>')
                out.append(f'<line x1="{LEFT + WIDTH * low / most:.1f}" '
                           f'x2="{LEFT + WIDTH * high / most:.1f}" y1="{y + BAR / 2 - .5:.1f}" '
                           f'y2="{y + BAR / 2 - .5:.1f}" stroke="#000" stroke-opacity="0.55"/>')
                out.append(text(LEFT + max(width, WIDTH * high / most) + 4, y + BAR - 1,
                                f"{values[way][0]:.3g}", 9, colour="#555"))
            y += BAR
        y += GAP
    return "\n".join(out + ["</svg>", ""])


def column(told, key, chosen):
    rows = []
    for row in told:
        if not chosen(row):
            continue
        values = {}
        for way, numbers in row["ways"].items():
            low, high = numbers.get("spread", (0, 0)) if key == "ratio" else (numbers[key],) * 2
            if key in numbers:
                values[way] = (numbers[key], low, high)
        rows.append((row["name"], values))
    return rows


def write(told, folder):
    """throughput.svg, failures.svg, twice.svg and latency.svg into FOLDER, of what there are rows for.
    Of throughput nothing beyond one and a half of bare is drawn: a sidecar that takes over the TLS of
    a thousand connections does."""
    os.makedirs(folder, exist_ok=True)
    for row in told:
        for numbers in row["ways"].values():
            numbers["failed_percent"] = 100 * (1 - numbers["success"])
            numbers["twice_percent"] = 100 * numbers.get("doubled", 0) / max(1, numbers["answered"])
    small = [row for row in told if row["path"] == "/small"]
    pages = {
        "throughput.svg": ("GETs per second, as a share of bare (small responses)", "",
                           column(small, "ratio", lambda row: True), 1.5),
        "failures.svg": ("Requests that failed, in per cent (1 % of reused connections reset)",
                         " %", column(told, "failed_percent", lambda row: row["failing"]), None),
        "twice.svg": ("POSTs that the server read twice, in per cent (1 % of reused connections reset)",
                      " %", column(told, "twice_percent", lambda row: row["method"] == "POST"), None),
        "latency.svg": ("99th percentile of a small GET's time", " us",
                        column(small, "p99", lambda row: row["connections"] < 1000), None),
    }
    for name, (title, unit, rows, most) in pages.items():
        if rows:
            with open(os.path.join(folder, name), "w", encoding="ascii") as file:
                file.write(bars(title, unit, rows, most))
