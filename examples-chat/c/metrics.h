/* The response of /metrics. */
#ifndef METRICS_H
#define METRICS_H

/* The content type of the text format of Prometheus. */
#define METRICS_TYPE "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"

/* Returns the figures of all threads, to be freed, or NULL if there is no memory. */
char *metrics_text(void);

#endif
