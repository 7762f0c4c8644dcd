/* Memory and branches: quicksort of pseudo-random numbers, several times. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static void sort(uint32_t *data, long low, long high) {
    while (low < high) {
        uint32_t pivot = data[(low + high) / 2];
        long left = low, right = high;
        while (left <= right) {
            while (data[left] < pivot) left++;
            while (data[right] > pivot) right--;
            if (left <= right) {
                uint32_t kept = data[left];
                data[left++] = data[right];
                data[right--] = kept;
            }
        }
        if (right - low < high - left) {
            sort(data, low, right);
            low = left;
        } else {
            sort(data, left, high);
            high = right;
        }
    }
}

int main(int argc, char **argv) {
    long size = argc > 1 ? atol(argv[1]) : 1000000;
    uint32_t *data = malloc(size * sizeof *data), state = 1, sum = 0;
    for (int round = 0; round < 5; round++) {
        for (long i = 0; i < size; i++) {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            data[i] = state;
        }
        sort(data, 0, size - 1);
        for (long i = 0; i < size; i += 1000) sum = sum * 31 + data[i];
    }
    printf("%u\n", sum);
    return 0;
}
