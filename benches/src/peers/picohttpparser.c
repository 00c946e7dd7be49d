/* The parser itself. It needs no shim, but build.rs compiles files of this folder. */

#include <picohttpparser.c>
