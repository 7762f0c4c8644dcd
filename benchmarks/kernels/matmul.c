/* A dense matrix product, row by row: each element of a times a row of b, added to a row. */
#include <stdio.h>
#include <stdlib.h>

#ifndef REAL
#define REAL double
#endif

int main(int argc, char **argv) {
    int n = argc > 1 ? atoi(argv[1]) : 800;
    REAL *a = malloc(sizeof *a * n * n), *b = malloc(sizeof *b * n * n);
    REAL *product = calloc((size_t)n * n, sizeof *product), sum = 0;
    for (int i = 0; i < n * n; i++) {
        a[i] = (REAL)(i % 613) / 613;
        b[i] = (REAL)(i % 419) / 419 - (REAL)0.5;
    }
    for (int row = 0; row < n; row++)
        for (int k = 0; k < n; k++) {
            REAL factor = a[row * n + k];
            for (int column = 0; column < n; column++)
                product[row * n + column] += factor * b[k * n + column];
        }
    for (int i = 0; i < n * n; i += 17) sum += product[i];
    printf("%.17g\n", sum);
    return 0;
}
