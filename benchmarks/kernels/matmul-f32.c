#define REAL float
#include "matmul.c"
