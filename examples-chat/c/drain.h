/* How a worker ends after SIGTERM.
 *
 * For --drain-delay all works, but /health responds with 503, so that load balancers
 * send nobody any more, and new WebSockets are refused. Then the worker stops to
 * listen, and closes its clients, spread over --drain-seconds, so that they do not all
 * reach the next process at once. A client whose message is being stored is closed
 * after the `ack`. */
#ifndef DRAIN_H
#define DRAIN_H

#include <stdbool.h>

struct worker;

/* Closes the clients whose time has come. */
void drain_step(struct worker *w);

/* Whether all is done, or --drain-timeout is over. */
bool drain_is_over(const struct worker *w);

#endif
