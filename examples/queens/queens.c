/* Counts the ways to place N queens on an N x N board so that none attacks another, with the
   queen of the first row in one given column.
     queens N COLUMN
   writes "solutions TAB count". Backtracking on bit masks (Richards 1997). */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* `taken`: columns with a queen. `left`, `right`: squares of this row attacked on diagonals. */
static uint64_t count(uint32_t all, uint32_t taken, uint32_t left, uint32_t right) {
    if (taken == all) return 1;
    uint64_t found = 0;
    uint32_t free = all & ~(taken | left | right);
    while (free) {
        uint32_t queen = free & -free;
        free ^= queen;
        found += count(all, taken | queen, (left | queen) << 1, (right | queen) >> 1);
    }
    return found;
}

int main(int argc, char **argv) {
    int n = argc == 3 ? atoi(argv[1]) : 0, column = argc == 3 ? atoi(argv[2]) : -1;
    if (n < 1 || n > 24 || column < 0 || column >= n) {
        fputs("usage: queens N COLUMN, N from 1 to 24, COLUMN from 0 to N - 1\n", stderr);
        return 2;
    }
    uint32_t queen = 1u << column;
    printf("solutions\t%" PRIu64 "\n", count((1u << n) - 1, queen, queen << 1, queen >> 1));
    return fflush(stdout) ? 1 : 0;
}
