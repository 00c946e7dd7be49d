/* Standard streams that were closed before the program started. */
#ifndef STANDARD_STREAMS_H
#define STANDARD_STREAMS_H

#include <fcntl.h>
#include <stdlib.h>

/* A socket or a file would get the number of a closed stream, and with it what we
 * print. So the number is reserved, for a descriptor that can neither be read nor
 * written as that stream. */
static inline void reserve_standard_streams(void) {
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
            exit(1);
}

#endif
