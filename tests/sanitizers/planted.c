/* Mistakes of a caller that the sanitizers must report inside the library: otherwise
 * its build is not instrumented. The argument is `overflow` or `race`. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <wscodec.h>

enum { LEN = 64 };

static const unsigned char key[4] = {1, 2, 3, 4};

static void *mask_often(void *data) {
    for (int i = 0; i < 1000; i++)
        ws_mask(data, LEN, key, 0);
    return NULL;
}

int main(int argc, char **argv) {
    int overflows = argc > 1 && strcmp(argv[1], "overflow") == 0;
    unsigned char *data = calloc(1, LEN - overflows);
    pthread_t thread;
    if (overflows)
        ws_mask(data, LEN, key, 0);
    else if (pthread_create(&thread, NULL, mask_often, data) == 0) {
        mask_often(data);
        pthread_join(thread, NULL);
    }
    free(data);
    return 0;
}
