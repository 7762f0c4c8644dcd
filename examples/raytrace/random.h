/* PCG32 (O'Neill 2014), one stream for each pixel: a pixel's colour depends on nothing else. */
#ifndef RANDOM_H
#define RANDOM_H

#include <stdint.h>
#include "vector.h"

typedef struct { uint64_t state; } Random;

static inline uint32_t next(Random *r) {
    uint64_t old = r->state;
    r->state = old * 6364136223846793005u + 1442695040888963407u;
    uint32_t mixed = (uint32_t)(((old >> 18) ^ old) >> 27), turn = (uint32_t)(old >> 59);
    return mixed >> turn | mixed << (-turn & 31);
}

static inline Random seeded(uint64_t seed) {
    Random r = {seed * 0x9e3779b97f4a7c15u};
    next(&r);
    r.state += seed;
    next(&r);
    return r;
}

/* Uniform in [0, 1). */
static inline double uniform(Random *r) { return next(r) * 0x1p-32; }

/* Uniform in the unit disc, z = 0, never its centre. By rejection, because sine and cosine differ
   between libraries. */
static inline Vec in_disc(Random *r) {
    for (;;) {
        double x = 2 * uniform(r) - 1, y = 2 * uniform(r) - 1; /* arguments have no order */
        Vec p = vec(x, y, 0);
        if (dot(p, p) > 0 && dot(p, p) < 1) return p;
    }
}

/* Uniform on the unit sphere (Marsaglia 1972). */
static inline Vec on_sphere(Random *r) {
    Vec p = in_disc(r);
    double s = dot(p, p), k = 2 * sqrt(1 - s);
    return vec(p.x * k, p.y * k, 1 - 2 * s);
}

#endif
