"""Which C and gamma suit a support vector machine that reads digits: python search.py [BUDGET]"""

import sys
from itertools import product

import suanli

COSTS = (0.1, 1.0, 10.0, 100.0)
GAMMAS = (0.0001, 0.001, 0.01)
FOLDS = 5


@suanli.function(packages=["sklearn"])
def score(cost, gamma, fold, folds):
    """How many of a fold's digits are read right by what learned from the others, in percent."""
    from sklearn.datasets import load_digits
    from sklearn.svm import SVC

    images, digits = load_digits(return_X_y=True)
    held = slice(fold, None, folds)
    machine = SVC(C=cost, gamma=gamma)
    kept = [n for n in range(len(digits)) if n % folds != fold]
    machine.fit(images[kept], digits[kept])
    return round(100 * machine.score(images[held], digits[held]), 4)


def main(budget=None):
    grid = list(product(COSTS, GAMMAS))
    calls = [(cost, gamma, fold, FOLDS) for cost, gamma in grid for fold in range(FOLDS)]
    market = suanli.connect() if budget else None
    executor = market.executor(budget) if market else suanli.local_executor()
    with executor:
        scores = list(executor.map(score, *zip(*calls, strict=True)))
    means = [sum(scores[FOLDS * n :][:FOLDS]) / FOLDS for n in range(len(grid))]
    for (cost, gamma), mean in zip(grid, means, strict=True):
        print(f"C {cost:5g}  gamma {gamma:6g}  {mean:6.2f} %")
    cost, gamma = grid[means.index(max(means))]
    print(f"best: C {cost:g}, gamma {gamma:g}")


if __name__ == "__main__":
    main(*sys.argv[1:])
