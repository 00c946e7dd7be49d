/* Functions of an application with the names of the library's. The library must
 * not call them. */
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
