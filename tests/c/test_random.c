/* The system's random bytes: cut, interrupted, or not to be had. This program
 * defines getrandom() for the whole process. */
#include "check.h"
#include "wscodec.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/types.h>

enum { ROOM = 64 };

static int interruptions;  /* How many calls are still interrupted. */
static size_t most;        /* The most bytes that a call writes. */
static int failure;        /* The error of every call; 0: none. */
static unsigned char next; /* The next byte that is written. */
static int calls;

ssize_t getrandom(void *out, size_t len, unsigned flags);

ssize_t getrandom(void *out, size_t len, unsigned flags)
{
    unsigned char *bytes = out;
    size_t i;

    CHECK_EQ(flags, 0);
    CHECK(++calls < 1000);
    if (calls >= 1000) { /* Ends a library that calls for ever. */
        exit(check_done("test_random"));
    }
    if (failure != 0 || interruptions > 0) {
        interruptions--;
        errno = failure != 0 ? failure : EINTR;
        return -1;
    }
    for (i = 0; i < len && i < most; i++) {
        bytes[i] = ++next;
    }
    return (ssize_t)i;
}

static void set(int with_interruptions, size_t with_most, int with_failure)
{
    interruptions = with_interruptions;
    most = with_most;
    failure = with_failure;
    next = 0;
    calls = 0;
}

/* The first 16 bytes in base64. */
static const char first_key[] = "AQIDBAUGBwgJCgsMDQ4PEA==";

static void test_all_bytes_are_from_the_system_however_they_come(void)
{
    size_t sizes[] = {1, 3, 15, 16, 256}, i;
    char key[WS_KEY_LEN];

    for (i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        check_case("bytes of a call", sizes[i], 0);
        set(0, sizes[i], 0);
        CHECK_EQ(ws_make_key(key, sizeof key), WS_KEY_LEN);
        CHECK_MEM(key, first_key, WS_KEY_LEN);
        set(3, sizes[i], 0);
        CHECK_EQ(ws_make_key(key, sizeof key), WS_KEY_LEN);
        CHECK_MEM(key, first_key, WS_KEY_LEN);
    }
}

static void test_failures_are_reported_and_the_call_may_be_repeated(void)
{
    int failures[] = {ENOSYS, EPERM, EFAULT};
    unsigned char out[ROOM];
    char key[WS_KEY_LEN];
    size_t i;

    for (i = 0; i < sizeof failures / sizeof *failures; i++) {
        ws_conn *conn = ws_conn_new(WS_CLIENT, NULL);
        check_case("errno", (uintmax_t)failures[i], 0);
        set(0, ROOM, failures[i]);
        CHECK_EQ(ws_make_key(key, sizeof key), WS_ERR_RANDOM);
        CHECK_EQ(calls, 1);
        CHECK_EQ(ws_conn_send(conn, WS_OPCODE_TEXT, 0, "hi", 2, out, ROOM),
                 WS_ERR_RANDOM);
        CHECK_EQ(ws_conn_close(conn, 1000, "", 0, out, ROOM), WS_ERR_RANDOM);
        CHECK_EQ(ws_conn_state(conn), WS_STATE_OPEN);
        set(0, ROOM, 0);
        CHECK_EQ(ws_conn_send(conn, WS_OPCODE_TEXT, 0, "hi", 2, out, ROOM), 8);
        ws_conn_free(conn);
    }
}

/* It would not end. */
static void test_no_bytes_without_an_error_are_a_failure(void)
{
    char key[WS_KEY_LEN];

    set(0, 0, 0);
    CHECK_EQ(ws_make_key(key, sizeof key), WS_ERR_RANDOM);
    CHECK_EQ(calls, 1);
}

/* Not more seldom: who learns a seed knows its keys. */
static void test_a_client_asks_the_system_once_for_896_frames(void)
{
    enum { FRAMES = 896 };
    ws_conn *conn = ws_conn_new(WS_CLIENT, NULL);
    unsigned char out[ROOM];
    int i;

    set(0, ROOM, 0);
    for (i = 0; i < 3 * FRAMES; i++) {
        check_case("frame", (uintmax_t)i, 0);
        CHECK_EQ(ws_conn_send(conn, WS_OPCODE_TEXT, 0, "hi", 2, out, ROOM), 8);
        CHECK_EQ(calls, 1 + i / FRAMES);
    }
    ws_conn_free(conn);
}

int main(void)
{
    test_all_bytes_are_from_the_system_however_they_come();
    test_failures_are_reported_and_the_call_may_be_repeated();
    test_no_bytes_without_an_error_are_a_failure();
    test_a_client_asks_the_system_once_for_896_frames();
    return check_done("test_random");
}
