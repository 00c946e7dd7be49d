/* An application's own functions that happen to be called like ours. None of
 * them may ever run on our behalf. */
#include <stdio.h>
#include <stdlib.h>

#define F(name)                                                         \
    void name(void);                                                    \
    void name(void)                                                     \
    {                                                                   \
        fputs("the library called the application's " #name "\n",      \
              stderr);                                                 \
        abort();                                                        \
    }
#include "functions.def"
#undef F
