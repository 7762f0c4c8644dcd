/* A zlib stream (RFC 1950, 1951) of one block with a Huffman code of its own, without matches:
   the noise of a path-traced picture hardly repeats. */
#ifndef DEFLATE_H
#define DEFLATE_H

#include <stddef.h>
#include <stdint.h>

enum { END = 256, SYMBOLS = 257, LONGEST = 15 };

typedef struct {
    uint8_t *data;
    size_t size;
    uint64_t held; /* bits not yet written, lowest first */
    int count;
} Bits;

static void put(Bits *b, uint32_t value, int count) {
    b->held |= (uint64_t)value << b->count;
    for (b->count += count; b->count >= 8; b->count -= 8, b->held >>= 8)
        b->data[b->size++] = (uint8_t)b->held;
}

static int rarest(const uint32_t *weight, const int *parent, int count) {
    int found = -1;
    for (int i = 0; i < count; i++)
        if (weight[i] && parent[i] < 0 && (found < 0 || weight[i] < weight[found])) found = i;
    return found;
}

/* Lengths of a Huffman code; returns the longest. At least two symbols must occur. */
static int huffman(const uint32_t *often, uint8_t *length) {
    uint32_t weight[2 * SYMBOLS];
    int parent[2 * SYMBOLS], nodes = SYMBOLS, longest = 0;
    for (int i = 0; i < 2 * SYMBOLS; i++) parent[i] = -1;
    for (int i = 0; i < SYMBOLS; i++) weight[i] = often[i];
    for (;;) {
        int a = rarest(weight, parent, nodes);
        parent[a] = nodes; /* out of the second search */
        int b = rarest(weight, parent, nodes);
        if (b < 0) {
            parent[a] = -1;
            break;
        }
        parent[b] = nodes;
        weight[nodes++] = weight[a] + weight[b];
    }
    for (int i = 0; i < SYMBOLS; i++) {
        length[i] = 0;
        for (int at = i; parent[at] >= 0; at = parent[at]) length[i]++;
        if (length[i] > longest) longest = length[i];
    }
    return longest;
}

/* Canonical codes by length, as RFC 1951 3.2.2 says, but with the first bit lowest. */
static void number(const uint8_t *length, uint16_t *code) {
    uint32_t next = 0;
    for (int bits = 1; bits <= LONGEST; bits++, next <<= 1)
        for (int i = 0; i < SYMBOLS; i++)
            if (length[i] == bits) {
                code[i] = 0;
                for (int j = 0; j < bits; j++) code[i] |= (next >> j & 1) << (bits - 1 - j);
                next++;
            }
}

static uint32_t adler32(const uint8_t *data, size_t size) {
    uint32_t a = 1, b = 0;
    for (size_t i = 0; i < size; i++) {
        a = (a + data[i]) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16 | a;
}

/* Returns the size. `to` must have room for twice the size and 1,000 bytes. */
static size_t deflate(const uint8_t *data, size_t size, uint8_t *to) {
    static const uint8_t order[] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                    11, 4,  12, 3, 13, 2, 14, 1, 15};
    uint32_t often[SYMBOLS] = {[END] = 1};
    uint8_t length[SYMBOLS];
    uint16_t code[SYMBOLS];
    for (size_t i = 0; i < size; i++) often[data[i]]++;
    while (huffman(often, length) > LONGEST)
        for (int i = 0; i < SYMBOLS; i++) often[i] = (often[i] + 1) / 2;
    number(length, code);
    Bits b = {to, 0, 0, 0};
    put(&b, 0x0178, 16); /* zlib's header */
    put(&b, 1, 1);       /* the last block */
    put(&b, 2, 2);       /* with a code of its own */
    put(&b, SYMBOLS - 257, 5);
    put(&b, 0, 5); /* one distance, */
    put(&b, 15, 4);
    for (int i = 0; i < 19; i++) put(&b, order[i] < 16 ? 4 : 0, 3); /* lengths are 4 plain bits */
    for (int i = 0; i <= SYMBOLS; i++) {
        int value = i < SYMBOLS ? length[i] : 0; /* of no length: never used */
        for (int j = 3; j >= 0; j--) put(&b, value >> j & 1, 1);
    }
    for (size_t i = 0; i < size; i++) put(&b, code[data[i]], length[data[i]]);
    put(&b, code[END], length[END]);
    put(&b, 0, (8 - b.count) & 7);
    uint32_t check = adler32(data, size);
    for (int shift = 24; shift >= 0; shift -= 8) put(&b, check >> shift & 255, 8);
    return b.size;
}

#endif
