/* A client says something.
 *
 * It is acknowledged once Redis has stored it. A message that was refused must not be
 * overtaken, since Redis takes a message with a lower seq than the last one for stored:
 * until it is said again, all with a greater seq are refused, too. */
#ifndef SAY_H
#define SAY_H

#include "client.h"
#include "message.h"

typedef struct say say;

void say_start(client *c, const say_message *m);

/* The client has gone. */
void say_cancel(say *s);

#endif
