/* Gathers the tiles in parts/NNNNNN/stdout to one picture.
     png WIDTH HEIGHT FILE */
#include <stdio.h>
#include <stdlib.h>
#include "deflate.h"

static int read_tile(FILE *file, uint8_t *picture, int width, int height) {
    int left, top, columns, rows;
    if (fscanf(file, "%d %d %d %d", &left, &top, &columns, &rows) != 4 || fgetc(file) != '\n')
        return 0;
    if (left < 0 || top < 0 || columns < 1 || rows < 1 || left + columns > width ||
        top + rows > height)
        return 0;
    for (int y = top; y < top + rows; y++) {
        uint8_t *row = picture + 3 * ((size_t)y * width + left);
        if (fread(row, 3, columns, file) != (size_t)columns) return 0;
    }
    return 1;
}

static uint8_t paeth(int left, int up, int corner) {
    int guess = left + up - corner;
    int a = abs(guess - left), b = abs(guess - up), c = abs(guess - corner);
    return (uint8_t)(a <= b && a <= c ? left : b <= c ? up : corner);
}

/* What PNG compresses: each byte less a guess from its neighbours, a 4 before each row. */
static void filter(const uint8_t *picture, int width, int height, uint8_t *to) {
    int row = 3 * width;
    for (int y = 0; y < height; y++) {
        *to++ = 4;
        for (int i = 0; i < row; i++) {
            const uint8_t *at = picture + (size_t)y * row + i;
            int left = i >= 3 ? at[-3] : 0, up = y ? at[-row] : 0;
            *to++ = (uint8_t)(*at - paeth(left, up, i >= 3 && y ? at[-row - 3] : 0));
        }
    }
}

static uint8_t *put32(uint8_t *to, uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) *to++ = (uint8_t)(value >> shift);
    return to;
}

/* Completes a chunk whose type and data stand at `chunk` + 4, and writes it. */
static void write_chunk(FILE *file, uint8_t *chunk, uint32_t size) {
    uint32_t crc = ~0u;
    put32(chunk, size);
    for (uint32_t i = 4; i < size + 8; i++) {
        crc ^= chunk[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    put32(chunk + 8 + size, ~crc);
    fwrite(chunk, 1, size + 12, file);
}

static int write_png(const char *name, const uint8_t *picture, int width, int height) {
    size_t size = (size_t)height * (3 * width + 1);
    uint8_t *filtered = malloc(size), *data = malloc(2 * size + 2000);
    FILE *file = fopen(name, "wb");
    if (!filtered || !data || !file) return 0;
    fwrite("\x89PNG\r\n\x1a\n", 1, 8, file);
    uint8_t head[25] = "....IHDR........\x08\x02\0\0\0", end[12] = "....IEND";
    put32(put32(head + 8, width), height);
    write_chunk(file, head, 13);
    filter(picture, width, height, filtered);
    put32(data + 4, 0x49444154); /* IDAT */
    write_chunk(file, data, deflate(filtered, size, data + 8));
    write_chunk(file, end, 0);
    return fclose(file) == 0;
}

int main(int argc, char **argv) {
    int width = argc == 4 ? atoi(argv[1]) : 0, height = argc == 4 ? atoi(argv[2]) : 0;
    if (width < 1 || height < 1 || width > 16384 || height > 16384) {
        fputs("usage: png WIDTH HEIGHT FILE\n", stderr);
        return 2;
    }
    uint8_t *picture = calloc((size_t)width * height, 3);
    if (!picture) return 1;
    for (int i = 0;; i++) {
        char name[64];
        snprintf(name, sizeof name, "parts/%06d/stdout", i);
        FILE *file = fopen(name, "rb");
        if (!file) break;
        if (!read_tile(file, picture, width, height)) {
            fprintf(stderr, "%s is not a tile of this picture\n", name);
            return 1;
        }
        fclose(file);
    }
    return write_png(argv[3], picture, width, height) ? 0 : 1;
}
