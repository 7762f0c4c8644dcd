/* What an ordinary C program does with files, directories, time and random numbers: everything it
   sees is printed, so that results can be compared, and checked where the answer is known. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void check(const char *what, int ok) {
    if (!ok) {
        fprintf(stderr, "failed: %s (%s)\n", what, strerror(errno));
        exit(1);
    }
}

static void show(const char *path) {
    char line[64] = "";
    FILE *file = fopen(path, "r");
    check(path, file && fgets(line, sizeof line, file));
    printf("%s: %s", path, line);
    fclose(file);
}

static void list(const char *path) {
    DIR *folder = opendir(path);
    check(path, folder != NULL);
    for (struct dirent *entry; (entry = readdir(folder));) printf("%s/%s\n", path, entry->d_name);
    closedir(folder);
}

int main(int argc, char **argv) {
    for (int i = 0; i < argc; i++) printf("argument %s\n", argv[i]);
    printf("NAME=%s\n", getenv("NAME"));
    char line[64] = "";
    check("stdin", fgets(line, sizeof line, stdin) != NULL);
    printf("stdin: %s", line);

    show("inputs/data.csv");
    show("/inputs/data.csv");
    show("./inputs/../inputs/data.csv");
    check("no way out", !fopen("../../etc/passwd", "r"));
    check("no host files", !fopen("/etc/passwd", "r") && errno == ENOENT);

    check("mkdir", mkdir("out", 0777) == 0);
    FILE *file = fopen("out/a.txt", "w");
    fprintf(file, "one %d\n", 1);
    fclose(file);
    file = fopen("out/a.txt", "a");
    fprintf(file, "two %.3f\n", 2.0 / 3);
    check("append", ftell(file) == 16);
    fclose(file);
    file = fopen("out/a.txt", "r+");
    check("seek", fseek(file, -1, SEEK_END) == 0 && fgetc(file) == '\n');
    check("truncate", ftruncate(fileno(file), 6) == 0);
    fclose(file);
    struct stat status;
    check("stat", stat("out/a.txt", &status) == 0);
    printf("size %lld, modified %lld\n", (long long)status.st_size, (long long)status.st_mtime);
    check("symlink", symlink("out/a.txt", "link") == 0);
    show("link");
    check("rename", rename("out/a.txt", "out/b.txt") == 0 && !fopen("link", "r"));
    check("unlink", unlink("link") == 0);
    for (int i = 0; i < 40; i++) {
        char name[32];
        snprintf(name, sizeof name, "out/%d", i * 7919 % 40);
        fclose(fopen(name, "w"));
    }
    list("out");
    list(".");
    for (int i = 1; i < 40; i++) {
        char name[32];
        snprintf(name, sizeof name, "out/%d", i);
        check("remove", remove(name) == 0);
    }
    check("not empty", rmdir("out") == -1 && errno == ENOTEMPTY);

    time_t before = time(NULL);
    struct timespec nap = {3600, 0};
    nanosleep(&nap, NULL);
    check("sleep", time(NULL) - before == 3600);
    printf("%s", asctime(gmtime(&before)));
    unsigned char random[4];
    check("getentropy", getentropy(random, sizeof random) == 0);
    printf("random %02x%02x%02x%02x\n", random[0], random[1], random[2], random[3]);
    check("pipe", !isatty(1));

    char *big = malloc(20 << 20);
    check("malloc", big != NULL);
    memset(big, 1, 20 << 20);
    /* Compilers may drop a malloc that nobody looks at, and say it succeeded. */
    void *volatile bigger = malloc(1 << 30);
    check("too much", bigger == NULL);
    fprintf(stderr, "done\n");
    return 42;
}
