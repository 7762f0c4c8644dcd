/* Counts the k-mers of DNA sequences: each stretch of K letters, together with its reverse
   complement, since a read may come from either strand.
     kmers K FILE
   reads FASTA and writes "k-mer TAB count", sorted; of the two forms the one that sorts first.
   Stretches with a letter other than A, C, G, T (N: not known) do not count. */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct {
    uint64_t kmer; /* two bits a letter, the last letter lowest */
    uint64_t count; /* 0: this place is free */
} Entry;

static Entry *table; /* open addressing, linear probing */
static size_t places = 1 << 12, used;

static Entry *find(Entry *in, size_t size, uint64_t kmer) {
    size_t at = (kmer * 0x9e3779b97f4a7c15u) >> 20;
    for (;; at++) {
        Entry *entry = &in[at & (size - 1)];
        if (!entry->count || entry->kmer == kmer) return entry;
    }
}

static Entry *new_table(size_t size) {
    Entry *made = calloc(size, sizeof(Entry));
    if (!made) {
        fputs("not enough memory: use smaller parts, or raise the limit\n", stderr);
        exit(1);
    }
    return made;
}

static void grow(void) {
    Entry *larger = new_table(2 * places);
    for (size_t i = 0; i < places; i++)
        if (table[i].count) *find(larger, 2 * places, table[i].kmer) = table[i];
    free(table);
    table = larger;
    places *= 2;
}

static void count(uint64_t kmer) {
    Entry *entry = find(table, places, kmer);
    entry->kmer = kmer;
    if (entry->count++ == 0 && ++used > places / 2) grow();
}

static int code_of(int letter) {
    switch (letter | 32) {
        case 'a': return 0;
        case 'c': return 1;
        case 'g': return 2;
        case 't': return 3;
        default: return -1;
    }
}

static void read_fasta(FILE *file, int k) {
    uint64_t mask = ((uint64_t)1 << 2 * k) - 1, forward = 0, reverse = 0;
    int known = 0, line_begins = 1, in_header = 0, letter;
    while ((letter = getc(file)) != EOF) {
        if (line_begins && letter == '>') {
            in_header = 1;
            known = 0;
        }
        line_begins = letter == '\n';
        if (line_begins) in_header = 0;
        if (in_header || letter == '\n' || letter == '\r') continue;
        int code = code_of(letter);
        known = code < 0 ? 0 : known + 1;
        forward = (forward << 2 | (code & 3)) & mask;
        reverse = reverse >> 2 | (uint64_t)(3 - (code & 3)) << 2 * (k - 1);
        if (known >= k) count(forward < reverse ? forward : reverse);
    }
}

static int by_kmer(const void *a, const void *b) {
    uint64_t x = ((const Entry *)a)->kmer, y = ((const Entry *)b)->kmer;
    return (x > y) - (x < y);
}

static void write_sorted(int k) {
    size_t filled = 0;
    for (size_t i = 0; i < places; i++)
        if (table[i].count) table[filled++] = table[i];
    qsort(table, filled, sizeof *table, by_kmer);
    for (size_t i = 0; i < filled; i++) {
        char text[32] = {0};
        for (int j = 0; j < k; j++) text[j] = "ACGT"[table[i].kmer >> 2 * (k - 1 - j) & 3];
        printf("%s\t%" PRIu64 "\n", text, table[i].count);
    }
}

int main(int argc, char **argv) {
    int k = argc == 3 ? atoi(argv[1]) : 0;
    if (k < 1 || k > 31) {
        fputs("usage: kmers K FILE, K from 1 to 31\n", stderr);
        return 2;
    }
    FILE *file = fopen(argv[2], "r");
    if (!file) {
        perror(argv[2]);
        return 1;
    }
    table = new_table(places);
    read_fasta(file, k);
    write_sorted(k);
    return ferror(file) || fflush(stdout) ? 1 : 0;
}
