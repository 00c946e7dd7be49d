/* What callgrind counts. It runs with --toggle-collect='ws_*': instructions outside the exported
 * functions never count, so a case may prepare and check what it likes. */
#ifndef COUNT_H
#define COUNT_H

#include <stdbool.h>

/* Between the two, the calls of a case count. */
void count_start(void);
void count_stop(void);

/* Counts one call, and has its result. */
#define COUNTED(call)                                                                  \
    __extension__({                                                                    \
        count_start();                                                                 \
        __typeof__(call) result_ = (call);                                             \
        count_stop();                                                                  \
        result_;                                                                       \
    })

/* The CPU time between the two. */
unsigned long long count_nanoseconds(void);

/* Runs a case and reports it under `label`. */
void count_run(const char *label, void (*run)(void *), void *argument);

/* Runs it without a report: a first call detects the processor. */
void count_nothing(const char *label, void (*run)(void *), void *argument);

/* Ends the program unless `ok`. */
#define CHECK(ok) check((ok), #ok)
void check(bool ok, const char *what);

#endif
