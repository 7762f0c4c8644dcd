/* The largest singular value of the matrix 1, 1/2, 1/3 … written along its diagonals, by powers. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static double element(int row, int column) {
    int diagonal = row + column;
    return 1.0 / (diagonal * (diagonal + 1) / 2 + row + 1);
}

static void multiply(int n, const double *in, double *out) {
    for (int i = 0; i < n; i++) {
        out[i] = 0;
        for (int j = 0; j < n; j++) out[i] += element(i, j) * in[j];
    }
}

static void multiply_transposed(int n, const double *in, double *out) {
    for (int i = 0; i < n; i++) {
        out[i] = 0;
        for (int j = 0; j < n; j++) out[i] += element(j, i) * in[j];
    }
}

int main(int argc, char **argv) {
    int n = argc > 1 ? atoi(argv[1]) : 2400;
    double *v = malloc(sizeof *v * n), *between = malloc(sizeof *v * n);
    double *next = malloc(sizeof *v * n), product = 0, square = 0;
    for (int i = 0; i < n; i++) v[i] = 1;
    for (int step = 0; step < 20; step++) {
        multiply(n, v, between);
        multiply_transposed(n, between, next);
        double *kept = v;
        v = next;
        next = kept;
    }
    for (int i = 0; i < n; i++) {
        product += v[i] * next[i];
        square += next[i] * next[i];
    }
    printf("%.12f\n", sqrt(product / square));
    return 0;
}
