/* Counts the words of a text.
     wordcount FILE
   writes "word TAB count", sorted. A word is letters, in lower case, and apostrophes between them;
   bytes beyond ASCII (letters in UTF-8, mostly) are letters as they stand. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 100 }; /* bytes; what is longer is cut */

typedef struct {
    char *word; /* NULL: this place is free */
    unsigned long long count;
} Entry;

static Entry *table; /* open addressing, linear probing */
static size_t places = 1 << 12, used;

static void *or_fail(void *memory) {
    if (!memory) {
        fputs("not enough memory: use smaller parts, or raise the limit\n", stderr);
        exit(1);
    }
    return memory;
}

static Entry *find(Entry *in, size_t size, const char *word) {
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
    for (const char *c = word; *c; c++) hash = (hash ^ (uint8_t)*c) * 0x100000001b3u;
    for (size_t at = hash;; at++) {
        Entry *entry = &in[at & (size - 1)];
        if (!entry->word || !strcmp(entry->word, word)) return entry;
    }
}

static void grow(void) {
    Entry *larger = or_fail(calloc(2 * places, sizeof(Entry)));
    for (size_t i = 0; i < places; i++)
        if (table[i].word) *find(larger, 2 * places, table[i].word) = table[i];
    free(table);
    table = larger;
    places *= 2;
}

static void count(const char *word) {
    Entry *entry = find(table, places, word);
    if (!entry->word) entry->word = or_fail(strdup(word));
    if (entry->count++ == 0 && ++used > places / 2) grow();
}

static int is_letter(int c) { return (c >= 'a' && c <= 'z') || c >= 0x80; }

static void end_word(char *word, size_t *length) {
    while (*length && word[*length - 1] == '\'') --*length;
    word[*length] = 0;
    if (*length) count(word);
    *length = 0;
}

static void read_text(FILE *file) {
    char word[LONGEST + 1];
    size_t length = 0;
    int c;
    while ((c = getc(file)) != EOF) {
        if (c >= 'A' && c <= 'Z') c += 'a' - 'A';
        if (!is_letter(c) && !(c == '\'' && length)) end_word(word, &length);
        else if (length < LONGEST) word[length++] = (char)c;
    }
    end_word(word, &length);
}

static int by_word(const void *a, const void *b) {
    return strcmp(((const Entry *)a)->word, ((const Entry *)b)->word);
}

int main(int argc, char **argv) {
    FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
    if (!file) {
        fputs("usage: wordcount FILE, a file that can be read\n", stderr);
        return 2;
    }
    table = or_fail(calloc(places, sizeof(Entry)));
    read_text(file);
    size_t filled = 0;
    for (size_t i = 0; i < places; i++)
        if (table[i].word) table[filled++] = table[i];
    qsort(table, filled, sizeof *table, by_word);
    for (size_t i = 0; i < filled; i++) printf("%s\t%llu\n", table[i].word, table[i].count);
    return ferror(file) || fflush(stdout) ? 1 : 0;
}
