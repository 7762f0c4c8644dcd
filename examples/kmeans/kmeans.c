/* One round of k-means (Lloyd 1982).
     kmeans assign FILE   what a task does: finds the nearest centroid of each point of its piece;
                          writes labels.txt and, to stdout, a line of sums for each cluster
     kmeans update        gathers: adds up the sums, writes centroids.csv, labels.txt, a report
   Centroids come from centroids.csv, one a line. Points are lines of as many numbers, whatever
   follows them; lines that begin otherwise, like headings, are left out. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CLUSTERS = 64, MAX_DIMENSIONS = 64, LINE = 8192 };

typedef struct {
    double count, spread; /* spread: sum of squared distances from the centroid */
    double centroid[MAX_DIMENSIONS], sum[MAX_DIMENSIONS];
} Cluster;

static Cluster clusters[MAX_CLUSTERS];
static int cluster_count, dimensions;

static void fail(const char *what, const char *why) {
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

static FILE *open_or_fail(const char *name, const char *mode) {
    FILE *file = fopen(name, mode);
    if (!file) fail(name, "can't be opened");
    return file;
}

/* As strtod, whose general way takes four times as long: of up to 15 digits and their power of ten
   a double holds both exactly, and one division rounds as it should. */
static double read_number(const char *text, char **end) {
    static const double powers[] = {1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    const char *at = text + (*text == '-');
    double value = 0;
    int digits = 0, after = 0;
    for (; *at >= '0' && *at <= '9'; digits++) value = value * 10 + (*at++ - '0');
    if (*at == '.')
        for (at++; *at >= '0' && *at <= '9'; digits++, after++) value = value * 10 + (*at++ - '0');
    if (!digits || digits > 15 || (*at != ',' && *at != '\n')) return strtod(text, end);
    *end = (char *)at;
    value /= powers[after];
    return *text == '-' ? -value : value;
}

static int read_numbers(const char *text, double *numbers, int most) {
    int count = 0;
    for (char *end; count < most; text = *end == ',' ? end + 1 : end) {
        numbers[count] = read_number(text, &end);
        if (end == text) break;
        count++;
    }
    return count;
}

static void read_centroids(void) {
    FILE *file = open_or_fail("centroids.csv", "r");
    char line[LINE];
    while (cluster_count < MAX_CLUSTERS && fgets(line, sizeof line, file)) {
        int count = read_numbers(line, clusters[cluster_count].centroid, MAX_DIMENSIONS);
        if (cluster_count++ && count != dimensions) fail("centroids.csv", "lines differ in length");
        dimensions = count;
    }
    if (!dimensions) fail("centroids.csv", "no centroid in it");
    fclose(file);
}

static double square_distance(const double *a, const double *b) {
    double sum = 0;
    for (int i = 0; i < dimensions; i++) sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sum;
}

static int assign_point(const double *point) {
    int best = 0;
    double least = INFINITY;
    for (int i = 0; i < cluster_count; i++) {
        double distance = square_distance(point, clusters[i].centroid);
        if (distance < least) {
            least = distance;
            best = i;
        }
    }
    clusters[best].count++;
    clusters[best].spread += least;
    for (int i = 0; i < dimensions; i++) clusters[best].sum[i] += point[i];
    return best;
}

static void print_numbers(FILE *file, const double *numbers, int count) {
    for (int i = 0; i < count; i++) fprintf(file, "%s%.17g", i ? "," : "", numbers[i]);
}

static void assign(const char *name) {
    read_centroids();
    FILE *file = open_or_fail(name, "r"), *labels = open_or_fail("labels.txt", "w");
    /* The C library's buffers of 1 KiB would make a call to the host for each of these 64. */
    static char in[1 << 16], out[1 << 16];
    setvbuf(file, in, _IOFBF, sizeof in);
    setvbuf(labels, out, _IOFBF, sizeof out);
    char line[LINE];
    while (fgets(line, sizeof line, file)) {
        double point[MAX_DIMENSIONS];
        if (read_numbers(line, point, dimensions) == dimensions)
            fprintf(labels, "%d\n", assign_point(point));
    }
    for (int i = 0; i < cluster_count; i++) {
        const Cluster *c = &clusters[i];
        print_numbers(stdout, &c->count, 1);
        putchar(',');
        print_numbers(stdout, &c->spread, 1);
        putchar(',');
        print_numbers(stdout, c->centroid, dimensions);
        putchar(',');
        print_numbers(stdout, c->sum, dimensions);
        putchar('\n');
    }
    fclose(file);
    if (fclose(labels)) fail("labels.txt", "can't be written");
}

/* Adds what task `part` found. 0 if there is no such task. */
static int add_part(int part) {
    char name[64], line[LINE];
    snprintf(name, sizeof name, "parts/%06d/stdout", part);
    FILE *file = fopen(name, "r");
    if (!file) return 0;
    for (cluster_count = 0; fgets(line, sizeof line, file); cluster_count++) {
        double numbers[2 + 2 * MAX_DIMENSIONS];
        int count = read_numbers(line, numbers, 2 + 2 * MAX_DIMENSIONS);
        if (count < 4 || cluster_count == MAX_CLUSTERS) fail(name, "not what a task writes");
        dimensions = count / 2 - 1;
        Cluster *c = &clusters[cluster_count];
        c->count += numbers[0];
        c->spread += numbers[1];
        memcpy(c->centroid, numbers + 2, dimensions * sizeof(double));
        for (int i = 0; i < dimensions; i++) c->sum[i] += numbers[2 + dimensions + i];
    }
    fclose(file);
    return 1;
}

static void copy_labels(int part, FILE *to) {
    char name[64];
    snprintf(name, sizeof name, "parts/%06d/files/labels.txt", part);
    FILE *file = open_or_fail(name, "r");
    for (int c; (c = getc(file)) != EOF;) putc(c, to);
    fclose(file);
}

static void update(void) {
    FILE *labels = open_or_fail("labels.txt", "w"), *file = open_or_fail("centroids.csv", "w");
    for (int part = 0; add_part(part); part++) copy_labels(part, labels);
    double spread = 0;
    for (int i = 0; i < cluster_count; i++) {
        Cluster *c = &clusters[i];
        spread += c->spread;
        /* The centroid of an empty cluster stays where it is. */
        for (int d = 0; d < dimensions && c->count; d++) c->centroid[d] = c->sum[d] / c->count;
        print_numbers(file, c->centroid, dimensions);
        putc('\n', file);
    }
    printf("inertia %.6f, points", spread);
    for (int i = 0; i < cluster_count; i++) printf(" %.0f", clusters[i].count);
    printf("\n");
    if (fclose(labels) || fclose(file)) fail("centroids.csv", "can't be written");
}

int main(int argc, char **argv) {
    if (argc == 3 && !strcmp(argv[1], "assign")) assign(argv[2]);
    else if (argc == 2 && !strcmp(argv[1], "update")) update();
    else {
        fputs("usage: kmeans assign FILE | kmeans update\n", stderr);
        return 2;
    }
    return fflush(stdout) ? 1 : 0;
}
