#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * A fuzz target without a fuzzer: each file named on the command line goes
 * through once. So the corpora are ordinary tests, with any compiler.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return 1;
    }
    size_t room = (size_t)1024 * 1024;
    uint8_t *data = malloc(room);
    size_t size = data != NULL ? fread(data, 1, room, file) : 0;
    (void)fclose(file);
    if (data == NULL || size == room) {
        (void)fprintf(stderr, "%s: too large\n", path);
        free(data);
        return 1;
    }
    /* a block of exactly that size, so that a byte read too far is seen */
    uint8_t *exact = realloc(data, size > 0 ? size : 1);
    (void)LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    return 0;
}

int main(int argc, char **argv)
{
    int failed = 0;
    for (int at = 1; at < argc; at++) {
        failed |= run_file(argv[at]);
    }
    (void)printf("%d inputs\n", argc - 1);
    return failed;
}
