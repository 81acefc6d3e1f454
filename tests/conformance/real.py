#!/usr/bin/env python3
"""Prints conformance/real.txt, the cases of unit/test_real.c: a function, its arguments, and the nearest double to the
result, from decimal arithmetic of 90 digits. real.py 120 > real.txt"""
import random
import sys
from decimal import Decimal, getcontext
from fractions import Fraction

getcontext().prec, getcontext().Emax, getcontext().Emin = 90, 10**9, -(10**9)
random.seed(11)


def exact(x):
    fraction = Fraction(x)
    return Decimal(fraction.numerator) / Decimal(fraction.denominator)


FUNCTIONS = {
    "log": lambda x: exact(x).ln(),
    "log2": lambda x: exact(x).ln() / Decimal(2).ln(),
    "log10": lambda x: exact(x).ln() / Decimal(10).ln(),
    "exp2": lambda x: (exact(x) * Decimal(2).ln()).exp(),
    "pow": lambda x, y: (exact(y) * exact(x).ln()).exp(),
}


def wide():
    return random.uniform(1, 2) * 2.0 ** random.randint(-1000, 1000)


def ordinary():
    return random.uniform(1, 2) * 2.0 ** random.randint(-8, 8)


def near_1():
    return 1 + random.choice([-1, 1]) * random.uniform(0.5, 1) * 2.0 ** -random.randint(1, 50)


def arguments(name):
    if name == "pow":
        power = random.choice([random.uniform(-3, 3), float(random.randint(-64, 64)), random.randint(-9, 9) / 2])
        return random.choice([ordinary, near_1, wide])(), power
    if name == "exp2":
        small = random.uniform(-1, 1) * 2.0 ** -random.randint(1, 40)
        return (random.choice([random.uniform(-1000, 1000), random.uniform(-1, 1), small]),)
    return (random.choice([wide, ordinary, near_1])(),)


for function, compute in FUNCTIONS.items():
    for _ in range(int(sys.argv[1])):
        given = arguments(function)
        try:
            result = float(Fraction(compute(*given)))  # to nearest, ties to even
        except OverflowError:
            continue
        if abs(result) >= sys.float_info.min:
            print(function, *(number.hex() for number in given), result.hex())
