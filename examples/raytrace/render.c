/* Path-traces one tile of a picture.
     render WIDTH HEIGHT SAMPLES TILE INDEX
   writes "X Y WIDTH HEIGHT\n" of the tile and its pixels, 3 bytes RGB each, by rows. */
#include <stdio.h>
#include <stdlib.h>
#include "scene.h"

enum { MAX_BOUNCES = 12 };
static const double NEAR = 1e-6, FAR = 1e30;

typedef struct { Vec origin, direction; } Ray; /* direction of length 1 */

typedef struct {
    double distance;
    Vec point, normal; /* the normal points out of the body, whichever side was hit */
    Material material;
} Hit;

static double meet_sphere(const Sphere *s, Ray ray) {
    Vec to = sub(s->centre, ray.origin);
    double along = dot(to, ray.direction);
    double inside = s->radius * s->radius - dot(to, to) + along * along;
    if (inside < 0) return FAR;
    double half = sqrt(inside);
    if (along - half > NEAR) return along - half;
    return along + half > NEAR ? along + half : FAR;
}

/* Index of the nearest sphere, -1 for the floor, -2 for the sky. */
static int nearest(Ray ray, double *distance) {
    int found = -2;
    *distance = FAR;
    if (ray.direction.y < 0 && -ray.origin.y / ray.direction.y > NEAR) {
        *distance = -ray.origin.y / ray.direction.y;
        found = -1;
    }
    for (int i = 0; i < sphere_count; i++) {
        double d = meet_sphere(&spheres[i], ray);
        if (d < *distance) {
            *distance = d;
            found = i;
        }
    }
    return found;
}

static int hits(Ray ray, Hit *hit) {
    int i = nearest(ray, &hit->distance);
    if (i == -2) return 0;
    hit->point = add(ray.origin, scale(ray.direction, hit->distance));
    if (i == -1) {
        hit->normal = vec(0, 1, 0);
        hit->material = floor_at(hit->point);
    } else {
        hit->normal = scale(sub(hit->point, spheres[i].centre), 1 / spheres[i].radius);
        hit->material = spheres[i].material;
    }
    return 1;
}

/* Light that comes straight from the lamp: in a random direction of the cone it fills. */
static Vec from_lamp(Vec point, Vec normal, Random *r) {
    Vec to = sub(lamp.centre, point), ahead = unit(to);
    Vec right = unit(cross(ahead, fabs(ahead.y) < 0.9 ? vec(0, 1, 0) : vec(1, 0, 0)));
    double edge = sqrt(1 - lamp.radius * lamp.radius / dot(to, to)); /* no body touches it */
    Vec p = in_disc(r);
    double share = dot(p, p), cosine = 1 - share * (1 - edge); /* share: uniform, as p is */
    double k = sqrt((1 - cosine * cosine) / share), distance;
    Vec aside = add(scale(right, p.x * k), scale(cross(right, ahead), p.y * k));
    Ray ray = {point, unit(add(scale(ahead, cosine), aside))};
    double here = dot(normal, ray.direction);
    if (here <= 0 || nearest(ray, &distance) != 0) return vec(0, 0, 0);
    return scale(lamp.material.colour, 2 * (1 - edge) * here);
}

static Vec mirrored(Vec d, Vec normal) { return sub(d, scale(normal, 2 * dot(d, normal))); }

/* Share of light that a surface mirrors (Schlick 1994). */
static double mirror_share(double cosine, double ratio) {
    double base = (1 - ratio) / (1 + ratio), c = 1 - cosine;
    base *= base;
    return base + (1 - base) * c * c * c * c * c;
}

static Vec through_glass(Vec d, Vec normal, Random *r) {
    double cosine = -dot(d, normal), ratio = 1 / 1.5;
    if (cosine < 0) {
        normal = scale(normal, -1);
        cosine = -cosine;
        ratio = 1.5;
    }
    double sine2 = ratio * ratio * (1 - cosine * cosine);
    if (sine2 >= 1) return mirrored(d, normal);
    double beyond = sqrt(1 - sine2);
    if (uniform(r) < mirror_share(ratio > 1 ? beyond : cosine, ratio)) return mirrored(d, normal);
    return add(scale(d, ratio), scale(normal, ratio * cosine - beyond));
}

static double bounded(double v, double most) { return v < most ? v : most; }

static Vec capped(Vec c, double most) {
    return vec(bounded(c.x, most), bounded(c.y, most), bounded(c.z, most));
}

/* The light that arrives along a ray. */
static Vec radiance(Ray ray, Random *r) {
    Vec light = vec(0, 0, 0), weight = vec(1, 1, 1);
    int asked_lamp = 0;  /* by the last surface, a matt one: what hits it now was counted */
    double most = 1e9;   /* light of glass and mirrors on matt surfaces is capped: too noisy */
    for (int bounce = 0; bounce < MAX_BOUNCES; bounce++) {
        Hit hit;
        if (!hits(ray, &hit)) return add(light, mul(weight, sky(ray.direction)));
        Material m = hit.material;
        if (m.kind == LAMP) {
            return asked_lamp ? light : add(light, mul(weight, capped(m.colour, most)));
        }
        Vec d = ray.direction, normal = hit.normal;
        ray.origin = hit.point;
        asked_lamp = 0;
        if (m.kind == GLASS) {
            ray.direction = unit(through_glass(d, normal, r));
            weight = mul(weight, m.colour);
        } else if (m.kind == METAL) {
            ray.direction = unit(add(mirrored(d, normal), scale(on_sphere(r), m.rough)));
            if (dot(ray.direction, normal) <= 0) return light;
            weight = mul(weight, m.colour);
        } else if (uniform(r) < mirror_share(fabs(dot(d, normal)), 1 / 1.5)) {
            ray.direction = mirrored(d, normal); /* the varnish on plastic */
        } else {
            weight = mul(weight, m.colour);
            light = add(light, mul(weight, from_lamp(hit.point, normal, r)));
            ray.direction = unit(add(normal, scale(on_sphere(r), 1 - 1e-9)));
            asked_lamp = 1;
            most = 1;
        }
    }
    return light;
}

/* A thin lens: what is at the distance of the glass sphere is sharp. */
static Ray through_lens(double x, double y, Random *r) {
    Vec eye = vec(0.6, 2.1, 7.2), target = vec(0.1, 0.78, 0.0);
    double lens = 0.07, sharp = 6.5, zoom = 2.45;
    Vec ahead = unit(sub(target, eye)), right = unit(cross(ahead, vec(0, 1, 0)));
    Vec up = cross(right, ahead), shift = scale(in_disc(r), lens);
    Vec on_lens = add(eye, add(scale(right, shift.x), scale(up, shift.y)));
    Vec way = add(scale(ahead, zoom), add(scale(right, x), scale(up, y)));
    Vec focus = add(eye, scale(way, sharp / zoom));
    return (Ray){on_lens, unit(sub(focus, on_lens))};
}

/* One channel from light to a byte: filmic curve (Narkowicz 2015), then close to sRGB's. */
static unsigned char developed(double v) {
    v *= 0.8;
    v = bounded(v * (2.51 * v + 0.03) / (v * (2.43 * v + 0.59) + 0.14), 1);
    double root = sqrt(v), fourth = sqrt(root), eighth = sqrt(fourth);
    v = 0.585122381 * root + 0.783140355 * fourth - 0.368262736 * eighth;
    return (unsigned char)(v <= 0 ? 0 : bounded(v * 255 + 0.5, 255));
}

static void pixel(int x, int y, int width, int height, int samples, unsigned char *rgb) {
    Random r = seeded((uint64_t)y << 32 | (uint32_t)x);
    Vec sum = vec(0, 0, 0);
    for (int i = 0; i < samples; i++) {
        double sx = (2 * (x + uniform(&r)) - width) / height;
        double sy = 1 - 2 * (y + uniform(&r)) / height;
        /* The cap leaves smooth edges around the lamp's reflections. */
        sum = add(sum, capped(radiance(through_lens(sx, sy, &r), &r), 4));
    }
    sum = scale(sum, 1.0 / samples);
    rgb[0] = developed(sum.x);
    rgb[1] = developed(sum.y);
    rgb[2] = developed(sum.z);
}

int main(int argc, char **argv) {
    int n[5];
    for (int i = 0; i < 5; i++) n[i] = i + 1 < argc ? atoi(argv[i + 1]) : 0;
    int width = n[0], height = n[1], samples = n[2], tile = n[3], index = n[4];
    int across = tile > 0 ? (width + tile - 1) / tile : 1;
    int left = index % across * tile, top = index / across * tile;
    if (argc != 6 || samples < 1 || tile < 1 || index < 0 || left >= width || top >= height) {
        fputs("usage: render WIDTH HEIGHT SAMPLES TILE INDEX, INDEX within the picture\n", stderr);
        return 2;
    }
    int columns = left + tile < width ? tile : width - left;
    int rows = top + tile < height ? tile : height - top;
    build_scene();
    printf("%d %d %d %d\n", left, top, columns, rows);
    for (int y = top; y < top + rows; y++)
        for (int x = left; x < left + columns; x++) {
            unsigned char rgb[3];
            pixel(x, y, width, height, samples, rgb);
            fwrite(rgb, 1, 3, stdout);
        }
    return fflush(stdout) ? 1 : 0;
}
