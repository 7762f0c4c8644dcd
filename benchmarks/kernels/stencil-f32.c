/* Heat spreads over a plate: each point moves towards its four neighbours. */
#include <stdio.h>
#include <stdlib.h>

enum { SIZE = 512 };

int main(int argc, char **argv) {
    int steps = argc > 1 ? atoi(argv[1]) : 1200;
    float *now = calloc(SIZE * SIZE, sizeof *now), *next = calloc(SIZE * SIZE, sizeof *next);
    for (int i = 0; i < SIZE * SIZE; i++) now[i] = next[i] = (float)(i % 613) / 613;
    for (int step = 0; step < steps; step++) {
        for (int row = 1; row < SIZE - 1; row++)
            for (int column = 1; column < SIZE - 1; column++) {
                const float *at = now + row * SIZE + column;
                next[row * SIZE + column] =
                    *at + 0.2f * (at[-SIZE] + at[-1] + at[1] + at[SIZE] - 4 * *at);
            }
        float *kept = now;
        now = next;
        next = kept;
    }
    double sum = 0;
    for (int i = 0; i < SIZE * SIZE; i++) sum += now[i] * (i % 17);
    printf("%.17g\n", sum);
    return 0;
}
