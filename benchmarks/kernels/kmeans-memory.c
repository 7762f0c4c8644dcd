/* k-means (Lloyd 1982) of random points that are made in memory. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { DIMENSIONS = 8, CLUSTERS = 32, ROUNDS = 12 };

typedef struct {
    double at[DIMENSIONS];
} Point;

static Point centers[CLUSTERS], sums[CLUSTERS];
static long counts[CLUSTERS];

static double distance(const Point *a, const Point *b) {
    double sum = 0;
    for (int i = 0; i < DIMENSIONS; i++) sum += (a->at[i] - b->at[i]) * (a->at[i] - b->at[i]);
    return sum;
}

static double assign(const Point *point) {
    double least = INFINITY;
    int nearest = 0;
    for (int i = 0; i < CLUSTERS; i++) {
        double there = distance(point, &centers[i]);
        if (there < least) {
            least = there;
            nearest = i;
        }
    }
    counts[nearest]++;
    for (int i = 0; i < DIMENSIONS; i++) sums[nearest].at[i] += point->at[i];
    return least;
}

static double one_round(const Point *points, long n) {
    double spread = 0;
    for (int i = 0; i < CLUSTERS; i++) {
        sums[i] = (Point){{0}};
        counts[i] = 0;
    }
    for (long i = 0; i < n; i++) spread += assign(&points[i]);
    for (int i = 0; i < CLUSTERS; i++)
        for (int d = 0; d < DIMENSIONS && counts[i]; d++)
            centers[i].at[d] = sums[i].at[d] / counts[i];
    return spread;
}

int main(int argc, char **argv) {
    long n = argc > 1 ? atol(argv[1]) : 60000;
    Point *points = malloc(sizeof *points * n);
    uint32_t state = 1;
    double spread = 0;
    for (long i = 0; i < n; i++)
        for (int d = 0; d < DIMENSIONS; d++) {
            state = state * 1664525 + 1013904223;
            points[i].at[d] = state / 4294967296.0;
        }
    for (int i = 0; i < CLUSTERS; i++) centers[i] = points[i];
    for (int i = 0; i < ROUNDS; i++) spread = one_round(points, n);
    printf("%.17g\n", spread);
    return 0;
}
