/* The parser itself: it needs no shim, but a file here to be compiled from. */

#include <picohttpparser.c>
