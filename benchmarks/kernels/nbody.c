/* Bodies that attract each other: short loops, square roots, divisions. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { BODIES = 5 };

typedef struct {
    double at[3], speed[3], mass;
} Body;

static Body bodies[BODIES];

static void attract(Body *a, Body *b, double step) {
    double way[3], square = 0;
    for (int i = 0; i < 3; i++) {
        way[i] = a->at[i] - b->at[i];
        square += way[i] * way[i];
    }
    double pull = step / (square * sqrt(square));
    for (int i = 0; i < 3; i++) {
        a->speed[i] -= way[i] * b->mass * pull;
        b->speed[i] += way[i] * a->mass * pull;
    }
}

static void advance(double step) {
    for (int i = 0; i < BODIES; i++)
        for (int j = i + 1; j < BODIES; j++) attract(&bodies[i], &bodies[j], step);
    for (int i = 0; i < BODIES; i++)
        for (int d = 0; d < 3; d++) bodies[i].at[d] += step * bodies[i].speed[d];
}

int main(int argc, char **argv) {
    long steps = argc > 1 ? atol(argv[1]) : 4000000;
    bodies[0].mass = 40;
    for (int i = 1; i < BODIES; i++) /* each on a nearly round way about the first */
        bodies[i] = (Body){{4 * i, 0, 0.1 * i}, {0, sqrt(40.0 / (4 * i)), 0}, 0.01 * i};
    for (long i = 0; i < steps; i++) advance(0.001);
    printf("%.17g %.17g\n", bodies[0].at[0], bodies[1].speed[1]);
    return 0;
}
