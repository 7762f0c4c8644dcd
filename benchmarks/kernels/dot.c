/* Dot products of all pairs of vectors: one sum in a register, each addition waits for the last. */
#include <stdio.h>
#include <stdlib.h>

static double dot(const double *a, const double *b, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

int main(int argc, char **argv) {
    int vectors = argc > 1 ? atoi(argv[1]) : 500, n = 2000;
    double *data = malloc(sizeof *data * vectors * n), total = 0;
    for (int i = 0; i < vectors * n; i++) data[i] = (double)(i % 613) / 613 - 0.4;
    for (int i = 0; i < vectors; i++)
        for (int j = 0; j <= i; j++) total += dot(data + i * n, data + j * n, n) / (i + j + 1);
    printf("%.17g\n", total);
    return 0;
}
