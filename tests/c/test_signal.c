/* A signal handler may call the function that it interrupts: calls share no state.
 * (Functions that allocate are as safe as the allocator.) */
#define _DEFAULT_SOURCE
#include "check.h"
#include "memory.h"
#include "samples.h"

#include <signal.h>
#include <string.h>
#include <sys/time.h>

static const struct reader *volatile reader;
static volatile sig_atomic_t signals, wrong;

/* Whether it has its usual result. */
static int is_right(const struct reader *r)
{
    unsigned char copy[512];

    memcpy(copy, r->sample, r->len);
    return r->run(copy, r->len) == r->want;
}

static void on_signal(int number)
{
    (void)number;
    signals++;
    wrong |= !is_right(reader);
}

int main(int argc, char **argv)
{
    /* valgrind takes long to deliver a signal. */
    const int enough = watched() ? 2 : 200;
    const int microseconds = watched() ? 20000 : 100;
    struct itimerval once;
    struct sigaction action;
    size_t i;

    (void)argc;
    memset(&once, 0, sizeof once);
    once.it_value.tv_usec = microseconds;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    reader = &readers[0];
    CHECK_EQ(sigaction(SIGALRM, &action, NULL), 0);
    for (i = 0; i < readers_len; i++) {
        check_case(readers[i].name, 0, 0);
        reader = &readers[i];
        signals = 0;
        while (signals < enough) {
            const sig_atomic_t before = signals;

            /* One that repeats leaves no time between two signals on a slow machine. */
            CHECK_EQ(setitimer(ITIMER_REAL, &once, NULL), 0);
            while (signals == before) {
                wrong |= !is_right(&readers[i]);
            }
        }
        CHECK(!wrong);
        wrong = 0;
    }
    return check_done(argv[0]);
}
