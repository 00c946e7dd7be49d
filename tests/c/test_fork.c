/* After fork(), parent and children make different keys, and the connections that
 * they open have different masking keys. */
#define _DEFAULT_SOURCE
#include "check.h"
#include "wscodec.h"

#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KEYS = 8, MASK = 4, LEN = WS_KEY_LEN + MASK };

/* The masking key of the first frame of a new connection. */
static int make_mask(char mask[MASK])
{
    ws_conn *conn = ws_conn_new(WS_CLIENT, NULL);
    char out[14];
    ws_result n = ws_conn_send(conn, WS_OPCODE_PING, 0, NULL, 0, out, sizeof out);

    ws_conn_free(conn);
    if (n == 2 + MASK) {
        memcpy(mask, out + 2, MASK);
    }
    return n == 2 + MASK;
}

/* Each has a handshake key and a masking key. */
static int make(char keys[KEYS][LEN])
{
    int i;

    for (i = 0; i < KEYS; i++) {
        if (ws_make_key(keys[i], WS_KEY_LEN) != WS_KEY_LEN ||
            !make_mask(keys[i] + WS_KEY_LEN)) {
            return 0;
        }
    }
    return 1;
}

/* Whether neither half of the keys is the same. */
static int differ(const char *a, const char *b)
{
    return memcmp(a, b, WS_KEY_LEN) != 0 &&
           memcmp(a + WS_KEY_LEN, b + WS_KEY_LEN, MASK) != 0;
}

int main(int argc, char **argv)
{
    char keys[3][KEYS][LEN]; /* Of two children and of the parent. */
    char first[LEN];
    int child, i, j, a, b;

    (void)argc;
    memset(keys, 0, sizeof keys);
    /* Any state would now be inherited. */
    CHECK_EQ(ws_make_key(first, WS_KEY_LEN), WS_KEY_LEN);
    CHECK(make_mask(first + WS_KEY_LEN));
    for (child = 0; child < 2; child++) {
        int ends[2], status = -1;
        size_t got = 0;
        pid_t pid;

        CHECK_EQ(pipe(ends), 0);
        pid = fork();
        CHECK(pid >= 0);
        if (pid == 0) {
            char mine[KEYS][LEN];
            int ok = make(mine) &&
                     write(ends[1], mine, sizeof mine) == (ssize_t)sizeof mine;

            _exit(ok ? 0 : 1);
        }
        close(ends[1]);
        while (got < sizeof keys[child]) {
            ssize_t n = read(ends[0], (char *)keys[child] + got,
                             sizeof keys[child] - got);

            if (n <= 0) {
                break;
            }
            got += (size_t)n;
        }
        close(ends[0]);
        CHECK_EQ(got, sizeof keys[child]);
        CHECK_EQ(waitpid(pid, &status, 0), pid);
        CHECK_EQ(status, 0);
    }
    CHECK(make(keys[2]));
    for (i = 0; i < 3 * KEYS; i++) {
        for (j = 0; j < i; j++) {
            a = i / KEYS;
            b = j / KEYS;
            check_case("keys", (uintmax_t)i, (uintmax_t)j);
            CHECK(differ(keys[a][i % KEYS], keys[b][j % KEYS]));
        }
        CHECK(differ(keys[i / KEYS][i % KEYS], first));
    }
    return check_done(argv[0]);
}
