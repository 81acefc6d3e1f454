"""The total of a model, and its dearest layer. pip install picojoule; python3 dearest.py MODEL"""
import sys

import picojoule

report = picojoule.analyze(sys.argv[1])
total = report.totals.energy_pj.total
dearest = max(report.layers, key=lambda layer: layer.energy_pj.total or 0)
print("%.3f uJ, of which %.1f %% in %s" % (total / 1e6, 100 * dearest.energy_pj.total / total, dearest.name))
