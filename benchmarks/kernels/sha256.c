/* Integers and rotations: a chain of SHA-256 blocks (FIPS 180-4; constants computed). */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint32_t k[64], start[8];

static uint32_t turn(uint32_t x, int by) { return x >> by | x << (32 - by); }

static uint32_t fraction(double x) { return (uint32_t)((x - floor(x)) * 4294967296.0); }

static void prepare(void) {
    for (int found = 0, n = 2; found < 64; n++) {
        int prime = 1;
        for (int d = 2; d * d <= n; d++) prime &= n % d != 0;
        if (!prime) continue;
        if (found < 8) start[found] = fraction(sqrt(n));
        k[found++] = fraction(cbrt(n));
    }
}

static void block(uint32_t *hash, const uint32_t *message) {
    uint32_t w[64], s[8];
    for (int i = 0; i < 16; i++) w[i] = message[i];
    for (int i = 16; i < 64; i++) {
        uint32_t a = w[i - 15], b = w[i - 2];
        w[i] = w[i - 16] + (turn(a, 7) ^ turn(a, 18) ^ a >> 3) + w[i - 7] +
               (turn(b, 17) ^ turn(b, 19) ^ b >> 10);
    }
    for (int i = 0; i < 8; i++) s[i] = hash[i];
    for (int i = 0; i < 64; i++) {
        uint32_t one = s[7] + (turn(s[4], 6) ^ turn(s[4], 11) ^ turn(s[4], 25)) +
                       ((s[4] & s[5]) ^ (~s[4] & s[6])) + k[i] + w[i];
        uint32_t two = (turn(s[0], 2) ^ turn(s[0], 13) ^ turn(s[0], 22)) +
                       ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
        for (int j = 7; j > 0; j--) s[j] = s[j - 1];
        s[4] += one;
        s[0] = one + two;
    }
    for (int i = 0; i < 8; i++) hash[i] += s[i];
}

int main(int argc, char **argv) {
    long blocks = argc > 1 ? atol(argv[1]) : 1000000;
    uint32_t hash[8], message[16] = {0};
    prepare();
    for (int i = 0; i < 8; i++) hash[i] = start[i];
    for (long i = 0; i < blocks; i++) {
        for (int j = 0; j < 8; j++) message[j] = hash[j];
        block(hash, message);
    }
    for (int i = 0; i < 8; i++) printf("%08x", hash[i]);
    printf("\n");
    return 0;
}
