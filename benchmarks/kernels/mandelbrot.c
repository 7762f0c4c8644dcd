/* Floating point in registers: points of the Mandelbrot set in a grid. */
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    int size = argc > 1 ? atoi(argv[1]) : 600, inside = 0;
    for (int row = 0; row < size; row++)
        for (int column = 0; column < size; column++) {
            double cr = 3.0 * column / size - 2.25, ci = 3.0 * row / size - 1.5;
            double zr = 0, zi = 0;
            int steps = 0;
            while (steps < 200 && zr * zr + zi * zi < 4) {
                double next = zr * zr - zi * zi + cr;
                zi = 2 * zr * zi + ci;
                zr = next;
                steps++;
            }
            inside += steps == 200;
        }
    printf("%d\n", inside);
    return 0;
}
