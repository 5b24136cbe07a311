"""The paged signal as a small SVG: share of bad requests over time, the onset marked."""

from bot.model.report import Report

WIDTH, HEIGHT = 600, 120


def svg(report: Report) -> str:
    """Numbers only, so nothing to escape; empty when there are fewer than two buckets."""
    points = [(point.at, point.bad / point.total) for point in report.chart if point.total > 0]
    if len(points) < 2:
        return ""
    first, last = points[0][0], points[-1][0]
    top = max(rate for _, rate in points) or 1.0
    across = WIDTH / ((last - first) or 1.0)
    line = " ".join(f"{(at - first) * across:.1f},{HEIGHT - rate / top * (HEIGHT - 10):.1f}" for at, rate in points)
    mark = ""
    if report.onset is not None:
        x = min(max((report.onset.at.timestamp() - first) * across, 0.0), float(WIDTH))
        mark = f'<line x1="{x:.1f}" y1="0" x2="{x:.1f}" y2="{HEIGHT}"/>'
    label = f"share of bad requests, at most {top:.1%}"
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}"><polyline points="{line}"/>{mark}</svg>'
