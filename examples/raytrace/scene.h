/* What is in the picture: a floor (the plane y = 0), spheres on it, one of them a lamp, a sky. */
#ifndef SCENE_H
#define SCENE_H

#include "random.h"

typedef enum { PLASTIC, METAL, GLASS, LAMP } Kind;

typedef struct {
    Kind kind;
    Vec colour;      /* albedo; for LAMP its radiance */
    double rough;    /* METAL: 0 is a mirror */
} Material;

typedef struct {
    Vec centre;
    double radius;   /* negative: seen from inside, for the hollow in glass */
    Material material;
} Sphere;

enum { MAX_SPHERES = 96 };
static Sphere spheres[MAX_SPHERES];
static int sphere_count;
static const Sphere lamp = {{-4.5, 7.5, 4.0}, 1.5, {LAMP, {34, 28, 21}, 0}};

static void place(Vec centre, double radius, Kind kind, Vec colour, double rough) {
    if (sphere_count < MAX_SPHERES)
        spheres[sphere_count++] = (Sphere){centre, radius, {kind, colour, rough}};
}

static Vec hue(double h) { /* h in [0, 6) to a saturated, not too pure colour */
    double up = h - (int)h, down = 1 - up;
    Vec wheel[6] = {{1, up, 0}, {down, 1, 0}, {0, 1, up}, {0, down, 1}, {up, 0, 1}, {1, 0, down}};
    return mix(wheel[(int)h], vec(1, 1, 1), 0.12);
}

static int is_free(Vec centre, double radius) {
    for (int i = 0; i < sphere_count; i++) {
        Vec apart = sub(spheres[i].centre, centre);
        double least = spheres[i].radius + radius + 0.04;
        if (dot(apart, apart) < least * least) return 0;
    }
    return 1;
}

static void build_scene(void) {
    Vec white = vec(1, 1, 1);
    place(lamp.centre, lamp.radius, LAMP, lamp.material.colour, 0);
    place(vec(0, 1.1, 0), 1.1, GLASS, white, 0);
    place(vec(0, 1.1, 0), -0.98, GLASS, white, 0);
    place(vec(0, 0.62, 0), 0.42, METAL, vec(0.95, 0.45, 0.32), 0.05);
    place(vec(-2.35, 1.0, -0.9), 1.0, PLASTIC, vec(0.72, 0.06, 0.05), 0);
    place(vec(2.35, 1.0, -0.7), 1.0, METAL, vec(1.0, 0.78, 0.38), 0.03);
    place(vec(0.9, 1.35, -3.6), 1.35, METAL, vec(0.92, 0.94, 0.96), 0);
    place(vec(1.25, 0.5, 1.75), 0.5, GLASS, vec(0.75, 0.95, 0.86), 0);
    Random r = seeded(2026);
    for (int tries = 0; tries < 3000 && sphere_count < 72; tries++) {
        double radius = 0.12 + 0.22 * uniform(&r) * uniform(&r);
        double x = 9 * uniform(&r) - 4.5, z = 8 * uniform(&r) - 4;
        Vec centre = vec(x, radius, z);
        double kind = uniform(&r), h = 6 * uniform(&r);
        if (!is_free(centre, radius)) continue;
        if (kind < 0.62) place(centre, radius, PLASTIC, scale(mul(hue(h), hue(h)), 0.8), 0);
        else if (kind < 0.85) place(centre, radius, METAL, mix(hue(h), white, 0.5), 0.25 * kind);
        else place(centre, radius, GLASS, white, 0);
    }
}

static Material floor_at(Vec p) {
    int odd = ((int)floor(p.x * 0.9 + 0.25) + (int)floor(p.z * 0.9)) & 1;
    Vec dark = vec(0.05, 0.07, 0.11), light = vec(0.62, 0.6, 0.56);
    return (Material){PLASTIC, odd ? dark : light, 0};
}

static Vec sky(Vec direction) {
    double up = direction.y > 0 ? direction.y : 0, haze = 1 - up;
    haze *= haze * haze;
    Vec glow = mix(vec(0.035, 0.07, 0.2), vec(1.0, 0.52, 0.3), haze * haze);
    return scale(glow, 0.75);
}

#endif
